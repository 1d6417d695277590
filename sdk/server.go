package sdk

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// server carries the protocol's two calls to a Flow.
type server struct {
	flowv1.UnimplementedFlowServiceServer
	flow Flow
	once bool // serve one request, ever

	mu   sync.Mutex
	used bool
	done chan struct{} // closed when the running request ends; nil if none ran
}

// Describe answers with the flow's description.
func (s *server) Describe(context.Context, *flowv1.DescribeRequest) (_ *flowv1.DescribeResponse, err error) {
	defer recoverPanic(&err)
	return describeResponse(s.flow.Describe()), nil
}

// GetToken runs the flow for one request.
func (s *server) GetToken(stream grpc.BidiStreamingServer[flowv1.GetTokenRequest, flowv1.GetTokenResponse]) error {
	end, ok := s.begin()
	if !ok {
		return status.Error(codes.FailedPrecondition, "a flow serves one request, and this one has had it")
	}
	defer end()
	c, req, err := open(stream)
	if err != nil {
		return statusOf(err)
	}
	defer c.close()
	token, err := s.call(c, req)
	if err == nil {
		err = checkToken(token, time.Now())
	}
	if violation := c.violation(); violation != nil {
		return violation
	}
	if err != nil {
		return statusOf(err)
	}
	return c.send(&flowv1.GetTokenResponse{Message: &flowv1.GetTokenResponse_Token{Token: tokenMessage(token)}})
}

func (s *server) call(c *conversation, req *Request) (token *Token, err error) {
	defer recoverPanic(&err)
	return s.flow.GetToken(c.ctx, req, c)
}

// begin starts a request unless one is running or, for a process of its own, has
// run.
func (s *server) begin() (end func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used {
		return nil, false
	}
	s.used = true
	done := make(chan struct{})
	s.done = done
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.used = s.once
		close(done)
	}, true
}

// wait waits for the running request to end, for at most limit.
func (s *server) wait(limit time.Duration) {
	s.mu.Lock()
	done := s.done
	s.mu.Unlock()
	if done == nil {
		return
	}
	select {
	case <-done:
	case <-time.After(limit):
	}
}

// recoverPanic makes a panic the flow's failure. The panic's value may hold
// anything, a token among it, so only its type and where it happened are told.
func recoverPanic(err *error) {
	if v := recover(); v != nil {
		*err = status.Errorf(codes.Internal, "the flow panicked (%T) in %s", v, panicSite())
	}
}

// panicSite names the function and line that panicked.
func panicSite() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])])
	panicking := false
	for {
		f, more := frames.Next()
		if panicking && !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s, line %d", f.Function, f.Line)
		}
		panicking = panicking || f.Function == "runtime.gopanic"
		if !more {
			return "an unknown place"
		}
	}
}

package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// maxMessages bounds how many messages a flow may send in one conversation. A
// person would have gone after a tenth of it.
const maxMessages = 1000

// prepareMessages has protobuf build its tables of the messages that every
// conversation has, which it does when a process first sees one of them: while
// the flow starts there is time for that.
var prepareMessages = sync.OnceFunc(func() {
	_, _ = proto.Marshal(&flowv1.GetTokenRequest{Message: &flowv1.GetTokenRequest_Start{Start: &flowv1.Start{}}})
	for _, m := range []*flowv1.GetTokenResponse{
		{Message: &flowv1.GetTokenResponse_Interaction{Interaction: &flowv1.Interaction{Kind: &flowv1.Interaction_Notice{Notice: &flowv1.Notice{}}}}},
		{Message: &flowv1.GetTokenResponse_Token{Token: &flowv1.Token{Account: &flowv1.Account{}}}},
	} {
		b, err := proto.Marshal(m)
		if err == nil {
			_ = proto.Unmarshal(b, &flowv1.GetTokenResponse{})
		}
	}
})

func (s *session) describe(ctx context.Context) (*flowv1.DescribeResponse, error) {
	timeout := orDefault(s.launcher.DescribeTimeout, DefaultDescribeTimeout)
	callCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d, err := s.flow.Describe(callCtx, &flowv1.DescribeRequest{})
	if err != nil {
		s.awaitDeadline(callCtx, status.Code(err))
		if callCtx.Err() != nil && ctx.Err() == nil {
			return nil, s.fault(nil, "did not describe itself within %v", timeout)
		}
		return nil, s.callError(ctx, err, "to describe itself")
	}
	if err := checkDescription(d, s.name); err != nil {
		return nil, s.fault(nil, "%v", err)
	}
	if what := s.process.image.undeclared(d); what != "" {
		return nil, s.fault(nil, "has the %s, which its manifest does not declare", what)
	}
	return d, nil
}

func (s *session) getToken(ctx context.Context, start *flowv1.Start, in Interactor) (*flowv1.Token, error) {
	start = proto.CloneOf(start)
	start.HostPid = int64(os.Getpid())
	streamCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	stream, err := s.flow.GetToken(streamCtx)
	if err == nil {
		err = stream.Send(&flowv1.GetTokenRequest{Message: &flowv1.GetTokenRequest_Start{Start: start}})
	}
	if err != nil && !errors.Is(err, io.EOF) { // EOF: Recv tells why
		return nil, s.callError(ctx, err, "for a token")
	}
	c := &conversation{session: s, ctx: streamCtx, cancel: cancel, stream: stream, start: start, in: in, ids: make(map[uint64]bool)}
	token, err := c.run()
	c.endPrompt(err)
	var ended endedError
	switch {
	case err == nil:
		return token, nil
	case errors.As(context.Cause(streamCtx), &ended):
		return nil, ended.err
	case errors.As(err, &ended):
		return nil, ended.err
	}
	return nil, s.callError(ctx, err, "for a token")
}

// endedError is an end of the conversation that we decided: a violation of the
// protocol, or the Interactor's error.
type endedError struct{ err error }

func (e endedError) Error() string { return e.err.Error() }

// conversation is the state machine of one GetToken stream, host's end: start
// has been sent; interactions follow, one outstanding at a time; one token and
// the end of the stream conclude it.
type conversation struct {
	session *session
	ctx     context.Context // of the stream
	cancel  context.CancelCauseFunc
	stream  grpc.BidiStreamingClient[flowv1.GetTokenRequest, flowv1.GetTokenResponse]
	start   *flowv1.Start
	in      Interactor
	ids     map[uint64]bool
	prompt  *prompt // the last interaction; nil before the first
}

// prompt is an interaction that the Interactor has.
type prompt struct {
	end      context.CancelFunc // what it shows is no longer current
	answered chan struct{}      // closed before its result is sent
	done     chan struct{}      // closed when its goroutine is over
}

func (c *conversation) violation(format string, args ...any) error {
	return endedError{c.session.fault(nil, format, args...)}
}

// run reads to the end of the stream.
func (c *conversation) run() (*flowv1.Token, error) {
	for range maxMessages {
		m, err := c.stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil, c.violation("ended without a token")
		case err != nil:
			return nil, err
		}
		switch m := m.GetMessage().(type) {
		case *flowv1.GetTokenResponse_Interaction:
			if err := c.interact(m.Interaction); err != nil {
				return nil, err
			}
		case *flowv1.GetTokenResponse_Token:
			return c.conclude(m.Token)
		}
		// A message of a kind that is newer than this host is passed over.
	}
	return nil, c.violation("sent %d messages without coming to an end", maxMessages)
}

// conclude checks the token and that nothing follows it.
func (c *conversation) conclude(t *flowv1.Token) (*flowv1.Token, error) {
	if err := checkToken(t, c.start, time.Now()); err != nil {
		return nil, c.violation("%v", err)
	}
	timeout := orDefault(c.session.launcher.StopTimeout, DefaultStopTimeout)
	late := time.AfterFunc(timeout, func() { c.cancel(c.violation("did not end the stream after its token")) })
	defer late.Stop()
	switch _, err := c.stream.Recv(); {
	case err == nil:
		return nil, c.violation("sent another message after its token")
	case errors.Is(err, io.EOF):
		return t, nil
	default:
		return nil, err
	}
}

// interact hands one interaction to the Interactor and lets a goroutine send the
// result, so that the stream's end is noticed while a person is thinking.
func (c *conversation) interact(i *flowv1.Interaction) error {
	var previous <-chan struct{}
	if c.prompt != nil {
		select {
		case <-c.prompt.answered:
		default:
			return c.violation("asks something while it is still waiting for an answer")
		}
		c.prompt.end()
		previous = c.prompt.done
	}
	known, err := checkInteraction(i, c.start.GetInteractionMode())
	if err != nil {
		return c.violation("%v", err)
	}
	if c.ids[i.GetId()] {
		return c.violation("used the interaction id %d twice", i.GetId())
	}
	c.ids[i.GetId()] = true

	ctx, end := context.WithCancel(c.ctx)
	c.prompt = &prompt{end: end, answered: make(chan struct{}), done: make(chan struct{})}
	go c.answer(ctx, c.prompt, i, known, previous)
	return nil
}

func (c *conversation) answer(ctx context.Context, p *prompt, i *flowv1.Interaction, known bool, previous <-chan struct{}) {
	defer close(p.done)
	result := &flowv1.InteractionResult{Id: i.GetId()}
	switch {
	case !known:
		result.Outcome = flowv1.Outcome_OUTCOME_UNSUPPORTED
	case c.in == nil:
		result.Outcome = flowv1.Outcome_OUTCOME_UNAVAILABLE
	default:
		outcome, value, err := c.in.Interact(ctx, i)
		if err != nil {
			c.cancel(endedError{fmt.Errorf("flow %s: %w", c.session.name, err)})
			return
		}
		result.Outcome, result.Value = outcome, value
	}
	if previous != nil {
		<-previous // gRPC wants one sender at a time
	}
	// Before Send: the flow may go on as soon as it has the answer.
	close(p.answered)
	// An error of Send is the stream's end, of which Recv knows more.
	_ = c.stream.Send(&flowv1.GetTokenRequest{Message: &flowv1.GetTokenRequest_Result{Result: result}})
}

// endPrompt takes back what is still shown and waits for its goroutine.
func (c *conversation) endPrompt(err error) {
	if c.prompt == nil {
		return
	}
	if err != nil {
		c.cancel(err) // first, so that the Interactor's own error does not hide it
	}
	c.prompt.end()
	<-c.prompt.done
}

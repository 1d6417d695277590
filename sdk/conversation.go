package sdk

import (
	"context"
	"errors"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// conversation is the state machine of one GetToken stream, flow's end: start
// comes first; each interaction that is sent gets one result before the next is
// sent; a token or a status ends it. A host that breaks these rules ends it too.
type conversation struct {
	stream grpc.BidiStreamingServer[flowv1.GetTokenRequest, flowv1.GetTokenResponse]
	ctx    context.Context
	cancel context.CancelCauseFunc
	mode   Mode

	turn   chan struct{} // holds one token: who takes it may ask
	sendMu sync.Mutex    // gRPC wants one sender at a time
	over   chan struct{} // closed when the host will send no more

	mu     sync.Mutex
	lastID uint64
	asked  *question // outstanding; nil if none
}

// question is an interaction that waits for its result.
type question struct {
	id     uint64
	result chan *flowv1.InteractionResult // holds one
}

// open reads start and begins a conversation.
func open(stream grpc.BidiStreamingServer[flowv1.GetTokenRequest, flowv1.GetTokenResponse]) (*conversation, *Request, error) {
	start, err := readStart(stream)
	if err != nil {
		return nil, nil, err
	}
	req, err := requestOf(start)
	if err != nil {
		return nil, nil, err
	}
	c := &conversation{stream: stream, mode: req.Mode, turn: make(chan struct{}, 1), over: make(chan struct{})}
	c.turn <- struct{}{}
	c.ctx, c.cancel = context.WithCancelCause(stream.Context())
	go c.read() // ends with the stream
	return c, req, nil
}

// readStart passes over messages of kinds that are newer than this SDK.
func readStart(stream grpc.BidiStreamingServer[flowv1.GetTokenRequest, flowv1.GetTokenResponse]) (*flowv1.Start, error) {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil, violated("the stream ended before start")
		}
		if err != nil {
			return nil, err
		}
		switch m := m.GetMessage().(type) {
		case *flowv1.GetTokenRequest_Start:
			return m.Start, nil
		case *flowv1.GetTokenRequest_Result:
			return nil, violated("a result came before start")
		}
	}
}

// violated is the status for a host that breaks the protocol.
func violated(what string) error {
	return status.Error(codes.InvalidArgument, "protocol violation: "+what)
}

// read takes what the host sends until the stream ends.
func (c *conversation) read() {
	defer close(c.over)
	for {
		m, err := c.stream.Recv()
		if err != nil {
			return
		}
		switch m := m.GetMessage().(type) {
		case *flowv1.GetTokenRequest_Start:
			c.cancel(violated("a second start"))
		case *flowv1.GetTokenRequest_Result:
			c.answer(m.Result)
		}
	}
}

// answer hands a result to who waits for it.
func (c *conversation) answer(r *flowv1.InteractionResult) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked == nil || c.asked.id != r.GetId() {
		c.cancel(violated("a result for an interaction that is not outstanding"))
		return
	}
	c.asked.result <- r
	c.asked = nil
}

// violation returns how the host broke the protocol, or nil.
func (c *conversation) violation() error {
	if cause := context.Cause(c.ctx); cause != nil && status.Code(cause) == codes.InvalidArgument {
		return cause
	}
	return nil
}

func (c *conversation) close() { c.cancel(nil) }

func (c *conversation) send(m *flowv1.GetTokenResponse) error {
	c.sendMu.Lock()
	defer c.sendMu.Unlock()
	return c.stream.Send(m)
}

// ask sends one interaction and waits for its result. If an earlier call was
// given up by its context, its result is waited for first.
func (c *conversation) ask(ctx context.Context, i *flowv1.Interaction) (string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.ctx, func() { cancel(context.Cause(c.ctx)) })()

	if c.mode == Never && i.GetNotice() == nil {
		return "", &Error{Reason: flowv1.ReasonInteractionRequired, Message: "a person is needed and may not be asked", Err: ErrUnavailable}
	}
	select {
	case <-c.turn:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	defer func() { c.turn <- struct{}{} }()
	if err := c.awaitEarlier(ctx); err != nil {
		return "", err
	}
	q := c.newQuestion()
	i.Id = q.id
	if err := c.send(&flowv1.GetTokenResponse{Message: &flowv1.GetTokenResponse_Interaction{Interaction: i}}); err != nil {
		return "", err
	}
	return c.await(ctx, q)
}

func (c *conversation) newQuestion() *question {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	c.asked = &question{id: c.lastID, result: make(chan *flowv1.InteractionResult, 1)}
	return c.asked
}

func (c *conversation) awaitEarlier(ctx context.Context) error {
	c.mu.Lock()
	earlier := c.asked
	c.mu.Unlock()
	if earlier == nil {
		return nil
	}
	select {
	case <-earlier.result:
		return nil
	case <-c.over:
		return c.hostLeft(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// await returns the text of a result that is done, or its outcome as an error.
func (c *conversation) await(ctx context.Context, q *question) (string, error) {
	var r *flowv1.InteractionResult
	select {
	case r = <-q.result:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-c.over:
		select {
		case r = <-q.result:
		default:
			return "", c.hostLeft(ctx)
		}
	}
	switch r.GetOutcome() {
	case flowv1.Outcome_OUTCOME_DONE:
		return r.GetValue(), nil
	case flowv1.Outcome_OUTCOME_DECLINED:
		return "", ErrDeclined
	case flowv1.Outcome_OUTCOME_UNSUPPORTED:
		return "", ErrUnsupported
	default: // an outcome that is newer than this SDK is no answer either
		return "", ErrUnavailable
	}
}

// hostLeft is the failure of an interaction whose result can no longer come: the
// stream is over, or the host closed its half of it.
func (c *conversation) hostLeft(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return ErrUnavailable
}

package host

import (
	"context"
	"sync"
)

// flights lets callers that ask for the same thing at the same time share one
// answer. The work belongs to none of them: a caller that gives up leaves it to
// the others, and the last one to leave ends it.
type flights struct {
	mu     sync.Mutex
	under  map[string]*flight
	closed bool
	all    sync.WaitGroup
}

type flight struct {
	done    chan struct{}
	waiting int
	cancel  context.CancelCauseFunc
	token   *Token
	err     error
}

// do returns the answer of the work under way for key, or starts it; joined says
// that it was under way. The work's context has ctx's values, but ends only when
// everyone has left.
func (f *flights) do(ctx context.Context, key string, work func(context.Context) (*Token, error)) (_ *Token, joined bool, _ error) {
	if ctx.Err() != nil {
		return nil, false, ended(context.Cause(ctx), ExitUnavailable)
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil, false, ended(ErrClosed, ExitOther)
	}
	c, joined := f.under[key]
	if !joined {
		c = f.start(ctx, key, work)
	}
	c.waiting++
	f.mu.Unlock()

	select {
	case <-c.done:
		return c.token, joined, c.err
	case <-ctx.Done():
	}
	f.mu.Lock()
	c.waiting--
	last := c.waiting == 0
	if last {
		f.forget(key, c) // who comes now starts anew
	}
	f.mu.Unlock()
	if !last {
		return nil, joined, ended(context.Cause(ctx), ExitUnavailable)
	}
	c.cancel(context.Cause(ctx))
	<-c.done // the terminal is tidy and the flow is gone
	return c.token, joined, c.err
}

// background begins work for which nobody waits, unless it is under way.
func (f *flights) background(ctx context.Context, key string, work func(context.Context)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.under[key]; ok || f.closed {
		return
	}
	f.start(ctx, key, func(ctx context.Context) (*Token, error) {
		work(ctx)
		return nil, nil
	})
}

// start begins the work. f.mu is held.
func (f *flights) start(ctx context.Context, key string, work func(context.Context) (*Token, error)) *flight {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	c := &flight{done: make(chan struct{}), cancel: cancel}
	if f.under == nil {
		f.under = make(map[string]*flight)
	}
	f.under[key] = c
	f.all.Go(func() {
		defer cancel(nil)
		c.token, c.err = work(ctx)
		f.mu.Lock()
		f.forget(key, c)
		f.mu.Unlock()
		close(c.done)
	})
	return c
}

func (f *flights) forget(key string, c *flight) {
	if f.under[key] == c {
		delete(f.under, key)
	}
}

// close ends all work and waits for it.
func (f *flights) close() {
	f.mu.Lock()
	f.closed = true
	for _, c := range f.under {
		c.cancel(ErrClosed)
	}
	f.mu.Unlock()
	f.all.Wait()
}

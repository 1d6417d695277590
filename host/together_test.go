package host_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// gate lets flows that have come wait until it is opened.
func gate(then behaviour) (do behaviour, open func()) {
	c := make(chan struct{})
	return func(ctx context.Context, start *flowv1.Start, in launch.Interactor) (*flowv1.Token, error) {
		select {
		case <-c:
			return then(ctx, start, in)
		case <-ctx.Done():
			return nil, fmt.Errorf("flow: %w", ctx.Err())
		}
	}, sync.OnceFunc(func() { close(c) })
}

// A token that is not there, or that has expired, is got once for all who ask.
func TestManyCallersOneLaunch(t *testing.T) {
	for name, expired := range map[string]bool{"none": false, "expired": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				h := w.host()
				launch, token := "browser IF_NEEDED", "token-1"
				if expired {
					if _, err := h.SignIn(t.Context(), host.TokenRequest{}); err != nil {
						t.Fatal(err)
					}
					w.launches()
					w.pass(hour)
					launch, token = "browser NEVER", "token-2"
				}
				var open func()
				w.flows["browser"], open = gate(signsIn("alice"))
				var all sync.WaitGroup
				for range 10_000 {
					all.Go(func() {
						tok, err := h.GetToken(t.Context(), host.TokenRequest{})
						if err != nil || tok.Secret.Reveal() != token {
							t.Errorf("got %v, %v", tok, err)
						}
					})
				}
				synctest.Wait() // all of them wait
				open()
				all.Wait()
				wantLaunches(t, w, launch)
			})
		})
	}
}

// Ten scopes, nobody signed in: the person is asked once, the others are served
// by the sign-in that results.
func TestManyScopesOnePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var open func()
		w.flows["browser"], open = gate(signsIn("alice"))
		h := w.host()
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				if _, err := h.GetToken(t.Context(), host.TokenRequest{Scopes: []string{fmt.Sprintf("https://r%d/.default", i)}}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		open()
		all.Wait()
		counts := map[string]int{}
		for _, l := range w.launches() {
			counts[l]++
		}
		want(t, "prompts", counts["browser IF_NEEDED"], 1)
		want(t, "renewals", counts["browser NEVER"], 9)
	})
}

func TestACallerThatLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var open func()
		w.flows["browser"], open = gate(signsIn("alice"))
		h := w.host()
		leaving, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, err := h.GetToken(leaving, host.TokenRequest{})
			want(t, "exit code of who left", code(err), host.ExitDeclined)
			want(t, "its context's error is wrapped", errors.Is(err, context.Canceled), true)
		})
		synctest.Wait()
		all.Go(func() {
			_, err := h.GetToken(t.Context(), host.TokenRequest{})
			want(t, "exit code of who stayed", code(err), 0)
		})
		synctest.Wait()
		leave()
		synctest.Wait()
		open()
		all.Wait()
		wantLaunches(t, w, "browser IF_NEEDED")
	})
}

// The last caller to leave ends the work, and returns when it has ended.
func TestTheLastCallerLeaves(t *testing.T) {
	for name, c := range map[string]struct {
		leave func(context.Context) (context.Context, context.CancelFunc)
		code  host.ExitCode
		is    error
	}{
		"cancelled": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Minute, cancel)
			return ctx, cancel
		}, host.ExitDeclined, context.Canceled},
		"too late": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Minute)
		}, host.ExitDeclined, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var over atomic.Bool
				w.flows["browser"] = func(ctx context.Context, _ *flowv1.Start, _ launch.Interactor) (*flowv1.Token, error) {
					<-ctx.Done()
					time.Sleep(time.Second) // the bubble's: a flow that cleans up
					over.Store(true)
					return nil, fmt.Errorf("flow: %w", ctx.Err())
				}
				ctx, cancel := c.leave(t.Context())
				defer cancel()
				_, err := w.host().GetToken(ctx, host.TokenRequest{})
				want(t, "exit code", code(err), c.code)
				want(t, "wraps", errors.Is(err, c.is), true)
				want(t, "the flow has ended", over.Load(), true)
			})
		})
	}
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.flows["browser"] = waits
		h := w.host()
		var all sync.WaitGroup
		all.Go(func() {
			_, err := h.GetToken(t.Context(), host.TokenRequest{})
			want(t, "closed", errors.Is(err, host.ErrClosed), true)
		})
		synctest.Wait()
		_ = h.Close()
		all.Wait()
		_, err := h.GetToken(t.Context(), host.TokenRequest{})
		want(t, "closed", errors.Is(err, host.ErrClosed), true)
	})
}

// Hosts that share a directory, as processes do, ask once.
func TestManyHostsOnePrompt(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t)
	var all sync.WaitGroup
	for range 8 {
		o := keys.Cheap("file", filepath.Join(dir, "key")).Options(filepath.Join(dir, "store"))
		o.Now = w.now
		w.Store = store.Open(o)
		h := w.host()
		all.Go(func() {
			tok, err := h.GetToken(t.Context(), host.TokenRequest{})
			if err != nil || tok.Secret.Reveal() != "token-1" {
				t.Errorf("got %v, %v", tok, err)
			}
		})
	}
	all.Wait()
	wantLaunches(t, w, "browser IF_NEEDED")
}

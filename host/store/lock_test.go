package store

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Each goroutine has its own Store, as a process would.
func TestLockAdmitsOneAtATime(t *testing.T) {
	f := newFixture(t)
	var inside, entered atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			s := Open(Options{Dir: f.dir, Keys: f.keys})
			for range 5 {
				unlock, err := s.Lock(t.Context(), ada.LockName())
				if err != nil {
					t.Error(err)
					return
				}
				entered.Add(1)
				if inside.Add(1) != 1 {
					t.Error("two at once")
				}
				inside.Add(-1)
				unlock()
			}
		})
	}
	all.Wait()
	if entered.Load() != 40 {
		t.Errorf("entered %d times", entered.Load())
	}
}

func TestLockIsCancelled(t *testing.T) {
	for name, dir := range map[string]string{"files": newFixture(t).dir, "memory": ""} {
		s := Open(Options{Dir: dir})
		unlock, err := s.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		others := []*Store{s}
		if dir != "" {
			others = append(others, Open(Options{Dir: dir}))
		}
		for _, o := range others {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			if _, err := o.Lock(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			free, err := o.Lock(t.Context(), "b")
			if err != nil {
				t.Errorf("%s: another name waits: %v", name, err)
				continue
			}
			free()
		}
		unlock()
		for _, o := range others {
			again, err := o.Lock(t.Context(), "a")
			if err != nil {
				t.Fatalf("%s: not free again: %v", name, err)
			}
			again()
		}
	}
}

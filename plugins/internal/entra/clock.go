package entra

import (
	"context"
	"time"
)

// Clock is the time that expiry is judged by and the way to wait. Tests inject
// one that does not wait.
type Clock interface {
	Now() time.Time
	// Sleep waits for d or returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return ctx.Err()
	}
}

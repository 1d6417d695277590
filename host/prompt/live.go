package prompt

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/authlatch/authlatch/host"
)

// live is the line that says that something is being waited for, and its
// goroutine.
type live struct {
	end  context.CancelFunc
	done chan struct{}
}

// begin shows the line until ctx ends or endLive is called. Ctrl-C cancels the
// sign-in. t.mu is held.
func (t *Terminal) begin(ctx context.Context, i host.Interaction, expires time.Time) {
	ctx, end := context.WithCancel(ctx)
	l := &live{end: end, done: make(chan struct{})}
	t.live = l
	interrupts, stopInterrupts := t.interrupts(os.Interrupt)
	fire, stopTick := t.tick()
	t.progress(expires)
	go func() {
		defer close(l.done)
		defer stopInterrupts()
		defer stopTick()
		defer t.erase()
		for {
			select {
			case <-ctx.Done():
				return
			case <-interrupts:
				if i.Cancel != nil {
					i.Cancel()
				}
				return
			case <-fire:
				if t.Style.Control {
					t.erase()
					t.progress(expires)
				}
			}
		}
	}()
}

// endLive takes the line back. t.mu is held.
func (t *Terminal) endLive() {
	if t.live != nil {
		t.live.end()
		<-t.live.done
		t.live = nil
	}
}

// progress writes the line; where it cannot be changed later, as one of its own.
func (t *Terminal) progress(expires time.Time) {
	text := "Waiting for you to finish there; Ctrl-C cancels."
	if !expires.IsZero() {
		left := max(0, expires.Sub(t.now())).Round(time.Second)
		text = fmt.Sprintf("Waiting; the code is good for %d:%02d; Ctrl-C cancels.", int(left.Minutes()), int(left.Seconds())%60)
	}
	if !t.Style.Control {
		t.lines(text)
		return
	}
	if width, _ := t.Device.Size(); width > 0 && len(text)+2 >= width {
		text = text[:max(0, width-3)] // a wrapped line cannot be erased
	}
	t.print("  ", text)
}

// erase empties the current line.
func (t *Terminal) erase() {
	if t.Style.Control {
		t.print("\r\x1b[K")
	}
}

func (t *Terminal) tick() (<-chan time.Time, func()) {
	if t.Tick != nil {
		return t.Tick()
	}
	ticker := time.NewTicker(time.Second)
	return ticker.C, ticker.Stop
}

// interrupts watches signals. Whoever else watches them hears of them too.
func (t *Terminal) interrupts(which ...os.Signal) (<-chan struct{}, func()) {
	if t.Interrupts != nil {
		return t.Interrupts()
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, which...)
	ctx, cancel := context.WithCancel(context.Background())
	c, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		select {
		case <-signals:
			close(c)
		case <-ctx.Done():
		}
	}()
	return c, func() {
		signal.Stop(signals)
		cancel()
		<-over
	}
}

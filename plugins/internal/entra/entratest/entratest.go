// Package entratest has what the tests of the Entra flows share: a clock that
// does not wait, and a prompter that follows a script and fails the test on
// anything that is not in it.
package entratest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/authlatch/authlatch/sdk"
)

// Clock is a clock that only Sleep moves. It is safe for concurrent use.
type Clock struct {
	// OnSleep, if set, is called with the time slept so far after each Sleep.
	OnSleep func(total time.Duration)

	mu     sync.Mutex
	now    time.Time
	sleeps []time.Duration
	total  time.Duration
}

// NewClock returns a clock that starts at the real time, because MSAL reads that.
func NewClock() *Clock { return &Clock{now: time.Now()} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep moves the clock and returns at once.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.now = c.now.Add(d)
	c.total += d
	c.sleeps = append(c.sleeps, d)
	total, hook := c.total, c.OnSleep
	c.mu.Unlock()
	if hook != nil {
		hook(total)
	}
	return ctx.Err()
}

// Sleeps returns what was slept so far.
func (c *Clock) Sleeps() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sleeps)
}

// Prompter follows a script. The zero value allows notices only.
type Prompter struct {
	T *testing.T
	// Inputs and Secrets are the answers by name.
	Inputs, Secrets map[string]string
	// OnDevice is called with a device authorization; nil fails the test.
	OnDevice func(sdk.DeviceAuthorization) error
	// OnURL is called with a URL to open; nil fails the test.
	OnURL func(url string) error
	// NoticeErr is what Notice returns.
	NoticeErr error

	Notices []string
	Asked   []string // names of inputs, in order
}

// Notice records the message.
func (p *Prompter) Notice(_ context.Context, message string) error {
	p.Notices = append(p.Notices, message)
	return p.NoticeErr
}

// OpenURL calls OnURL.
func (p *Prompter) OpenURL(_ context.Context, url, _ string) error {
	if p.OnURL == nil {
		p.T.Errorf("unexpected OpenURL(%q)", url)
		return sdk.ErrUnavailable
	}
	return p.OnURL(url)
}

// ShowDeviceAuthorization calls OnDevice.
func (p *Prompter) ShowDeviceAuthorization(_ context.Context, d sdk.DeviceAuthorization) error {
	if p.OnDevice == nil {
		p.T.Errorf("unexpected ShowDeviceAuthorization(%+v)", d)
		return sdk.ErrUnavailable
	}
	return p.OnDevice(d)
}

// Input answers from Inputs.
func (p *Prompter) Input(_ context.Context, name, _ string) (string, error) {
	p.Asked = append(p.Asked, name)
	v, ok := p.Inputs[name]
	if !ok {
		p.T.Errorf("unexpected Input(%q)", name)
		return "", sdk.ErrUnavailable
	}
	return v, nil
}

// Secret answers from Secrets.
func (p *Prompter) Secret(_ context.Context, name, _ string) (sdk.Secret, error) {
	p.Asked = append(p.Asked, name)
	v, ok := p.Secrets[name]
	if !ok {
		p.T.Errorf("unexpected Secret(%q)", name)
		return sdk.Secret{}, sdk.ErrUnavailable
	}
	return sdk.NewSecret(v), nil
}

// Confirm always fails the test: no flow here asks.
func (p *Prompter) Confirm(_ context.Context, message string) error {
	p.T.Errorf("unexpected Confirm(%q)", message)
	return sdk.ErrUnavailable
}

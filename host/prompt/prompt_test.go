package prompt_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/prompt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is a Device in memory: what was written, and lines to be read.
type screen struct {
	mu            sync.Mutex
	buf           bytes.Buffer
	width, height int
	lines         []string // what the person types; none left is a person who waits
	err           error    // instead of a line
	secrets       int
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) Size() (int, int) { return s.width, s.height }

func (s *screen) ReadLine(ctx context.Context, secret bool, ask func()) (string, error) {
	ask()
	if secret {
		s.secrets++
	}
	if s.err != nil {
		return "", s.err
	}
	if len(s.lines) == 0 {
		<-ctx.Done()
		return "", ctx.Err()
	}
	l := s.lines[0]
	s.lines = s.lines[1:]
	return l, nil
}

func (s *screen) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// quiet is a Terminal without clock and signals.
func quiet(s *screen) *prompt.Terminal {
	return &prompt.Terminal{
		Device: s,
		Now:    func() time.Time { return time.Unix(1_800_000_000, 0) },
		Tick:   func() (<-chan time.Time, func()) { return nil, func() {} },
		Interrupts: func() (<-chan struct{}, func()) {
			return nil, func() {}
		},
		Browse: func(context.Context, string) error { return nil },
	}
}

func ask(kind host.Kind) host.Interaction {
	return host.Interaction{Flow: "corp", Profile: "work", Tenant: "contoso.example", Kind: kind, Cancel: func() {}}
}

var device = host.DeviceAuthorization{
	UserCode: "ABCD-EFGH", VerificationURI: "https://idp.example/device", VerificationURIComplete: "https://idp.example/device?code=ABCD-EFGH",
	ExpiresOn: time.Unix(1_800_000_899, 0), Message: "Open https://idp.example/device and enter ABCD-EFGH.",
}

// What a person sees and does, and the answer.
func TestTerminal(t *testing.T) {
	cases := []struct {
		name   string
		kind   host.Kind
		screen screen
		change func(*prompt.Terminal)
		answer host.Answer
		shown  string
	}{
		{"a notice", host.Notice{Message: "first\nsecond\x1b[2J"}, screen{}, nil, host.Answer{Outcome: host.Done},
			"authlatch [corp] first\n  second\n"},
		{"a page", host.OpenURL{URL: "https://idp.example/authorize?a=b", Message: "Sign in"}, screen{}, nil, host.Answer{Outcome: host.Done}, `authlatch [corp] Opening idp.example in your browser.
authlatch [corp] Sign in
authlatch [corp] Your browser was opened to sign in to tenant contoso.example (profile work). If nothing is there, open this page:
  https://idp.example/authorize?a=b
  Continue only if you started this sign-in.
  Waiting for you to finish there; Ctrl-C cancels.
`},
		{"no browser", host.OpenURL{URL: "https://idp.example/authorize"}, screen{}, func(t *prompt.Terminal) {
			t.Browse = func(context.Context, string) error { return errors.New("this is an SSH session") }
		}, host.Answer{Outcome: host.Unavailable}, "authlatch [corp] Opening idp.example in your browser.\nauthlatch [corp] No browser can be opened here: this is an SSH session\n"},
		{"a device code", device, screen{}, nil, host.Answer{Outcome: host.Done}, `authlatch [corp] To sign in to tenant contoso.example (profile work), open this page on any device:
  https://idp.example/device
  and enter the code
  ABCD-EFGH
  Continue only if you started this sign-in.
  Waiting; the code is good for 14:59; Ctrl-C cancels.
`},
		{"text", host.Input{Name: "otp", Label: "One-time\ncode"}, screen{lines: []string{"123456"}}, nil,
			host.Answer{Outcome: host.Done, Value: host.NewSecret("123456")}, "authlatch [corp] One-time code: "},
		{"text without a label", host.Input{Name: "otp"}, screen{lines: []string{""}}, nil,
			host.Answer{Outcome: host.Done}, "authlatch [corp] otp: "},
		{"a secret", host.Input{Name: "password", Label: "Password", Secret: true}, screen{lines: []string{"s3cret"}}, nil,
			host.Answer{Outcome: host.Done, Value: host.NewSecret("s3cret")}, "authlatch [corp] Password: \n"},
		{"Ctrl-D", host.Input{Name: "otp"}, screen{err: io.EOF}, nil, host.Answer{Outcome: host.Declined}, "authlatch [corp] otp: \n"},
		{"nobody there", host.Input{Name: "otp"}, screen{err: prompt.ErrNobody}, nil, host.Answer{Outcome: host.Unavailable}, "authlatch [corp] otp: \n"},
		{"yes", host.Confirm{Message: "Sure?"}, screen{lines: []string{" Yes "}}, nil, host.Answer{Outcome: host.Done}, "authlatch [corp] Sure? [y/N] "},
		{"no", host.Confirm{Message: "Sure?"}, screen{lines: []string{""}}, nil, host.Answer{Outcome: host.Declined}, "authlatch [corp] Sure? [y/N] "},
		{"a kind from the future", nil, screen{}, nil, host.Answer{Outcome: host.Unsupported}, ""},
	}
	for i := range cases {
		c := &cases[i]
		t.Run(c.name, func(t *testing.T) {
			term := quiet(&c.screen)
			if c.change != nil {
				c.change(term)
			}
			got, err := term.Prompt(t.Context(), ask(c.kind))
			term.Finish()
			if err != nil || got != c.answer {
				t.Errorf("got %v %q, %v", got.Outcome, got.Value.Reveal(), err)
			}
			if c.screen.shown() != c.shown {
				t.Errorf("shown:\n%q\nwant:\n%q", c.screen.shown(), c.shown)
			}
		})
	}
}

// A code counts down until the next interaction, then its line goes.
func TestCountdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{width: 100, height: 50}
		term := quiet(s)
		term.Style = prompt.Style{Control: true}
		now := time.Unix(1_800_000_000, 0)
		fire := make(chan time.Time)
		term.Now = func() time.Time { return now }
		term.Tick = func() (<-chan time.Time, func()) { return fire, func() {} }
		if _, err := term.Prompt(t.Context(), ask(device)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			synctest.Wait()
			now = now.Add(time.Second)
			fire <- now
		}
		synctest.Wait()
		if _, err := term.Prompt(t.Context(), ask(host.Notice{Message: "done"})); err != nil {
			t.Fatal(err)
		}
		_, live, _ := strings.Cut(s.shown(), "started this sign-in.\n")
		const line, erase = "  Waiting; the code is good for 14:5", "\r\x1b[K"
		want := line + "9; Ctrl-C cancels." + erase + line + "8; Ctrl-C cancels." + erase + line + "7; Ctrl-C cancels." + erase + "authlatch [corp] done\n"
		if live != want {
			t.Errorf("got\n%q\nwant\n%q", live, want)
		}
	})
}

// What is shown goes when its context ends, without anybody asking.
func TestShownUntilTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &screen{width: 100, height: 50}
		term := quiet(s)
		term.Style.Control = true
		ctx, cancel := context.WithCancel(t.Context())
		if _, err := term.Prompt(ctx, ask(device)); err != nil {
			t.Fatal(err)
		}
		cancel()
		synctest.Wait()
		if !strings.HasSuffix(s.shown(), "\r\x1b[K") {
			t.Errorf("the line is still there: %q", s.shown())
		}
		if _, err := term.Prompt(ctx, ask(device)); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended: %v", err)
		}
	})
}

// Ctrl-C while a code is shown cancels the sign-in; while something is typed it
// ends the call.
func TestInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := quiet(&screen{})
		ctrlC := make(chan struct{})
		term.Interrupts = func() (<-chan struct{}, func()) { return ctrlC, func() {} }
		cancelled := false
		i := ask(device)
		i.Cancel = func() { cancelled = true }
		if _, err := term.Prompt(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		close(ctrlC)
		synctest.Wait()
		if !cancelled {
			t.Error("the sign-in goes on")
		}
		_, err := term.Prompt(t.Context(), ask(host.Input{Name: "otp"}))
		if !errors.Is(err, host.ErrCancelled) {
			t.Errorf("got %v", err)
		}
	})
}

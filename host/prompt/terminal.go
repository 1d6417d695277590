package prompt

import (
	"context"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// Device is a terminal as Terminal needs it. Open gives the real one.
type Device interface {
	io.Writer
	// Size is in characters; zero if it is not known.
	Size() (width, height int)
	// ReadLine calls ask, which shows the question, and returns one line without its
	// end; secret hides what is typed, from before ask is called. It returns when ctx
	// ends, with the terminal as it was before. io.EOF means that the person ended
	// the input instead, ErrNobody that none can be read. ask is called once more
	// when the process goes on after Ctrl-Z.
	ReadLine(ctx context.Context, secret bool, ask func()) (string, error)
}

// Style says what a terminal can show.
type Style struct {
	// Control: the cursor can be moved, so that a line may change.
	Control bool
	Color   bool
	Unicode bool
}

// Terminal shows interactions on a terminal and reads the answers there.
type Terminal struct {
	Device Device
	Style  Style
	// Browse opens an https page; an error means that no browser can be opened
	// here, and is shown.
	Browse func(ctx context.Context, url string) error
	// Now and Tick are the clock: Tick returns a channel that fires every second
	// until stop is called. nil is the real one.
	Now  func() time.Time
	Tick func() (fire <-chan time.Time, stop func())
	// Interrupts returns a channel on which Ctrl-C arrives until stop is called;
	// nil watches the process's signals.
	Interrupts func() (c <-chan struct{}, stop func())

	mu   sync.Mutex // one interaction at a time
	live *live      // what is still shown; nil if nothing is
}

// maxText bounds what is shown of one text, in characters; the host has bounded
// it before.
const maxText = 2000

// Prompt carries one interaction to the terminal.
func (t *Terminal) Prompt(ctx context.Context, i host.Interaction) (host.Answer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endLive()
	if ctx.Err() != nil {
		return host.Answer{}, context.Cause(ctx)
	}
	switch k := i.Kind.(type) {
	case host.Notice:
		t.say(i, k.Message)
		return done, nil
	case host.OpenURL:
		return t.openURL(ctx, i, k)
	case host.DeviceAuthorization:
		t.showDevice(i, k)
		t.begin(ctx, i, k.ExpiresOn)
		return done, nil
	case host.Input:
		return t.input(ctx, i, k)
	case host.Confirm:
		return t.confirm(ctx, i, k)
	}
	return unsupported, nil
}

// Finish takes back what is still shown.
func (t *Terminal) Finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endLive()
}

func (t *Terminal) openURL(ctx context.Context, i host.Interaction, k host.OpenURL) (host.Answer, error) {
	err := errNoBrowser
	if t.Browse != nil {
		// Before it is opened: nobody but the person knows which host is right.
		t.say(i, "Opening "+at(k.URL)+" in your browser.")
		err = t.Browse(ctx, k.URL)
	}
	if ctx.Err() != nil {
		return host.Answer{}, context.Cause(ctx)
	}
	if err != nil {
		t.say(i, "No browser can be opened here: "+clean(err.Error()))
		return unavailable, nil
	}
	if k.Message != "" {
		t.say(i, k.Message)
	}
	t.say(i, "Your browser was opened to sign in"+where(i)+". If nothing is there, open this page:")
	t.lines(t.strong(sanitize.Line(k.URL, 16<<10)), ownSignIn)
	t.begin(ctx, i, time.Time{})
	return done, nil
}

// at is a page's host.
func at(page string) string {
	if u, err := url.Parse(page); err == nil && u.Host != "" {
		return clean(u.Host)
	}
	return clean(page)
}

// ownSignIn is RFC 8628 section 5.4: somebody else's code signs them in as you.
const ownSignIn = "Continue only if you started this sign-in."

// where says what the person signs in to.
func where(i host.Interaction) string {
	s := ""
	if i.Tenant != "" {
		s = " to tenant " + clean(i.Tenant)
	}
	if i.Profile != "" {
		s += " (profile " + clean(i.Profile) + ")"
	}
	return s
}

func (t *Terminal) input(ctx context.Context, i host.Interaction, k host.Input) (host.Answer, error) {
	label := k.Label
	if label == "" {
		label = k.Name
	}
	line, err := t.read(ctx, i, label+": ", k.Secret)
	if err == nil {
		return host.Answer{Outcome: host.Done, Value: host.NewSecret(line)}, nil
	}
	return noLine(err)
}

func (t *Terminal) confirm(ctx context.Context, i host.Interaction, k host.Confirm) (host.Answer, error) {
	line, err := t.read(ctx, i, k.Message+" [y/N] ", false)
	if err != nil {
		return noLine(err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return done, nil
	}
	return declined, nil
}

// say shows a text beside the flow's name.
func (t *Terminal) say(i host.Interaction, text string) {
	lines := strings.Split(sanitize.Text(text, maxText), "\n")
	t.print(t.name(i), " ", lines[0], "\n")
	t.lines(lines[1:]...)
}

// print writes; a terminal that is gone has nobody to tell.
func (t *Terminal) print(texts ...string) {
	_, _ = io.WriteString(t.Device, strings.Join(texts, ""))
}

// lines shows what belongs to the line before.
func (t *Terminal) lines(lines ...string) {
	for _, l := range lines {
		t.print("  ", l, "\n")
	}
}

func (t *Terminal) name(i host.Interaction) string {
	return t.paint("36", "authlatch ["+clean(i.Flow)+"]")
}

func (t *Terminal) strong(s string) string { return t.paint("1", s) }

// paint sets a text's SGR attribute (ECMA-48).
func (t *Terminal) paint(sgr, s string) string {
	if !t.Style.Color {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

func clean(s string) string { return sanitize.Line(s, maxText) }

func (t *Terminal) now() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now()
}

package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// Bounds of the text that a Prompter gets, in characters. The launcher has
// bounded what a flow may send; this is what a person can be expected to read.
const (
	maxMessageText = 2000
	maxLabelText   = 200
	maxURLText     = 16 << 10
)

// ErrCancelled is what an *Error wraps after the person cancelled.
var ErrCancelled = errors.New("the person cancelled the sign-in")

// interactor carries what a flow asks to the Prompter, and its token to keep. It
// is a launch.Interactor and a launch.Receiver.
type interactor struct {
	host   *Host
	job    *job
	call   call
	cancel func()
	keep   func(*flowv1.Token) *Token

	received, finished sync.Once
	kept               *Token // what keep returned
}

// Receive keeps the token, once.
func (p *interactor) Receive(t *flowv1.Token) {
	if p.call.misfit(p.host.settings.Username, t) != "" {
		return // ask says so
	}
	p.received.Do(func() {
		p.finish()
		p.kept = p.keep(t)
	})
}

func (p *interactor) Interact(ctx context.Context, i *flowv1.Interaction) (flowv1.Outcome, string, error) {
	ask := p.host.prompter(p.job)
	notice := i.GetNotice()
	if notice != nil && (p.call.silent || ask == nil || p.toldBefore()) {
		p.host.log.Info(sanitize.Line(notice.GetMessage(), maxMessageText), "flow", p.call.flow)
		return flowv1.Outcome_OUTCOME_DONE, "", nil
	}
	if input := i.GetInput(); input != nil && p.call.flow == passwordFlow && p.host.cfg.AnswerInput != nil {
		if v, ok := p.host.cfg.AnswerInput(p.call.flow, input.GetName()); ok {
			p.call.asked.answered()
			return flowv1.Outcome_OUTCOME_DONE, v.Reveal(), nil
		}
	}
	if ask == nil || p.call.silent {
		return flowv1.Outcome_OUTCOME_UNAVAILABLE, "", nil
	}
	kind := p.host.kindOf(i)
	if kind == nil {
		return flowv1.Outcome_OUTCOME_UNSUPPORTED, "", nil
	}
	reached := p.call.asked.begin(notice != nil)
	interaction := Interaction{
		Flow: p.call.flow, Profile: p.host.settings.Profile, Tenant: p.job.Tenant, Kind: kind, Cancel: p.cancel,
	}
	a, err := ask.Prompt(ctx, interaction)
	if err == nil && p.noPassword(i, a) {
		if a, err = ask.Prompt(ctx, interaction); err == nil && p.noPassword(i, a) {
			reached(Unavailable) // nothing was sent, so this is no failed sign-in
			return 0, "", errNoPassword
		}
	}
	if err != nil {
		switch {
		case errors.Is(err, ErrCancelled):
		case ctx.Err() != nil: // nobody cancelled: it was over
			err = context.Cause(ctx)
		default:
			err = fmt.Errorf("%w: %w", ErrCancelled, err)
		}
		return 0, "", err
	}
	reached(a.Outcome)
	switch a.Outcome {
	case Done:
		return flowv1.Outcome_OUTCOME_DONE, a.Value.Reveal(), nil
	case Declined:
		return flowv1.Outcome_OUTCOME_DECLINED, "", nil
	case Unsupported:
		return flowv1.Outcome_OUTCOME_UNSUPPORTED, "", nil
	}
	return flowv1.Outcome_OUTCOME_UNAVAILABLE, "", nil
}

// toldBefore says that the flow's notice is none for this call: the password flow's
// is that it is discouraged, which is for who chooses it. That is whoever runs
// login, or is asked by it for the first time; not a script that has the password.
func (p *interactor) toldBefore() bool {
	if p.call.flow != passwordFlow || p.job.Interaction == Force {
		return false
	}
	b, signedIn := p.host.store.Binding(p.job.identity)
	return p.host.cfg.AnswerInput != nil || signedIn && b.Flow == passwordFlow
}

// errNoPassword: the person was asked for a password twice and gave none.
var errNoPassword = errors.New("no password was given")

// noPassword says that a password was asked for and the answer is an empty line,
// which is none. A flow of others may well take an empty secret.
func (p *interactor) noPassword(i *flowv1.Interaction, a Answer) bool {
	return p.call.flow == passwordFlow && i.GetInput().GetSecret() && a.Outcome == Done && a.Value.Reveal() == ""
}

// finish lets the Prompter take back what it still shows.
func (p *interactor) finish() {
	p.finished.Do(func() {
		if f, ok := p.host.prompter(p.job).(Finisher); ok && !p.call.silent {
			f.Finish()
		}
	})
}

// kindOf is the interaction as data, its text clean; nil if its kind is newer
// than this host.
func (h *Host) kindOf(i *flowv1.Interaction) Kind {
	text := func(s string) string { return sanitize.Text(s, maxMessageText) }
	switch k := i.GetKind().(type) {
	case *flowv1.Interaction_Notice:
		return Notice{Message: text(k.Notice.GetMessage())}
	case *flowv1.Interaction_OpenUrl:
		return OpenURL{URL: sanitize.Line(k.OpenUrl.GetUrl(), maxURLText), Message: text(k.OpenUrl.GetMessage())}
	case *flowv1.Interaction_DeviceAuthorization:
		d := k.DeviceAuthorization
		out := DeviceAuthorization{
			UserCode:                sanitize.Line(d.GetUserCode(), maxLabelText),
			VerificationURI:         sanitize.Line(d.GetVerificationUri(), maxURLText),
			VerificationURIComplete: sanitize.Line(d.GetVerificationUriComplete(), maxURLText),
			Message:                 text(d.GetMessage()),
		}
		if s := d.GetExpiresIn(); s > 0 {
			out.ExpiresOn = h.now().Add(time.Duration(min(s, maxExpiresIn)) * time.Second)
		}
		return out
	case *flowv1.Interaction_Input:
		return Input{Name: sanitize.Line(k.Input.GetName(), maxLabelText), Label: sanitize.Line(k.Input.GetLabel(), maxLabelText), Secret: k.Input.GetSecret()}
	case *flowv1.Interaction_Confirm:
		return Confirm{Message: text(k.Confirm.GetMessage())}
	}
	return nil
}

// maxExpiresIn bounds a device code's life, in seconds: a day, for a clock that
// does not overflow.
const maxExpiresIn = 24 * 60 * 60

package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/host/registry"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// maxCAFile bounds the bundle of certificates that travels to a flow, in bytes:
// all of the system's are a quarter of it, and a message takes 4 MiB.
const maxCAFile = 1 << 20

// call is one launch of a flow for a job.
type call struct {
	flow   string
	silent bool // NEVER
	force  bool // FORCE; neither is IF_NEEDED
	state  []byte
	// account is who is expected; nil if anybody.
	account *store.Account
	// claims that the provider asked for besides the caller's.
	claims string
	// asked gets to know whether the person was; nil for a silent call.
	asked *asked
}

// ask launches the flow and returns what keep makes of its token; keep is called
// while the flow's process ends. Its errors are *Error, *personNeeded (silent
// calls) and *flowUnavailable (others).
func (h *Host) ask(ctx context.Context, j *job, c call, keep func(*flowv1.Token) *Token) (*Token, error) {
	b, err := h.find(c.flow)
	if err != nil {
		return nil, h.notFound(c.flow, err)
	}
	start, err := h.start(ctx, j, c, b)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	in := &interactor{host: h, job: j, call: c, cancel: func() { cancel(ErrCancelled) }, keep: keep}
	t, err := h.cfg.Launcher.GetToken(ctx, b, start, in)
	in.finish()
	if err != nil {
		return nil, h.judge(ctx, j, c, err)
	}
	if what := c.misfit(h.settings.Username, t); what != "" {
		return nil, h.judge(ctx, j, c, &launch.PluginError{Flow: c.flow, What: what})
	}
	in.Receive(t) // unless the launcher has
	return in.kept, nil
}

// misfit says what t's flow did if t is of another account than is expected: of
// the one whose state was redeemed, or of the profile's user; "" if it fits.
func (c call) misfit(username string, t *flowv1.Token) string {
	got, known := t.GetAccount(), c.account
	same := known != nil && got.GetId() == known.ID
	switch {
	case c.silent && known != nil && !same:
		return "renewed the token of another account than it was asked for"
	case c.silent && same && (differ(got.GetTenant(), known.Tenant) || differ(got.GetEnvironment(), known.Environment)):
		return "renewed the token of an account of another tenant than it was asked for"
	case same || username == "" || strings.EqualFold(got.GetUsername(), username):
		return ""
	case got.GetUsername() == "":
		return "does not say whether it is " + sanitize.Line(username, maxLabelText) + " that has signed in"
	}
	return fmt.Sprintf("signed in %s, not %s", sanitize.Line(got.GetUsername(), maxLabelText), sanitize.Line(username, maxLabelText))
}

// differ reports whether both are known and are not the same.
func differ(a, b string) bool { return a != "" && b != "" && !strings.EqualFold(a, b) }

func (h *Host) find(flow string) (launch.Binary, error) {
	if h.cfg.Registry == nil {
		return launch.Binary{}, &registry.NotFoundError{Name: flow}
	}
	return h.cfg.Registry.Find(flow)
}

// start is the message that begins the conversation.
func (h *Host) start(ctx context.Context, j *job, c call, b launch.Binary) (*flowv1.Start, error) {
	options, err := h.options(ctx, b)
	if err != nil {
		return nil, err
	}
	ca, err := h.caBundle()
	if err != nil {
		return nil, err
	}
	s := h.settings
	start := &flowv1.Start{
		Scopes: j.Scopes, Authority: s.Authority, Tenant: j.Tenant, ClientId: s.ClientID, Username: s.Username,
		Claims: mergeClaims(j.Claims, c.claims), ClientCapabilities: j.key.Capabilities,
		Credential: flowv1.Credential_CREDENTIAL_ACCESS_TOKEN, TokenType: j.TokenType, ReqCnf: j.ReqCnf, KeyId: j.KeyID,
		Options: options, InteractionMode: flowv1.InteractionMode_INTERACTION_MODE_IF_NEEDED, State: c.state,
		CaBundle: ca, DisableInstanceDiscovery: s.DisableInstanceDiscovery,
	}
	if j.IDToken {
		start.Credential = flowv1.Credential_CREDENTIAL_ID_TOKEN
	}
	switch {
	case c.silent:
		start.InteractionMode = flowv1.InteractionMode_INTERACTION_MODE_NEVER
	case c.force:
		start.InteractionMode = flowv1.InteractionMode_INTERACTION_MODE_FORCE
	}
	if a := c.account; a != nil {
		start.Account = &flowv1.Account{Id: a.ID, Username: a.Username, Tenant: a.Tenant, Environment: a.Environment}
		if start.Username == "" {
			start.Username = a.Username
		}
	}
	return start, nil
}

// caBundle reads the profile's ca_file once.
func (h *Host) caBundle() ([]byte, error) {
	path := h.settings.CAFile
	h.ca.Lock()
	defer h.ca.Unlock()
	if path == "" || h.ca.read {
		return h.ca.pem, nil
	}
	pem, err := h.settings.ReadTrusted("ca_file", path, maxCAFile, false)
	if err != nil {
		return nil, h.usage(err)
	}
	h.ca.read, h.ca.pem = true, pem
	return pem, nil
}

// usage is the error for what config refuses.
func (h *Host) usage(err error) *Error {
	e := &Error{Code: ExitUsage, What: err.Error(), Err: err}
	var c *config.Error
	if errors.As(err, &c) {
		e.Code, e.Next = ExitCode(c.ExitCode()), c.Next
	}
	return e
}

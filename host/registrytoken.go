package host

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/authlatch/authlatch/host/acr"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/host/store"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// forRegistry proves that the request's registry is one, and that this profile's
// tokens may go there, whatever the caller has already looked at.
func (h *Host) forRegistry(req *TokenRequest) error {
	s := h.settings
	a, err := config.ParseAddress(req.Registry)
	if err != nil {
		return h.usage(err)
	}
	m, ok := service.Find(s.File(), a, service.Registry)
	if !ok || a.Path != "" || m.Registry != a.HostPort() {
		return h.usage(&config.Error{
			Key: "registry", Problem: a.HostPort() + " is not known to be an Azure Container Registry", Policy: true,
			Next: "if it is one, add a [[rule]] with its host and scope = \"https://containerregistry.azure.net/.default\"",
		})
	}
	if err := m.Check(s); err != nil {
		return h.usage(err)
	}
	req.Registry = m.Registry
	if len(req.Scopes) == 0 {
		req.Scopes = []string{m.Scope}
	}
	if !slices.Equal(req.Scopes, []string{m.Scope}) {
		return h.usage(&config.Error{Key: "scope", Problem: "is not that of the registry " + m.Registry, Policy: true})
	}
	return nil
}

// registryToken gets the account's token for registries and has the registry
// exchange it. Its errors are *Error.
func (h *Host) registryToken(ctx context.Context, j *job) (*Token, error) {
	entra := j.TokenRequest
	entra.Registry = ""
	t, err := h.GetToken(ctx, entra)
	if err != nil {
		return nil, err
	}
	before, _ := h.store.Token(j.key)
	unlock, err := h.store.Lock(ctx, j.key.LockName())
	if err != nil {
		return nil, locked(ctx, err, ExitUnavailable)
	}
	defer unlock()
	// Whoever had the lock has got one for all who waited.
	if now, ok := h.store.Token(j.key); ok && now.Fresh(h.now()) && j.Claims == "" && j.Interaction != Force &&
		(!now.RefreshDue(h.now()) || now.Secret.Reveal() != before.Secret.Reveal()) {
		return tokenOf(now), nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, silentTimeout, errNoAnswer)
	defer cancel()
	got, err := h.exchange(ctx, j, t)
	var refused *acr.Error
	if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
		// The token may have been revoked: a new one says whether it is the token.
		t, err = h.another(ctx, entra, t, err)
		if err == nil {
			got, err = h.exchange(ctx, j, t)
		}
	}
	if err != nil {
		return nil, h.exchangeFailed(ctx, err)
	}
	return h.keepExchanged(ctx, j, t, got), nil
}

// another drops the token that a registry has refused and gets a new one; why is the
// error if there is no other.
func (h *Host) another(ctx context.Context, entra TokenRequest, t *Token, why error) (*Token, error) {
	if _, err := h.Reject(entra, t.Secret); err != nil {
		return nil, err
	}
	if entra.Interaction == Force {
		return nil, why // the person has just signed in
	}
	entra.Interaction = Never
	again, err := h.GetToken(ctx, entra)
	if err != nil || again.Secret == t.Secret {
		return nil, why
	}
	return again, nil
}

func (h *Host) exchange(ctx context.Context, j *job, t *Token) (acr.Token, error) {
	roots, err := h.caBundle()
	if err != nil {
		return acr.Token{}, err
	}
	// The tenant is optional, and only its id is surely understood. Without one the
	// registry takes it from the token.
	tenant := ""
	switch {
	case config.IsGUID(j.Tenant):
		tenant = j.Tenant
	case j.Tenant == "" || j.Tenant == config.DefaultTenant:
		tenant = t.Account.Tenant
	}
	return (&acr.Client{Roots: roots, Now: h.now}).Exchange(ctx, j.Registry, tenant, t.Secret.Reveal())
}

// refreshPart is the part of a registry token's life after which it is renewed
// ahead, of three hours a quarter before their end.
const refreshPart = 3. / 4

// keepExchanged keeps a registry's token with the account whose it is, unless the
// profile has meanwhile been signed in to another one or signed out.
func (h *Host) keepExchanged(ctx context.Context, j *job, t *Token, got acr.Token) *Token {
	now := h.now()
	entry := store.Token{
		Secret: store.NewSecret(got.Secret), TokenType: acr.TokenType, ExpiresOn: got.ExpiresOn,
		Scopes: j.Scopes, Account: t.Account, ObtainedOn: now, Claims: hashOf(j.Claims),
	}
	if life := got.ExpiresOn.Sub(now); life > 0 {
		entry.RefreshOn = now.Add(time.Duration(float64(life) * refreshPart))
	}
	unlock := h.lockEntries(ctx, j.identity)
	defer unlock()
	if b, ok := h.store.Binding(j.identity); ok && b.Account.ID == t.Account.ID {
		h.store.PutAnswer(store.Answer{Binding: b, Key: j.key, Token: entry})
	}
	return tokenOf(entry)
}

// exchangeFailed is the error for an exchange that failed.
func (h *Host) exchangeFailed(ctx context.Context, err error) *Error {
	var own *Error
	var failed *acr.Error
	switch {
	case errors.As(err, &own):
		return own
	case !errors.As(err, &failed):
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return ended(err, ExitUnavailable)
	}
	e := &Error{Code: ExitRefused, What: failed.Error(), Why: failed.Message, RetryAfter: failed.RetryAfter, Err: err}
	switch {
	case failed.Untrusted:
		e.Code, e.Reason = ExitUnavailable, flowv1.ReasonUntrustedCertificate
		e.Next = "if a private registry or a proxy is meant to answer there, set ca_file in [profiles." + h.settings.Profile + "] to its root certificate"
	case failed.Temporary():
		e.Code, e.Reason = ExitUnavailable, flowv1.ReasonTemporarilyUnavailable
		e.Next = "check the network and the proxy, and try again later"
		if failed.RetryAfter > 0 {
			e.Next = "try again in " + short(failed.RetryAfter)
		}
	case failed.Status == http.StatusUnauthorized || failed.Status == http.StatusForbidden:
		e.Next = "check that the account has a role there, such as AcrPull, and that profile " + h.settings.Profile + " signs in to the registry's tenant"
	}
	return e
}

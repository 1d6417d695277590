package sdk

import (
	"errors"
	"fmt"
	"strings"
	"time"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// requestOf reads start. What a newer host may say that this SDK does not know
// becomes the narrower of what it knows: an unknown mode asks nobody.
func requestOf(s *flowv1.Start) (*Request, error) {
	if n := len(s.GetState()); n > flowv1.MaxStateSize {
		return nil, violated(fmt.Sprintf("a state of %d bytes, more than %d", n, flowv1.MaxStateSize))
	}
	r := &Request{
		Scopes:                   s.GetScopes(),
		Authority:                s.GetAuthority(),
		Tenant:                   s.GetTenant(),
		ClientID:                 s.GetClientId(),
		Username:                 s.GetUsername(),
		Claims:                   s.GetClaims(),
		ClientCapabilities:       s.GetClientCapabilities(),
		TokenType:                s.GetTokenType(),
		ReqCnf:                   s.GetReqCnf(),
		KeyID:                    s.GetKeyId(),
		Options:                  s.GetOptions(),
		Mode:                     Never,
		State:                    s.GetState(),
		CABundle:                 s.GetCaBundle(),
		DisableInstanceDiscovery: s.GetDisableInstanceDiscovery(),
	}
	if r.TokenType == "" {
		r.TokenType = "Bearer"
	}
	switch s.GetInteractionMode() {
	case flowv1.InteractionMode_INTERACTION_MODE_IF_NEEDED:
		r.Mode = IfNeeded
	case flowv1.InteractionMode_INTERACTION_MODE_FORCE:
		r.Mode = Force
	}
	switch s.GetCredential() {
	case flowv1.Credential_CREDENTIAL_UNSPECIFIED, flowv1.Credential_CREDENTIAL_ACCESS_TOKEN:
	case flowv1.Credential_CREDENTIAL_ID_TOKEN:
		r.IDToken = true
	default:
		return nil, &Error{Reason: flowv1.ReasonInvalidRequest, Message: "this flow does not know the kind of credential that was asked for"}
	}
	if a := s.GetAccount(); a != nil {
		r.Account = &Account{ID: a.GetId(), Username: a.GetUsername(), Tenant: a.GetTenant(), Environment: a.GetEnvironment()}
	}
	return r, nil
}

// checkToken holds the flow to what the host will take, so that an author learns
// of a mistake from the SDK's words.
func checkToken(t *Token, now time.Time) error {
	switch {
	case t == nil:
		return errors.New("the flow returned neither a token nor an error")
	case t.Secret.Empty():
		return errors.New("the flow returned an empty token")
	case strings.ContainsFunc(t.Secret.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("the flow returned a token with characters that no token has")
	case t.ExpiresOn.Unix() <= now.Unix():
		return errors.New("the flow returned a token that has expired")
	case !t.RefreshOn.IsZero() && t.RefreshOn.After(t.ExpiresOn):
		return errors.New("the flow returned a token to be renewed after it has expired")
	case t.Account.ID == "":
		return errors.New("the flow returned a token without an account id")
	case len(t.State) > flowv1.MaxStateSize:
		return fmt.Errorf("the flow returned a state of %d bytes, more than %d", len(t.State), flowv1.MaxStateSize)
	}
	return nil
}

func tokenMessage(t *Token) *flowv1.Token {
	m := &flowv1.Token{
		Secret:    t.Secret.Reveal(),
		TokenType: t.TokenType,
		ExpiresOn: t.ExpiresOn.Unix(),
		Scopes:    t.Scopes,
		Account: &flowv1.Account{
			Id:          t.Account.ID,
			Username:    t.Account.Username,
			Tenant:      t.Account.Tenant,
			Environment: t.Account.Environment,
		},
		State: t.State,
	}
	if !t.RefreshOn.IsZero() {
		m.RefreshOn = t.RefreshOn.Unix()
	}
	return m
}

func describeResponse(d Description) *flowv1.DescribeResponse {
	m := &flowv1.DescribeResponse{Name: d.Name, Version: d.Version, Features: d.Features}
	for _, o := range d.Options {
		m.Options = append(m.Options, &flowv1.Option{
			Name:         o.Name,
			Kind:         optionKinds[o.Kind],
			Required:     o.Required,
			Secret:       o.Secret,
			Help:         o.Help,
			DefaultValue: o.Default,
		})
	}
	return m
}

var optionKinds = map[OptionKind]flowv1.OptionKind{
	OptionString:   flowv1.OptionKind_OPTION_KIND_STRING,
	OptionBool:     flowv1.OptionKind_OPTION_KIND_BOOL,
	OptionInteger:  flowv1.OptionKind_OPTION_KIND_INTEGER,
	OptionDuration: flowv1.OptionKind_OPTION_KIND_DURATION,
}

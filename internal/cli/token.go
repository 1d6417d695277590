package cli

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
)

type tokenOptions struct {
	profile     string
	scopes      []string
	resource    string
	tenant      string
	claims      string
	interactive string
	output      string
}

func newTokenCmd(a *app) *cobra.Command {
	var o tokenOptions
	c := &cobra.Command{
		Use:   "token [-p PROFILE] [--scope SCOPE]... | [--resource RESOURCE]",
		Short: "Print an access token",
		Long: "Print an access token: a cached one, one renewed without a person, or, if\n" +
			"there is none and a person can be asked, one for which they sign in.",
		Example: "  authlatch token --resource https://graph.microsoft.com\n" +
			"  authlatch token -p work --scope api://example/read -o json\n" +
			"  authlatch token -o header | curl -H @- https://management.azure.com/...",
		RunE: func(c *cobra.Command, _ []string) error { return runToken(c, a, &o) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	addProfileFlag(a, c, &o.profile)
	addScopeFlag(c, &o.scopes)
	addResourceFlag(c, &o.resource)
	filledVar(flags, &o.tenant, "tenant", "", "another `tenant` than the profile's, which must allow it")
	filledVar(flags, &o.claims, "claims", "", "`claims` request of a challenge: JSON, or its base64")
	choiceVar(flags, &o.interactive, "interactive", "", interactiveAuto, "`mode` of asking a person: auto, never or force",
		interactiveAuto, interactiveNever, interactiveForce)
	choiceVar(flags, &o.output, "output", "o", formatText, "`format`: text, json or header", formatText, formatJSON, formatHeader)
	return c
}

func runToken(c *cobra.Command, a *app, o *tokenOptions) error {
	settings, err := a.settings(config.Flags{Profile: o.profile})
	if err != nil {
		return err
	}
	req := host.TokenRequest{Interaction: interaction(o.interactive)}
	if req.Scopes, err = settings.Scopes(o.scopes, o.resource); err != nil {
		return err
	}
	if req.Claims, err = parseClaims(o.claims); err != nil {
		return err
	}
	req.Tenant = strings.ToLower(o.tenant)
	t, err := a.getToken(c.Context(), settings, req)
	if err != nil {
		return err
	}
	return a.printToken(t, o.output)
}

// getToken asks a Host of its own, whose password flow is answered by the
// environment if it can be.
func (a *app) getToken(ctx context.Context, settings config.Settings, req host.TokenRequest) (*host.Token, error) {
	s, err := a.open(settings, session{mode: req.Interaction, password: a.azurePassword})
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.host.GetToken(ctx, req)
}

// tokenDocument is what token -o json prints.
type tokenDocument struct {
	AccessToken string       `json:"access_token"`
	TokenType   string       `json:"token_type"`
	ExpiresOn   int64        `json:"expires_on"` // seconds since the epoch
	Scopes      []string     `json:"scopes"`
	Account     host.Account `json:"account"`
}

func (a *app) printToken(t *host.Token, format string) error {
	switch format {
	case formatJSON:
		scopes := t.Scopes
		if scopes == nil {
			scopes = []string{}
		}
		return a.printJSON(tokenDocument{
			AccessToken: t.Secret.Reveal(), TokenType: tokenType(t), ExpiresOn: t.ExpiresOn.Unix(), Scopes: scopes,
			Account: t.Account,
		})
	case formatHeader:
		_, err := fmt.Fprintf(&a.out, "Authorization: %s %s\n", tokenType(t), t.Secret.Reveal())
		return err
	}
	_, err := fmt.Fprintln(&a.out, t.Secret.Reveal())
	return err
}

func tokenType(t *host.Token) string {
	if t.TokenType == "" {
		return "Bearer"
	}
	return t.TokenType
}

// parseClaims takes a claims request as JSON, or in the base64 that a
// WWW-Authenticate header has it in, with either alphabet.
func parseClaims(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	text := strings.TrimSpace(s)
	if !strings.HasPrefix(text, "{") {
		plain := strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
		decoded, err := base64.RawURLEncoding.DecodeString(plain)
		if err != nil {
			return "", usage("--claims", "is neither a JSON object nor its base64", "pass what the challenge has as claims=\"...\"")
		}
		text = string(decoded)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil || object == nil {
		return "", usage("--claims", "is not a JSON object", "pass what the challenge has as claims=\"...\"")
	}
	return text, nil
}

package sdk

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
)

// A flow's own log goes to the host's, so what a careless line would put there
// must be harmless: a Request's State holds refresh tokens and its Options may
// hold the values of secret ones. Neither type prints, logs or marshals them.
// fmt calls no method of what is in an unexported field, nor for %p: keep a
// Request or a Token there by its pointer, as GetToken has it.

// Format is for package fmt: the request without its state and with no more than
// the names of its options, whatever the verb.
func (r Request) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.LogValue().String()) }

// MarshalJSON is for logs that are JSON; it has what Format shows.
func (r Request) MarshalJSON() ([]byte, error) { return marshalShown(r.LogValue()) }

// LogValue is for package log/slog; it has what Format shows.
func (r Request) LogValue() slog.Value {
	shown := []slog.Attr{
		slog.Any("scopes", r.Scopes),
		slog.String("authority", r.Authority),
		slog.String("tenant", r.Tenant),
		slog.String("client_id", r.ClientID),
		slog.String("username", r.Username),
		slog.String("claims", r.Claims),
		slog.Any("client_capabilities", r.ClientCapabilities),
		slog.Bool("id_token", r.IDToken),
		slog.String("token_type", r.TokenType),
		slog.String("key_id", r.KeyID),
		slog.Any("options", slices.Sorted(maps.Keys(r.Options))),
		slog.Int("mode", int(r.Mode)),
		slog.String("state", redactedBytes(r.State)),
		slog.Bool("disable_instance_discovery", r.DisableInstanceDiscovery),
	}
	if r.Account != nil {
		shown = append(shown, slog.Any("account", *r.Account))
	}
	return slog.GroupValue(shown...)
}

// Format is for package fmt: the token without its text and state, whatever the
// verb.
func (t Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.LogValue().String()) }

// MarshalJSON is for logs that are JSON; it has what Format shows.
func (t Token) MarshalJSON() ([]byte, error) { return marshalShown(t.LogValue()) }

// LogValue is for package log/slog; it has what Format shows.
func (t Token) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("secret", redacted),
		slog.String("token_type", t.TokenType),
		slog.Time("expires_on", t.ExpiresOn),
		slog.Time("refresh_on", t.RefreshOn),
		slog.Any("scopes", t.Scopes),
		slog.Any("account", t.Account),
		slog.String("state", redactedBytes(t.State)),
	)
}

// redactedBytes tells what is there from what is not.
func redactedBytes(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return redacted
}

func marshalShown(group slog.Value) ([]byte, error) {
	shown := make(map[string]any)
	for _, a := range group.Group() {
		shown[a.Key] = a.Value.Any()
	}
	return json.Marshal(shown)
}

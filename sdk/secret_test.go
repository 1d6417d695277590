package sdk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/sdk"
)

const canary = "hunter2"

// verbs are all that fmt has, and one that it has not.
var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%b", "%o", "%O", "%c", "%U", "%e", "%g", "%t", "%z", "%10.3s"}

// shown is v in every way in which it gets into a text.
func shown(t *testing.T, v any) map[string]string {
	t.Helper()
	texts := map[string]string{"Sprint": fmt.Sprint(v)}
	for _, verb := range verbs {
		texts[verb] = fmt.Sprintf(verb, v)
	}
	var asText, asJSON strings.Builder
	slog.New(slog.NewTextHandler(&asText, nil)).Info("m", "v", v)
	slog.New(slog.NewJSONHandler(&asJSON, nil)).Info("m", "v", v)
	marshalled, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	texts["slog text"], texts["slog JSON"], texts["JSON"] = asText.String(), asJSON.String(), string(marshalled)
	return texts
}

// traces are the canary as it is and as verbs write strings and bytes.
var traces = []string{
	canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary), fmt.Sprintf("% x", canary),
	"104 117 110", "aHVudGVyMg", // base64
	"0x68, 0x75", "0150 0165", "1101000 1110101",
}

func TestSecretsAreNotShown(t *testing.T) {
	secret := sdk.NewSecret(canary)
	request := sdk.Request{Options: map[string]string{"otp_seed": canary}, State: []byte(canary), Account: &sdk.Account{ID: "1"}}
	token := sdk.Token{Secret: secret, State: []byte(canary)}
	for name, v := range map[string]any{
		"secret":                        secret,
		"pointer to a secret":           &secret,
		"secret in an unexported field": struct{ pw sdk.Secret }{secret},
		"secret in an exported field":   struct{ PW sdk.Secret }{secret},
		"secrets in unexported slices":  struct{ pws []sdk.Secret }{[]sdk.Secret{secret}},
		"request":                       request,
		"pointer to a request":          &request,
		"request in a field":            struct{ Request sdk.Request }{request},
		"token":                         token,
		"pointer to a token":            &token,
		"tokens in a slice":             []sdk.Token{token},
	} {
		t.Run(name, func(t *testing.T) {
			for how, text := range shown(t, v) {
				for _, trace := range traces {
					if strings.Contains(text, trace) {
						t.Errorf("%s shows %q", how, text)
					}
				}
			}
		})
	}
}

// By the pointer, as a flow keeps it, a request is safe in any struct; with the
// verbs that print a struct, that is.
func TestKeptByPointer(t *testing.T) {
	kept := struct {
		req   *sdk.Request
		token *sdk.Token
	}{&sdk.Request{State: []byte(canary)}, &sdk.Token{State: []byte(canary)}}
	if got := fmt.Sprintf("%v %+v %#v", kept, kept, kept); strings.Contains(got, traces[4]) || strings.Contains(got, "0x68, 0x75") {
		t.Errorf("it prints as %s", got)
	}
}

// What is no secret still helps whoever reads the log.
func TestWhatIsShown(t *testing.T) {
	request := sdk.Request{Tenant: "contoso", Options: map[string]string{"port": "1", "host": "2"}, State: []byte("x")}
	if got := fmt.Sprint(&request); !strings.Contains(got, "tenant=contoso") || !strings.Contains(got, "options=[host port]") || !strings.Contains(got, "state=[redacted]") {
		t.Errorf("a request prints as %s", got)
	}
	if got := fmt.Sprintf("%d", sdk.NewSecret("x")); got != "[redacted]" {
		t.Errorf("a secret prints as %s", got)
	}
	var nobody *sdk.Request
	if got := fmt.Sprint(nobody); got != "<nil>" {
		t.Errorf("no request prints as %s", got)
	}
	b, err := json.Marshal(sdk.Token{TokenType: "pop"})
	if err != nil || !bytes.Contains(b, []byte(`"token_type":"pop"`)) {
		t.Errorf("a token marshals as %s, %v", b, err)
	}
}

func TestSecretReveals(t *testing.T) {
	if s := sdk.NewSecret(canary); s.Reveal() != canary || s.Empty() {
		t.Error("the secret is lost")
	}
	one, same, other := sdk.NewSecret(canary), sdk.NewSecret(strings.Clone(canary)), sdk.NewSecret("hunter3")
	if one != same || one == other {
		t.Error("secrets do not compare by their texts")
	}
	if s := (sdk.Secret{}); s.Reveal() != "" || !s.Empty() || sdk.NewSecret("") != s {
		t.Error("the zero value is not the empty secret")
	}
}

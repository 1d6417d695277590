package host_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host"
)

// A secret is not shown by any verb, nor where fmt calls no methods.
func TestSecretIsNotShown(t *testing.T) {
	const canary = "hunter2"
	secret := host.NewSecret(canary)
	hidden := []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("%X", canary)}
	for name, v := range map[string]any{
		"secret":              secret,
		"pointer":             &secret,
		"unexported field":    struct{ pw host.Secret }{secret},
		"exported field":      struct{ PW host.Secret }{secret},
		"token":               host.Token{Secret: secret},
		"token in a field":    struct{ t host.Token }{host.Token{Secret: secret}},
		"answer in a pointer": &host.Answer{Value: secret},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			slog.New(slog.NewTextHandler(&log, nil)).Info("m", "v", v)
			texts := []string{log.String()}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%p", "%z"} {
				texts = append(texts, fmt.Sprintf(verb, v))
			}
			for _, text := range texts {
				for _, h := range hidden {
					if strings.Contains(text, h) {
						t.Errorf("it is in %q", text)
					}
				}
			}
		})
	}
	if got := fmt.Sprintf("%d", secret); got != "[redacted]" || secret.Reveal() != canary || (host.Secret{}).Reveal() != "" {
		t.Errorf("%%d prints %s; it reveals %q, and the zero value %q", got, secret.Reveal(), (host.Secret{}).Reveal())
	}
}

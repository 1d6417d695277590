package sdk_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/sdk"
)

func TestSecretIsRedacted(t *testing.T) {
	token := sdk.Token{Secret: sdk.NewSecret("hunter2")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("got", "secret", token.Secret, "token", token)
	asJSON, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(token), fmt.Sprintf("%v %+v %#v %s %q %x", token, token, token, token.Secret, token.Secret, token.Secret),
		log.String(), string(asJSON),
	} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("the secret is in %q", text)
		}
	}
	if token.Secret.Reveal() != "hunter2" || token.Secret.Empty() || !(sdk.Secret{}).Empty() {
		t.Error("the secret is lost")
	}
}

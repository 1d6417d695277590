package launch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// checkScopes holds an access token that says what it is for to what it was asked
// for. An ID token is for the client, whatever the scopes.
func checkScopes(t *flowv1.Token, start *flowv1.Start) error {
	granted := t.GetScopes()
	if err := checkStrings("scope", granted); err != nil {
		return err
	}
	if len(granted) == 0 || start.GetCredential() == flowv1.Credential_CREDENTIAL_ID_TOKEN {
		return nil
	}
	for _, want := range start.GetScopes() {
		if !slices.Contains(openIDScopes, want) && !slices.ContainsFunc(granted, func(s string) bool { return covers(s, want) }) {
			return fmt.Errorf("returned a token for the scope %q, not for %q", sanitize.Line(strings.Join(granted, " "), 120), sanitize.Line(want, 120))
		}
	}
	return nil
}

// openIDScopes ask for something beside the access token, and providers differ on
// whether they repeat them.
var openIDScopes = []string{"openid", "profile", "email", "address", "phone", "offline_access"}

// covers reports whether the scope granted is the one wanted: Entra ID answers in
// its own case, and a resource's .default with the scopes that it stands for.
func covers(granted, want string) bool {
	if strings.EqualFold(granted, want) {
		return true
	}
	resource, ok := strings.CutSuffix(want, ".default")
	return ok && strings.HasSuffix(resource, "/") && len(granted) > len(resource) && strings.EqualFold(granted[:len(resource)], resource)
}

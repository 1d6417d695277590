package browser

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/plugins/internal/entra"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	"github.com/authlatch/authlatch/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice = "alice@contoso.example"
	bob   = "bob@contoso.example"

	signedIn     = "<h1>You are signed in</h1>"
	notSucceeded = "<h1>The sign-in did not succeed</h1>"
)

// browserAt is a host whose browser somebody sits at.
type browserAt struct {
	*entratest.Prompter
	urls  []string // opened
	pages []string // what stood on the last page of each
}

// at lets username sign in on every page that is opened.
func at(t *testing.T, e *entratest.Emulator, username string) *browserAt {
	p := e.Person(username)
	return whoDoes(t, func(ctx context.Context, u string) (string, error) {
		_, body, err := p.SignIn(ctx, u)
		return body, err
	})
}

// whoDoes gives every page to do. Like a host whose browser blocks, it says that
// the page was opened only when the person has finished.
func whoDoes(t *testing.T, do func(ctx context.Context, url string) (string, error)) *browserAt {
	b := &browserAt{Prompter: &entratest.Prompter{T: t}}
	b.OnURL = func(u string) error {
		b.urls = append(b.urls, u)
		body, err := do(t.Context(), u)
		if err != nil {
			t.Errorf("the person got stuck: %v", err)
			return sdk.ErrUnavailable
		}
		b.pages = append(b.pages, body)
		return nil
	}
	return b
}

func (b *browserAt) query(t *testing.T, i int) url.Values {
	t.Helper()
	if len(b.urls) <= i {
		t.Fatalf("%d pages were opened, want page %d", len(b.urls), i)
	}
	u, err := url.Parse(b.urls[i])
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func getToken(t *testing.T, e *entratest.Emulator, req *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
	t.Helper()
	return flow{opts: []entra.Option{entra.WithClock(e.Clock)}}.GetToken(t.Context(), req, p)
}

// claimsOf reads a JWT without judging it.
func claimsOf(t *testing.T, token sdk.Secret) map[string]any {
	t.Helper()
	parts := strings.Split(token.Reveal(), ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts, want a JWT", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(b, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

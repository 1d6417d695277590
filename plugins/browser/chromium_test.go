package browser

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/plugins/internal/entra/entratest"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// chromiumTimeout only keeps a broken browser from blocking the suite.
const chromiumTimeout = 2 * time.Minute

// startChromium starts a browser that trusts the emulator and has a new profile.
// Without one the test is skipped, but never in CI.
func startChromium(t *testing.T, e *entratest.Emulator) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		const missing = "no Chromium was found: install it (Debian, Ubuntu: apt-get install chromium) to run the browser flow in a real browser"
		if os.Getenv("CI") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	opts := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(900, 640),
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Headless, chromedp.DisableGPU, chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // containers have little of it
		chromedp.Flag("ignore-certificate-errors-spki-list", keyOf(t, e)),
		chromedp.WSURLReadTimeout(chromiumTimeout),
	}
	timed, cancelTimed := context.WithTimeout(t.Context(), chromiumTimeout)
	alloc, cancelAlloc := chromedp.NewExecAllocator(timed, opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		cancel()
		cancelAlloc()
		cancelTimed()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// keyOf is the hash of the emulator's public key, as Chromium takes it.
func keyOf(t *testing.T, e *entratest.Emulator) string {
	t.Helper()
	u, err := url.Parse(e.URL())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(e.CAPEM())
	conn, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// shoot keeps a picture of the page where AUTHLATCH_SCREENSHOTS says, for
// whoever wants to see the pages.
func shoot(t *testing.T, name string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		dir := os.Getenv("AUTHLATCH_SCREENSHOTS")
		if dir == "" {
			return chromedp.Void{}, nil
		}
		png, err := chromedp.CaptureScreenshot()(ctx, target)
		if err != nil {
			return chromedp.Void{}, err
		}
		file := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+"-"+name+".png")
		return chromedp.Void{}, os.WriteFile(file, png, 0o600)
	}
}

type step = chromedp.Action[chromedp.Void]

// The elements of the emulator's pages and of ours.
const (
	username = chromedp.CSS("#username")
	password = chromedp.CSS("#password")
	primary  = chromedp.CSS("button.primary")
	cancel   = chromedp.CSS("button[value=cancel]")
	heading  = chromedp.CSS("h1")
	icon     = chromedp.CSS("main svg") // only our pages have one
)

// enter types the account and the password and presses the buttons.
func enter(t *testing.T, who string) []step {
	return []step{
		chromedp.WaitVisible(username), chromedp.SendKeys(username, who), shoot(t, "1-account"), chromedp.Click(primary),
		chromedp.WaitVisible(password), chromedp.SendKeys(password, entratest.Password(who)), shoot(t, "2-password"), chromedp.Click(primary),
	}
}

// keep keeps what an action gives.
func keep[T any](a chromedp.Action[T], where *T) step {
	return func(ctx context.Context, target *chromedp.Target) (_ chromedp.Void, err error) {
		*where, err = a(ctx, target)
		return chromedp.Void{}, err
	}
}

// redirectOf is where the page at u sends its answer.
func redirectOf(u string) string {
	page, err := url.Parse(u)
	if err != nil {
		return ""
	}
	return page.Query().Get("redirect_uri")
}

// A person clicks through the sign-in page in a real browser, with all that
// such a browser does besides: it preconnects, asks for favicons, submits the
// form across sites by a script, and enforces the policies of both sides.
func TestInChromium(t *testing.T) {
	for name, c := range map[string]struct {
		steps   func(t *testing.T) []step
		heading string
		names   string // on the last page
		reason  string // "" is success
	}{
		"signs in": {
			steps:   func(t *testing.T) []step { return enter(t, alice) },
			heading: "You are signed in",
			names:   alice + "\n\ntenant " + emulator.ContosoTenant,
		},
		"consents": {
			steps: func(t *testing.T) []step {
				return append(enter(t, "noconsent@contoso.example"),
					chromedp.WaitNotPresent(password), chromedp.WaitVisible(primary), shoot(t, "3-consent"), chromedp.Click(primary))
			},
			heading: "You are signed in",
		},
		"cancels": {
			steps: func(*testing.T) []step {
				return []step{chromedp.WaitVisible(cancel), chromedp.Click(cancel)}
			},
			heading: "The sign-in did not succeed",
			names:   "It was cancelled or declined.",
			reason:  flowv1.ReasonAccessDenied,
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := entratest.Start(t, emulator.Options{})
			ctx := startChromium(t, e)
			var mu sync.Mutex
			var complaints []string
			if err := chromedp.Listen(ctx, func(ev any) {
				// What is gone after the sign-in cannot be asked for an icon: no complaint.
				if added, ok := ev.(*log.EventEntryAdded); ok && added.Entry.Level == log.EntryLevelError && added.Entry.Source != log.EntrySourceNetwork {
					mu.Lock()
					complaints = append(complaints, added.Entry.Text)
					mu.Unlock()
				}
			}); err != nil {
				t.Fatal(err)
			}
			p := &entratest.Prompter{T: t, OnURL: func(u string) error {
				// Whoever looks at the address that the listener has is not sent away.
				var stray string
				steps := append([]step{
					chromedp.Navigate(redirectOf(u)), shoot(t, "0-stray"), keep(chromedp.Text(heading), &stray), chromedp.Navigate(u),
				}, c.steps(t)...)
				defer func() {
					if stray != "This page is not part of a sign-in" {
						t.Errorf("while it waits the listener's own page says %q", stray)
					}
				}()
				return chromedp.Do(ctx, append(steps, chromedp.WaitVisible(icon), shoot(t, "9-end"))...)
			}}
			tok, err := getToken(t, e, e.Request(), p)
			if c.reason != "" {
				entratest.WantError(t, err, c.reason, 65004)
			} else if err != nil {
				t.Fatal(err)
			} else if c := claimsOf(t, tok.Secret); c["aud"] != emulator.ARMResource {
				t.Errorf("claims %v", c)
			}

			if got, err := chromedp.Run(ctx, chromedp.Text(heading)); err != nil || got != c.heading {
				t.Errorf("the last page says %q (%v), want %q", got, err, c.heading)
			}
			if got, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main"))); err != nil || !strings.Contains(got, c.names) {
				t.Errorf("the last page says %q (%v), without %q", got, err, c.names)
			}
			// The style sheet is in force under the page's own policy.
			corner, err := chromedp.Run(ctx, chromedp.Evaluate[string](`getComputedStyle(document.querySelector("main")).borderTopLeftRadius`))
			if err != nil || corner != "12px" {
				t.Errorf("a corner has %q (%v)", corner, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(complaints) > 0 {
				t.Errorf("the browser complains: %q", complaints)
			}
			if n := e.Counters().Prompts; n != 1 {
				t.Errorf("%d prompts", n)
			}
		})
	}
}

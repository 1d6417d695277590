//go:build unix

package crowd

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
	"github.com/authlatch/authlatch/internal/testbin"
)

// town is an emulator, a home and the programs.
type town struct {
	t                *testing.T
	server           *emulator.Server
	dir, bin         string
	env              []string
	screens, stderrs *sink
}

const alice = "alice@contoso.example"

func newTown(t *testing.T, opts emulator.Options) *town {
	t.Helper()
	if opts.DeviceCodeInterval == 0 {
		opts.DeviceCodeInterval = time.Second
	}
	server, err := emulator.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	dir := t.TempDir()
	temp, err := os.MkdirTemp("", "al") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(temp) })
	w := &town{t: t, server: server, dir: dir, bin: testbin.Plain(t), screens: newSink(), stderrs: newSink()}
	config := fmt.Sprintf(`version = 1
[profiles.work]
authority = %q
ca_file = %q
disable_instance_discovery = true
tenant = %q
client_id = %q
flows = ["devicecode"]
`, server.URL(), filepath.Join(dir, "ca.pem"), emulator.ContosoTenant, emulator.OwnClient)
	w.write("ca.pem", string(server.CAPEM()))
	w.write("config.toml", config)
	w.env = []string{
		"PATH=" + w.bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + temp, "TERM=xterm", "LANG=C.UTF-8",
		"AUTHLATCH_CONFIG=" + filepath.Join(dir, "config.toml"), "AUTHLATCH_STORE_DIR=" + filepath.Join(dir, "store"), "AUTHLATCH_STORE_KEY=file",
	}
	return w
}

func (w *town) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// empties the store.
func (w *town) forget() {
	w.t.Helper()
	if err := os.RemoveAll(filepath.Join(w.dir, "store")); err != nil {
		w.t.Fatal(err)
	}
}

// code waits until a terminal shows a device code that was not known before.
func (w *town) code(known ...string) string {
	w.t.Helper()
	found := ""
	w.screens.await(w.t, "a device code", func(text string) bool {
		for _, c := range w.server.UserCodes() {
			if strings.Contains(text, c) && !strings.Contains(strings.Join(known, " "), c) {
				found = c
			}
		}
		return found != ""
	})
	return found
}

// enter lets alice enter the code, or decline it.
func (w *town) enter(code string, decline bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	p := person.New(w.server.Client(), alice, "not-a-secret-alice")
	act := p.EnterCode
	if decline {
		act = p.DeclineCode
	}
	if err := act(ctx, w.server.URL()+"/device", code); err != nil {
		w.t.Fatal(err)
	}
}

// resources are ten that alice may use.
var resources = []string{
	"https://management.core.windows.net", emulator.ARMResource, emulator.AKSServer, emulator.GraphResource, emulator.ACRResource,
	emulator.DevOps, "https://vault.azure.net", "https://storage.azure.com", "https://database.windows.net", "api://" + emulator.OwnClient,
}

// helper asks for a resource's token as kubectl does.
func (w *town) helper(resource string, more ...string) *caller {
	w.t.Helper()
	return w.call("kubectl-authlatch", append([]string{"get-token", "-p", "work", "--server-id", resource}, more...)...)
}

// valid checks that the answer is a token of alice's for the resource, signed by
// the emulator, that lives.
func (w *town) valid(keys *jose.JSONWebKeySet, c *caller, resource string) error {
	var answer struct {
		Kind   string
		Status struct{ Token string }
	}
	if err := json.Unmarshal(c.stdout.Bytes(), &answer); err != nil || answer.Kind != "ExecCredential" {
		return fmt.Errorf("the answer is none: %w", err)
	}
	token, err := jwt.ParseSigned(answer.Status.Token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err
	}
	var standard jwt.Claims
	var ours struct {
		Username string `json:"upn"`
	}
	if err := token.Claims(keys, &standard, &ours); err != nil {
		return err
	}
	if ours.Username != alice {
		return fmt.Errorf("it is %s's", ours.Username)
	}
	return standard.Validate(jwt.Expected{AnyAudience: jwt.Audience{resource, resource + "/"}, Time: time.Now()})
}

// keys are the emulator's.
func (w *town) keys() *jose.JSONWebKeySet {
	w.t.Helper()
	response, err := w.server.Client().Get(w.server.URL() + "/common/discovery/v2.0/keys")
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	var keys jose.JSONWebKeySet
	if err := json.NewDecoder(response.Body).Decode(&keys); err != nil || len(keys.Keys) == 0 {
		w.t.Fatalf("no keys: %v", err)
	}
	return &keys
}

package renewal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/helper/exchange"
)

// TestMain is also the authlatch that is started: it writes down its argument.
func TestMain(m *testing.M) {
	if path := os.Getenv("WRITE_REQUEST_TO"); path != "" {
		if len(os.Args) != 3 || os.Args[1] != Command {
			os.Exit(2)
		}
		temp := path + ".new"
		if os.WriteFile(temp, []byte(os.Args[2]), 0o600) != nil || os.Rename(temp, path) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func TestARequestArrives(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	path := filepath.Join(dir, "request")
	q := exchange.Request{Client: "kubectl", Profile: "it's \"work\"", Config: "c.toml", Scopes: []string{"api://x/.default"}, Tenant: "contoso.com"}
	if err := Start(self, []string{"WRITE_REQUEST_TO=" + path, "GORACE=atexit_sleep_ms=0"}, q); err != nil {
		t.Fatal(err)
	}
	var argument []byte
	for range 500 {
		if argument, err = os.ReadFile(path); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond) // another process writes it
	}
	got, err := ReadRequest(string(argument))
	if err != nil {
		t.Fatalf("%q: %v", argument, err)
	}
	if got.Profile != q.Profile || got.Config != filepath.Join(dir, "c.toml") || got.Interaction != "never" || got.Tenant != q.Tenant {
		t.Errorf("%+v", got)
	}
}

// Claims are shown to nobody, and what has them is nothing to renew.
func TestNoClaims(t *testing.T) {
	q := exchange.Request{Scopes: []string{"x"}, Claims: `{"access_token":{}}`}
	if err := Start(filepath.Join(t.TempDir(), "none"), nil, q); !errors.Is(err, errClaims) {
		t.Errorf("started: %v", err)
	}
	if _, err := ReadRequest(`{"version":1,"client":"x","scopes":["x"],"claims":"{}"}`); !errors.Is(err, errClaims) {
		t.Errorf("read: %v", err)
	}
	for _, argument := range []string{"", "{}", `{"version":2,"scopes":["x"]}`, `{"version":1,"scopes":["x"]} {}`} {
		if _, err := ReadRequest(argument); err == nil {
			t.Errorf("%q is a request", argument)
		}
	}
}

//go:build unix

package git_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// hostile are the lines of host/service's table that a line of git's can hold.
func hostile(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "host", "service", "servicetest", "hostile.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line != "" && line[0] == '"' {
			if line, err = strconv.Unquote(line); err != nil {
				t.Fatal(err)
			}
		}
		if line != "" && line[0] != '#' && !strings.Contains(line, "\n") {
			all = append(all, line)
		}
	}
	return all
}

// With a token for Azure DevOps in the store, git itself and the helper get it for
// the host's own name, and for none that resembles it.
func TestHostileHosts(t *testing.T) {
	w := newWorld(t)
	w.signIn("work", alice)
	if code, stdout, stderr := w.call("get", "protocol=https\nhost=dev.azure.com\n"); code != 0 || claim(values(stdout)["password"], "upn") != alice {
		t.Fatalf("the host itself: %d %s", code, stderr)
	}
	lines := hostile(t)
	if len(lines) < 200 {
		t.Errorf("%d hostile hosts", len(lines))
	}
	w.run("config", "--global", "credential.helper", "authlatch")
	for i, line := range lines {
		if _, stdout, stderr := w.call("get", "protocol=https\nhost="+line+"\n"); stdout != "" || strings.Contains(stderr, "eyJ") {
			t.Errorf("%q got an answer", line)
		}
		if i%8 == 0 {
			w.write("asked", "protocol=https\nhost="+line+"\n\n")
			if out, err := w.try("-c", "alias.ask=!git credential fill <"+w.path("asked"), "ask"); err == nil || strings.Contains(out, "eyJ") {
				t.Errorf("%q got git an answer:\n%s", line, out)
			}
		}
	}
	if n := w.Counters(); n.Issued["password"] != 1 || len(n.Issued) != 1 {
		t.Errorf("tokens issued: %v", n.Issued)
	}
}

// Scripts, IDEs and CI jobs: 500 calls in a row and 50 at once, with and without a
// session. stdout is the answer or nothing, and what is not ours costs no word.
func TestManyCalls(t *testing.T) {
	const inARow, atOnce = 500, 50
	w := newWorld(t)
	message := "protocol=https\nhost=" + w.host + "\npath=git/contoso/proj/_git/r\n"
	theirs := func() {
		if code, stdout, stderr := w.call("get", "protocol=https\nhost=github.com\n\n"); code != 0 || stdout+stderr != "" {
			t.Errorf("github.com: %d %q %q", code, stdout, stderr)
		}
	}
	none := func() {
		if code, stdout, stderr := w.call("get", message); code != 3 || stdout != "" || !strings.Contains(stderr, "authlatch login") || strings.Count(stderr, "\n") > 3 {
			t.Errorf("without a session: %d %q %q", code, stdout, stderr)
		}
	}
	want := ""
	some := func() {
		if code, stdout, stderr := w.call("get", message); code != 0 || stdout != want || stderr != "" {
			t.Errorf("with a session: %d %q %q", code, stdout, stderr)
		}
	}
	erase := func() {
		if code, stdout, stderr := w.call("erase", message+"password=x\n"); code != 0 || stdout+stderr != "" {
			t.Errorf("erase: %d %q %q", code, stdout, stderr)
		}
	}
	everywhere := func(call func()) {
		t.Helper()
		for range inARow {
			if call(); t.Failed() {
				return
			}
		}
		var all sync.WaitGroup
		for range atOnce {
			all.Go(call)
		}
		all.Wait()
	}
	everywhere(theirs)
	everywhere(none)
	if n := w.Counters(); n.Total != 0 {
		t.Errorf("without a session there were %d requests", n.Total)
	}
	w.signIn("work", alice)
	_, want, _ = w.call("get", message)
	before := w.Counters().Total
	everywhere(some)
	everywhere(erase)
	some()
	if n := w.Counters().Total - before; want == "" || n != 0 {
		t.Errorf("warm calls made %d requests", n)
	}
}

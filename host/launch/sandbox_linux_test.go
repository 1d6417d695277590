package launch_test

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/launch"
)

// inheritedFD is a descriptor that a host's own parent has left open.
const inheritedFD = 77

// threatTable returns the outcome of each row of docs/threat-model.md's table
// that begins with "Attempt".
func threatTable(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(page), "\n| Attempt |")
	if !ok {
		t.Fatal("docs/threat-model.md has no table that begins with the column Attempt")
	}
	rows := map[string]string{}
	for _, line := range strings.Split(table, "\n")[2:] {
		if !strings.HasPrefix(line, "|") {
			break
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 4 {
			t.Fatalf("%q has %d columns", line, len(cells))
		}
		name := strings.Trim(strings.TrimSpace(cells[0]), "`")
		if rows[name] != "" {
			t.Errorf("row %s is there twice", name)
		}
		rows[name] = strings.TrimSpace(cells[2])
	}
	return rows
}

// The tests that the page names are there.
func TestThreatModelNamesTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 20 {
		t.Fatalf("it names %d tests", len(named))
	}
	var sources strings.Builder
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "bin" || d.Name() == ".git" || d.Name() == "node_modules"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		sources.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range named {
		if !strings.Contains(sources.String(), "\nfunc "+n[1]+"(t *testing.T) {") {
			t.Errorf("there is no %s", n[1])
		}
	}
}

// A flow that tries everything gets what the threat model says, as an ordinary
// user; and without the sandbox it gets more, or nothing is proved.
func TestSandboxHolds(t *testing.T) {
	if s := launch.SandboxStatus(); len(s.Missing) > 0 {
		if os.Getenv("CI") != "" {
			t.Fatalf("the sandbox is incomplete here: %+v", s)
		}
		t.Skipf("the sandbox is incomplete here: %+v", s)
	}
	want := threatTable(t)
	got := asOrdinary(t, false).Outcomes
	loose := asOrdinary(t, true).Outcomes
	for _, name := range slices.Sorted(maps.Keys(attempts)) {
		if got[name] != want[name] {
			t.Errorf("%s: the outcome is %q, the threat model says %q", name, got[name], want[name])
		}
		if want[name] != possible && loose[name] != possible {
			t.Logf("%s is not possible here without the sandbox either: %s", name, loose[name])
		}
	}
	for name := range want {
		if attempts[name] == nil {
			t.Errorf("%s is in the threat model and nobody tries it", name)
		}
	}
	// What depends on nothing but the sandbox, on whatever machine.
	for _, name := range []string{"home-read", "home-open-up", "store-read", "write-outside", "tcp-other", "udp", "session-bus", "abstract-socket", "other-flow", "shell", "fork", "death-signal", "signal-host", "limit-host"} {
		if loose[name] != possible {
			t.Errorf("%s is not possible without the sandbox: nothing is proved", name)
		}
	}
}

// free is a log that opens a file of the host's with every line.
type free struct {
	*logLines
	failed error
}

func (f *free) Enabled(context.Context, slog.Level) bool { return true }
func (f *free) WithAttrs([]slog.Attr) slog.Handler       { return f }
func (f *free) Handle(context.Context, slog.Record) error {
	file, err := os.Open("/etc/passwd")
	if err == nil {
		err = file.Close()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.failed = errors.Join(f.failed, err)
	return nil
}

// What the launcher calls back runs outside of the sandbox.
func TestLogIsNotRestricted(t *testing.T) {
	r := newRig(t)
	log := &free{logLines: r.log}
	r.Log = slog.New(log)
	if _, err := r.get(limit(t), "prints", nil); err != nil {
		t.Fatal(err)
	}
	if log.failed != nil {
		t.Error(log.failed)
	}
}

// A descriptor that the host was started with is closed by the SDK although the
// sandbox hides the list of them.
func TestInheritedInSandbox(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	if err := unix.Dup3(int(null.Fd()), inheritedFD, 0); err != nil { // without close-on-exec
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(inheritedFD) }()
	r := newRig(t)
	got, err := r.get(limit(t), "is-inherited", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(unix.EBADF.Error(), " ", "_"); got.GetSecret() != want {
		t.Errorf("the flow finds the host's descriptor: %s", got.GetSecret())
	}
}

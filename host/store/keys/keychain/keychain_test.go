package keychain

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/host/store"
)

// TestMain is also security, as far as it is used here.
func TestMain(m *testing.M) {
	if dir := os.Getenv("FAKE_SECURITY"); dir != "" {
		os.Exit(fakeSecurity(dir, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// fakeSecurity keeps each item in a file, and its arguments in "args". With a
// file "exit" it ends with the code in it; with "hang" it does not end.
func fakeSecurity(dir string, args []string) int {
	log, err := os.OpenFile(filepath.Join(dir, "args"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 1
	}
	fmt.Fprintln(log, strings.Join(args, "\n"))
	log.Close()
	if code, err := os.ReadFile(filepath.Join(dir, "exit")); err == nil {
		n, _ := strconv.Atoi(string(code))
		return n
	}
	if _, err := os.Stat(filepath.Join(dir, "hang")); err == nil {
		time.Sleep(patient)
	}
	if args[0] == "-i" {
		code := 0
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			code = fakeCommand(dir, words(lines.Text()))
		}
		return code
	}
	return fakeCommand(dir, args)
}

// words is how security -i splits a line.
func words(line string) (all []string) {
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if quoted, ok := strings.CutPrefix(line, `"`); ok {
			word, rest, _ := strings.Cut(quoted, `"`)
			all, line = append(all, word), rest
			continue
		}
		word, rest, _ := strings.Cut(line, " ")
		all, line = append(all, word), rest
	}
	return all
}

func fakeCommand(dir string, args []string) int {
	options := map[string]string{}
	for i := 1; i < len(args); i++ {
		switch args[i] {
		case "-s", "-a", "-D":
			options[args[i]] = args[i+1]
			i++
		case "-w":
			if args[0] == "add-generic-password" {
				i++
				options["-w"] = args[i]
			}
		}
	}
	item := filepath.Join(dir, "item "+options["-s"]+" "+options["-a"])
	switch args[0] {
	case "default-keychain":
		fmt.Println(`    "/Users/alice/Library/Keychains/login.keychain-db"`)
	case "add-generic-password":
		if os.WriteFile(item, []byte(options["-w"]), 0o600) != nil {
			return 1
		}
	case "find-generic-password":
		text, err := os.ReadFile(item)
		if err != nil {
			return exitNotFound
		}
		fmt.Printf("%s\n", text)
	case "delete-generic-password":
		if os.Remove(item) != nil {
			return exitNotFound
		}
	default:
		return 2
	}
	return 0
}

// fake is a Provider with a keychain of the test's own in dir.
func fake(t *testing.T, limit time.Duration) (p Provider, dir string) {
	t.Helper()
	dir = t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Provider{run: func(stdin string, args ...string) ([]byte, error) {
		return run(exe, append(os.Environ(), "FAKE_SECURITY="+dir, "GORACE=atexit_sleep_ms=0"), limit, stdin, args...)
	}}, dir
}

// patient is for runs that are to end by themselves.
const patient = time.Minute

func TestKeepLoadForget(t *testing.T) {
	p, dir := fake(t, patient)
	k, other := store.NewKey(), store.NewKey()
	if _, err := p.Load(k.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("before: %v", err)
	}
	for range 2 {
		if got, err := p.Keep(k); err != nil || got.ID() != k.ID() {
			t.Fatalf("%v", err)
		}
	}
	if _, err := p.Keep(other); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
		t.Errorf("%v", err)
	}
	if err := p.Check(); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := p.Forget(k.ID()); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Load(k.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("after: %v", err)
	}
	if _, err := p.Load(other.ID()); err != nil {
		t.Errorf("the other: %v", err)
	}
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	if err != nil {
		t.Fatal(err)
	}
	b := k.Reveal()
	if bytes.Contains(args, fmt.Appendf(nil, "%x", b)) || bytes.Contains(args, b[:]) || !bytes.Contains(args, []byte("-i\n")) {
		t.Errorf("the key is among the arguments:\n%s", args)
	}
}

func TestWhatTheKeychainSays(t *testing.T) {
	for code, want := range map[int]struct {
		is   error
		says string
	}{
		44: {store.ErrNoKey, ""}, 36: {store.ErrUnavailable, "security unlock-keychain"}, 51: {store.ErrUnavailable, "not unlocked"},
		128: {store.ErrUnavailable, "not unlocked"}, 50: {store.ErrUnavailable, "no default keychain"}, 37: {store.ErrUnavailable, "no default keychain"},
		1: {store.ErrUnavailable, "exit status 1"},
	} {
		p, dir := fake(t, patient)
		if err := os.WriteFile(filepath.Join(dir, "exit"), []byte(strconv.Itoa(code)), 0o600); err != nil {
			t.Fatal(err)
		}
		k := store.NewKey()
		if _, err := p.Load(k.ID()); !errors.Is(err, want.is) || !strings.Contains(err.Error(), want.says) {
			t.Errorf("load, %d: %v", code, err)
		}
		if _, err := p.Keep(k); err == nil {
			t.Errorf("kept, %d", code)
		}
		if err := p.Check(); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("check, %d: %v", code, err)
		}
		if err := p.Forget(k.ID()); (err == nil) != (code == exitNotFound) {
			t.Errorf("forget, %d: %v", code, err)
		}
	}
}

// security -i does not say by its exit code what became of a line.
func TestAKeyThatIsNotKept(t *testing.T) {
	p, _ := fake(t, patient)
	real := p.run
	p.run = func(stdin string, args ...string) ([]byte, error) {
		if args[0] == "-i" {
			return nil, nil
		}
		return real(stdin, args...)
	}
	if _, err := p.Keep(store.NewKey()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestItemsOfOthers(t *testing.T) {
	k := store.NewKey()
	b := store.NewKey().Reveal()
	for _, text := range []string{"", "x", strings.Repeat("z", 64), strings.Repeat("0", 65), fmt.Sprintf("%x", b), strings.Repeat("0", 1<<20)} {
		p, dir := fake(t, patient)
		if err := os.WriteFile(filepath.Join(dir, "item "+service+" "+k.ID().String()), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Load(k.ID()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%.70q: %v", text, err)
		}
	}
}

func TestAKeychainThatHangs(t *testing.T) {
	p, dir := fake(t, 50*time.Millisecond)
	if err := os.WriteFile(filepath.Join(dir, "hang"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Load(store.NewKey().ID()); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "did not answer") {
		t.Errorf("%v", err)
	}
}

func TestNoSecurity(t *testing.T) {
	_, err := run(filepath.Join(t.TempDir(), "security"), nil, patient, "", "default-keychain")
	if err := classify(err); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

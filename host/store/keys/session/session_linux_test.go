package session

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/store"
)

// slow is a provider that counts how often it is asked.
type slow struct {
	keys  map[store.KeyID]store.Key
	asked int
	err   error
}

func (s *slow) Name() string { return "slow" }

func (s *slow) Load(id store.KeyID) (store.Key, error) {
	s.asked++
	k, ok := s.keys[id]
	if s.err == nil && !ok {
		return k, store.ErrNoKey
	}
	return k, s.err
}

func (s *slow) Keep(k store.Key) (store.Key, error) { s.keys[k.ID()] = k; return k, s.err }
func (s *slow) Forget(id store.KeyID) error         { delete(s.keys, id); return s.err }
func (s *slow) Check() error                        { return s.err }

// needKeyring skips where none may be used, as in a container of Docker's.
func needKeyring(t *testing.T) {
	t.Helper()
	k := store.NewKey()
	if err := add(k); err != nil {
		t.Skipf("no kernel keyring of the session may be used here: %v", err)
	}
	forget(k.ID())
}

func TestCaching(t *testing.T) {
	needKeyring(t)
	inner := &slow{keys: map[store.KeyID]store.Key{}}
	c, k := Caching(inner), store.NewKey()
	if c.Name() != "slow" || c.Check() != nil {
		t.Error("it is not the provider within")
	}
	if _, err := c.Keep(k); err != nil || c.HasCopy(k.ID()) {
		t.Errorf("%v; a copy of what was not handed out yet", err)
	}
	for range 3 {
		if got, err := c.Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
			t.Fatal(err)
		}
	}
	if inner.asked != 1 || !c.HasCopy(k.ID()) {
		t.Errorf("asked %d times", inner.asked)
	}
	if got, err := Only("slow").Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
		t.Errorf("a helper: %v", err)
	}
	inner.err = store.ErrUnavailable // locked meanwhile
	if _, err := c.Load(k.ID()); err != nil {
		t.Error(err)
	}
	inner.err = nil
	if err := c.Forget(k.ID()); err != nil || c.HasCopy(k.ID()) {
		t.Errorf("not forgotten: %v", err)
	}
	if _, err := c.Load(k.ID()); !errors.Is(err, store.ErrNoKey) || c.HasCopy(k.ID()) {
		t.Errorf("%v", err)
	}
	if _, err := Only("slow").Load(k.ID()); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNoKey) {
		t.Errorf("a helper takes it for lost: %v", err)
	}
	if _, err := Only("slow").Keep(k); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

// A copy is for this session, ends by time, and does not move the process to
// another session's keyring.
func TestACopy(t *testing.T) {
	needKeyring(t)
	before, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	if err != nil {
		t.Fatal(err)
	}
	k := store.NewKey()
	if err := add(k); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { forget(k.ID()) })
	if after, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false); err != nil || after != before {
		t.Errorf("the session's keyring was %x and is %x: %v", before, after, err)
	}
	serial, err := find(k.ID())
	if err != nil {
		t.Fatal(err)
	}
	if d, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, serial); err != nil || !strings.Contains(d, ";001b0000;") {
		t.Errorf("who merely possesses it can read it: %q, %v", d, err)
	}
	if left := timeLeft(t, serial); left != "11h" && left != "12h" {
		t.Errorf("it ends in %s", left)
	}
	for inSession, want := range map[string]string{"same": "found", "new": "not found"} {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "FIND_COPY="+k.ID().String(), "IN_SESSION="+inSession, "GORACE=atexit_sleep_ms=0")
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
			t.Errorf("%s session: %s, %v", inSession, out, err)
		}
	}
}

// timeLeft is what /proc/keys says of it.
func timeLeft(t *testing.T, serial int) string {
	t.Helper()
	b, err := os.ReadFile("/proc/keys")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 3 && f[0] == fmt.Sprintf("%08x", serial) {
			return f[3]
		}
	}
	return "never"
}

// Another program's key under that name is no copy.
func TestAWrongCopy(t *testing.T) {
	needKeyring(t)
	inner := &slow{keys: map[store.KeyID]store.Key{}}
	c, k := Caching(inner), store.NewKey()
	if _, err := c.Keep(k); err != nil {
		t.Fatal(err)
	}
	for _, payload := range [][]byte{make([]byte, store.KeySize), make([]byte, store.KeySize+1), {1}} {
		addRaw(t, k.ID(), payload)
		if c.HasCopy(k.ID()) {
			t.Errorf("%d bytes are taken for a copy", len(payload))
		}
		if got, err := c.Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
			t.Error(err)
		}
		if !c.HasCopy(k.ID()) {
			t.Error("not replaced")
		}
		forget(k.ID())
	}
}

func addRaw(t *testing.T, id store.KeyID, payload []byte) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ring, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.AddKey(keyType, description+id.String(), payload, ring); err != nil {
		t.Fatal(err)
	}
}

// TestMain is also a process that looks for a copy, in its session or in a new
// one.
func TestMain(m *testing.M) {
	text := os.Getenv("FIND_COPY")
	if text == "" {
		os.Exit(m.Run())
	}
	runtime.LockOSThread()
	if os.Getenv("IN_SESSION") == "new" {
		if _, err := unix.KeyctlJoinSessionKeyring(strconv.Itoa(os.Getpid())); err != nil {
			fmt.Print(err)
			os.Exit(1)
		}
	}
	id, err := store.ParseKeyID(text)
	if err != nil {
		fmt.Print(err)
		os.Exit(1)
	}
	if _, err := load(id); err != nil {
		fmt.Print("not found")
	} else {
		fmt.Print("found")
	}
}

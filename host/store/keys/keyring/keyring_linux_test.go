package keyring

import (
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/store"
)

func TestKeepLoadForget(t *testing.T) {
	k := store.NewKey()
	if _, err := (Provider{}).Keep(k); errors.Is(err, store.ErrUnavailable) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Provider{}.Forget(k.ID()) })
	if got, err := (Provider{}).Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
		t.Errorf("%v", err)
	}
	serial, err := find(k.ID())
	if err != nil {
		t.Fatal(err)
	}
	description, err := unix.KeyctlString(unix.KEYCTL_DESCRIBE, serial)
	if want := "001b0000;" + description[len(description)-len("authlatch:store:")-32:]; err != nil || description[len(description)-len(want):] != want {
		t.Errorf("%q, %v: not for all sessions of the user, and for nobody else", description, err)
	}
	if err := (Provider{}).Forget(k.ID()); err != nil {
		t.Error(err)
	}
	if _, err := (Provider{}).Load(k.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("after Forget: %v", err)
	}
	if err := (Provider{}).Forget(k.ID()); err != nil {
		t.Errorf("twice: %v", err)
	}
}

func TestClassify(t *testing.T) {
	for errno, want := range map[syscall.Errno]error{
		unix.ENOKEY: store.ErrNoKey, unix.EKEYREVOKED: store.ErrNoKey, unix.EKEYEXPIRED: store.ErrNoKey,
		unix.ENOSYS: store.ErrUnavailable, unix.EPERM: store.ErrUnavailable, unix.EACCES: store.ErrUnavailable, unix.EDQUOT: store.ErrUnavailable,
	} {
		if err := classify(errno); !errors.Is(err, want) || !errors.Is(err, errno) && errors.Is(want, store.ErrUnavailable) {
			t.Errorf("%v: %v", errno, err)
		}
	}
}

func TestCheckKeepsNothing(t *testing.T) {
	if err := (Provider{}).Check(); errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	for _, ring := range []int{unix.KEY_SPEC_USER_KEYRING, unix.KEY_SPEC_SESSION_KEYRING} {
		if _, err := unix.KeyctlSearch(ring, keyType, "authlatch:check", 0); !errors.Is(err, unix.ENOKEY) {
			t.Errorf("%v", err)
		}
	}
}

func TestPlaceIsTheUserNamespace(t *testing.T) {
	here := Provider{}.Place()
	if !regexp.MustCompile(`^user:\[\d+\]$`).MatchString(here) {
		t.Fatalf("%q", here)
	}
	cmd := exec.Command("readlink", "/proc/self/ns/user")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no user namespace may be made here: %v", err)
	}
	if strings.TrimSpace(string(out)) == here {
		t.Errorf("another user namespace is %s as well", out)
	}
}

package keyring

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/store"
)

// A process that sudo has given another user keeps the session's keyring, which
// is linked to the first user's. It gets nothing of it.
func TestAnotherUserInTheSession(t *testing.T) {
	if s := os.Getenv("KEYRING_TEST_SERIAL"); s != "" {
		tryToRead(t, s)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	k := store.NewKey()
	if _, err := (Provider{}).Keep(k); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = Provider{}.Forget(k.ID()) })
	serial, err := find(k.ID())
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // the child gets this thread's session, and the thread goes with the test
	if _, err := unix.KeyctlJoinSessionKeyring("authlatch-test"); err != nil {
		t.Skip(err)
	}
	if _, err := unix.KeyctlInt(unix.KEYCTL_LINK, unix.KEY_SPEC_USER_KEYRING, unix.KEY_SPEC_SESSION_KEYRING, 0, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := (Provider{}).Load(k.ID()); err != nil {
		t.Errorf("its own user cannot read it: %v", err)
	}
	self, err := os.Open("/proc/self/exe") // the directory may be root's alone
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	cmd := exec.Command("/proc/self/fd/3", "-test.run=^TestAnotherUserInTheSession$")
	cmd.ExtraFiles = []*os.File{self}
	cmd.Dir = "/"
	cmd.Env = []string{"KEYRING_TEST_SERIAL=" + strconv.Itoa(serial), "KEYRING_TEST_ID=" + k.ID().String()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "refused all") {
		t.Errorf("%v\n%s", err, out)
	}
}

func tryToRead(t *testing.T, serial string) {
	n, err := strconv.Atoi(serial)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := unix.KeyctlSearch(unix.KEY_SPEC_SESSION_KEYRING, keyType, description+os.Getenv("KEYRING_TEST_ID"), 0); err == nil {
		t.Error("it is found in the session's keyring")
	}
	var b [store.KeySize]byte
	if n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, n, b[:], 0); err == nil {
		t.Errorf("%d bytes are read by the serial number", n)
	}
	if !t.Failed() {
		os.Stdout.WriteString("refused all\n")
	}
}

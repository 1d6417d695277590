package keyring

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/store"
)

const (
	keyType     = "user"
	description = "authlatch:store:"
	// permissions: view, read, search and link for every process of the user, also
	// in a session that is not linked to the user's keyring (a systemd service), and
	// nothing for who merely possesses the key. Possession goes with the session's
	// keyring, which a process keeps that sudo or su has given another user.
	permissions = 0x001b0000
)

// Load reads the key from the user's keyring: two system calls.
func (Provider) Load(id store.KeyID) (k store.Key, err error) {
	serial, err := find(id)
	if err != nil {
		return k, classify(err)
	}
	var b [store.KeySize + 1]byte // one more shows a key that is too long
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, serial, b[:], 0)
	if err != nil {
		return k, classify(err)
	}
	if n != store.KeySize {
		return k, fmt.Errorf("%w: it has another length", store.ErrNoKey)
	}
	return store.KeyOf([store.KeySize]byte(b[:n])), nil
}

// Keep puts the key into the user's keyring.
func (Provider) Keep(k store.Key) (store.Key, error) {
	b := k.Reveal()
	err := withNew(description+k.ID().String(), b[:], func(serial int) error {
		_, err := unix.KeyctlInt(unix.KEYCTL_LINK, serial, unix.KEY_SPEC_USER_KEYRING, 0, 0)
		return err
	})
	if err != nil {
		return store.Key{}, err
	}
	return k, nil
}

// Check makes a key as Keep does, and drops it.
func (Provider) Check() error {
	return withNew("authlatch:check", []byte("authlatch"), func(int) error {
		_, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_USER_KEYRING, false)
		return err
	})
}

// Place is the user namespace: each has a keyring of its own for every user.
func (Provider) Place() string {
	place, err := os.Readlink("/proc/self/ns/user")
	if err != nil {
		return "" // no /proc here
	}
	return place
}

// withNew calls do with a new key. Permissions can be set only by who possesses
// it: so it is made in a keyring of this thread, where do finds it ready.
func withNew(description string, payload []byte, do func(serial int) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	serial, err := unix.AddKey(keyType, description, payload, unix.KEY_SPEC_THREAD_KEYRING)
	if err != nil {
		return classify(err)
	}
	defer func() { // or it goes with the thread
		_, _ = unix.KeyctlInt(unix.KEYCTL_UNLINK, serial, unix.KEY_SPEC_THREAD_KEYRING, 0, 0)
	}()
	if err := unix.KeyctlSetperm(serial, permissions); err != nil {
		return classify(err)
	}
	return classify(do(serial))
}

// Forget takes the key out of the user's keyring.
func (Provider) Forget(id store.KeyID) error {
	serial, err := find(id)
	if err == nil {
		_, err = unix.KeyctlInt(unix.KEYCTL_UNLINK, serial, unix.KEY_SPEC_USER_KEYRING, 0, 0)
	}
	if err = classify(err); errors.Is(err, store.ErrNoKey) {
		return nil
	}
	return err
}

func find(id store.KeyID) (int, error) {
	return unix.KeyctlSearch(unix.KEY_SPEC_USER_KEYRING, keyType, description+id.String(), 0)
}

// classify: a keyring that answers "no such key" works, and the key is gone. All
// else (ENOSYS and EPERM of seccomp, EACCES, EDQUOT) is a keyring that does not.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ENOKEY), errors.Is(err, unix.EKEYREVOKED), errors.Is(err, unix.EKEYEXPIRED):
		return fmt.Errorf("kernel keyring: %w", store.ErrNoKey)
	}
	return fmt.Errorf("%w (kernel keyring: %w)", store.ErrUnavailable, err)
}

package session

import (
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/host/store"
)

// A key of this type and description. Every process of the user may view, read,
// search and link it, and who merely possesses it may do nothing: possession goes
// with the session's keyring, which a process keeps that sudo or su has given
// another user.
const (
	keyType     = "user"
	description = "authlatch:copy:"
	permissions = 0x001b0000
)

// load is two system calls.
func load(id store.KeyID) (k store.Key, err error) {
	serial, err := find(id)
	if err != nil {
		return k, errNone
	}
	var b [store.KeySize + 1]byte // one more shows a key that is too long
	n, err := unix.KeyctlBuffer(unix.KEYCTL_READ, serial, b[:], 0)
	if err != nil || n != store.KeySize {
		return k, errNone
	}
	if k = store.KeyOf([store.KeySize]byte(b[:n])); k.ID() != id {
		return store.Key{}, errNone // another program's doing
	}
	return k, nil
}

// add keeps a copy in the session's keyring as it is. Adding to "the session's
// keyring" by that name would make an anonymous one where the session has only
// the kernel's default, for this thread alone, and lose the copy with it.
func add(k store.Key) error {
	// The thread that looks a keyring up possesses it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ring, err := unix.KeyctlGetKeyringID(unix.KEY_SPEC_SESSION_KEYRING, false)
	if err != nil {
		return err
	}
	b := k.Reveal()
	// It is made ready where nobody else can see it, in a keyring of this thread.
	serial, err := unix.AddKey(keyType, description+k.ID().String(), b[:], unix.KEY_SPEC_THREAD_KEYRING)
	if err != nil {
		return err
	}
	defer unlink(serial, unix.KEY_SPEC_THREAD_KEYRING)
	if _, err := unix.KeyctlInt(unix.KEYCTL_SET_TIMEOUT, serial, int(life.Seconds()), 0, 0); err != nil {
		return err
	}
	if err := unix.KeyctlSetperm(serial, permissions); err != nil {
		return err
	}
	_, err = unix.KeyctlInt(unix.KEYCTL_LINK, serial, ring, 0, 0)
	return err
}

func forget(id store.KeyID) {
	if serial, err := find(id); err == nil {
		unlink(serial, unix.KEY_SPEC_SESSION_KEYRING)
	}
}

// unlink takes a copy out of a keyring; what cannot be, ends by time.
func unlink(serial, ring int) {
	_, _ = unix.KeyctlInt(unix.KEYCTL_UNLINK, serial, ring, 0, 0)
}

func find(id store.KeyID) (int, error) {
	return unix.KeyctlSearch(unix.KEY_SPEC_SESSION_KEYRING, keyType, description+id.String(), 0)
}

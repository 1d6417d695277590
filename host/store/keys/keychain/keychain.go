// Package keychain keeps a store's key in the macOS Keychain of the user, by
// /usr/bin/security: without cgo there is no other way. The key goes to it on its
// standard input, never as an argument, which every user of the machine can read.
//
// The item's access list names /usr/bin/security, so every program of this user
// can get the key with it while the keychain is unlocked: it protects against
// other users, a stolen disk and a copied home directory.
package keychain

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// Name is how a store records this provider.
const Name = "keychain"

const (
	program = "/usr/bin/security"
	service = "authlatch store key"
)

// limit is for one run of security, which takes some ten milliseconds: if the
// keychain is locked it opens a window, and a person who is there may need it.
const limit = 10 * time.Second

// Exit codes of security are the low bytes of Security framework errors.
const (
	exitNotFound     = 44 // errSecItemNotFound, -25300
	exitNotAllowed   = 36 // errSecInteractionNotAllowed, -25308
	exitAuthFailed   = 51 // errSecAuthFailed, -25293
	exitNoKeychain   = 50 // errSecNoSuchKeychain, -25294
	exitNoDefault    = 37 // errSecNoDefaultKeychain, -25307
	exitUserCanceled = 128
)

// Provider is a store.KeyProvider. The zero value is ready.
type Provider struct {
	// run runs security; nil is the real one.
	run func(stdin string, args ...string) (stdout []byte, err error)
}

// Name is "keychain".
func (Provider) Name() string { return Name }

// Load asks the keychain for the key: one child process.
func (p Provider) Load(id store.KeyID) (store.Key, error) {
	out, err := p.security("", "find-generic-password", "-s", service, "-a", id.String(), "-w")
	if err != nil {
		return store.Key{}, classify(err)
	}
	var b [store.KeySize]byte
	text := bytes.TrimSuffix(out, []byte("\n"))
	if hex.DecodedLen(len(text)) != len(b) || len(text)%2 != 0 {
		return store.Key{}, errForeign
	}
	if _, err := hex.Decode(b[:], text); err != nil {
		return store.Key{}, errForeign
	}
	k := store.KeyOf(b)
	if k.ID() != id {
		return store.Key{}, errForeign
	}
	return k, nil
}

// Keep adds the key to the default keychain, and looks whether it is there.
func (p Provider) Keep(k store.Key) (store.Key, error) {
	b := k.Reveal()
	// A line of security's own language: of what is in it nothing needs quotes but
	// the service.
	line := fmt.Sprintf("add-generic-password -U -s %q -a %s -D %q -w %s\n", service, k.ID(), "application key", hex.EncodeToString(b[:]))
	if _, err := p.security(line, "-i"); err != nil {
		return store.Key{}, classify(err)
	}
	got, err := p.Load(k.ID())
	if errors.Is(err, store.ErrNoKey) {
		return store.Key{}, unavailable("the Keychain does not keep it")
	}
	return got, err
}

// Forget removes the key.
func (p Provider) Forget(id store.KeyID) error {
	_, err := p.security("", "delete-generic-password", "-s", service, "-a", id.String())
	if err = classify(err); errors.Is(err, store.ErrNoKey) {
		return nil
	}
	return err
}

// Check looks for the default keychain.
func (p Provider) Check() error {
	out, err := p.security("", "default-keychain")
	if err == nil && len(bytes.TrimSpace(out)) == 0 {
		err = errors.New("there is no default keychain")
	}
	if err = classify(err); errors.Is(err, store.ErrNoKey) {
		return unavailable("there is no default keychain")
	}
	return err
}

var errForeign = unavailable("the Keychain's item holds something else")

func (p Provider) security(stdin string, args ...string) ([]byte, error) {
	if p.run != nil {
		return p.run(stdin, args...)
	}
	return run(program, os.Environ(), limit, stdin, args...)
}

// maxOutput is far above what is asked for here.
const maxOutput = 4096

// errTimeout: security did not end by itself.
var errTimeout = fmt.Errorf("security did not answer within %v; unlock the keychain", limit)

func run(program string, env []string, limit time.Duration, stdin string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = env
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	var out bounded
	cmd.Stdout = &out
	cmd.WaitDelay = time.Second // for a child of its own that holds the pipes
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, errTimeout
	}
	return out.b, err
}

// bounded drops what is too much; it is nothing that was asked for then.
type bounded struct{ b []byte }

func (w *bounded) Write(p []byte) (int, error) {
	w.b = append(w.b, p[:min(len(p), maxOutput-len(w.b))]...)
	return len(p), nil
}

// classify: only "no such item" means that the key is gone.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	switch exit.ExitCode() {
	case exitNotFound:
		return fmt.Errorf("the Keychain: %w", store.ErrNoKey)
	case exitNotAllowed:
		return unavailable("the Keychain is locked and there is no desktop to ask on; run: security unlock-keychain")
	case exitAuthFailed, exitUserCanceled:
		return unavailable("the Keychain was not unlocked")
	case exitNoKeychain, exitNoDefault:
		return unavailable("there is no default keychain")
	}
	return unavailable(fmt.Sprintf("security ended with %v", exit))
}

func unavailable(why string) error { return fmt.Errorf("%w: %s", store.ErrUnavailable, why) }

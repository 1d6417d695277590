package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// keySource is one place where a store's key can be, as the user names it.
type keySource struct {
	name string // for the table
	key  string // AUTHLATCH_STORE_KEY
}

// keySources that are measured where they work.
var keySources = []keySource{
	{"key file", "file"},
	{"kernel keyring", "keyring"},
}

// home is a user's own: a home directory and a store.
type home struct {
	*world
	dir     string
	key     string
	profile string // "" is the default one
	n       int    // of the store in use
}

func (w *world) newHome(name, key string) (*home, error) {
	h := &home{world: w, dir: filepath.Join(w.dir, name), key: key}
	w.homes = append(w.homes, h)
	return h, os.Mkdir(h.dir, 0o700)
}

// command is one of our programs in this home.
func (h *home) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = h.dir
	cmd.Env = append(h.environ(h.dir),
		"AUTHLATCH_CONFIG="+h.configFile(), "AUTHLATCH_STORE_DIR="+h.store(), "AUTHLATCH_STORE_KEY="+h.key)
	if h.profile != "" {
		cmd.Env = append(cmd.Env, "AUTHLATCH_PROFILE="+h.profile)
	}
	return cmd
}

// getToken is what kubectl runs.
func (h *home) getToken(ctx context.Context) *exec.Cmd {
	return h.command(ctx, h.program("kubectl-authlatch"), "get-token")
}

func (h *home) store() string { return filepath.Join(h.dir, fmt.Sprintf("store-%d", h.n)) }

// errNotKept is why a source of keys cannot be measured here.
var errNotKept = errors.New("it keeps no key here")

// signIn fills the store of h, and fails with errNotKept if the next call is not
// answered from it.
func (h *home) signIn(ctx context.Context) error {
	get := program("kubectl-authlatch", nil, h.getToken)
	if _, err := get.do(ctx); err != nil {
		return err
	}
	before, err := h.tokenRequests(ctx)
	if err != nil {
		return err
	}
	if _, err := get.do(ctx); err != nil {
		return err
	}
	after, err := h.tokenRequests(ctx)
	if err == nil && after != before {
		err = errNotKept
	}
	return err
}

// forget gives h a new store, for a cold sign-in. The old one stays where it is:
// a file system that has just removed many files is slow to make others.
func (h *home) forget() error {
	h.n++
	return nil
}

// fill puts n entries beside those that there are. A reader has no way to see
// that they are copies: it looks for one name only.
func (h *home) fill(n int) error {
	// An entry's name is the SHA-256 of what it is for.
	entries, err := filepath.Glob(filepath.Join(h.store(), "accounts", "*", strings.Repeat("?", 64)))
	if err == nil && len(entries) == 0 {
		err = errors.New("the store has no entry to copy")
	}
	if err != nil {
		return err
	}
	content, err := os.ReadFile(entries[0])
	if err != nil {
		return err
	}
	dir, name := filepath.Split(entries[0])
	for i := range n {
		other := fmt.Sprintf("%0*x", len(name), i)
		if err := os.WriteFile(filepath.Join(dir, other), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// users is how many are signed in before the crash; more than a rekey's chunk of
// entries would make the test long, and nothing more of it.
const users = 2

// crash is one thing that a process does when it is killed.
type crash struct {
	act string
	// from is the texts on disk before, "" for an empty store.
	from string
	// harm is done to the store before.
	harm func(t *testing.T, dir string)
	// to is what may be there afterwards of user 0, as state, binding and token.
	to []string
	// lost: other users' entries may be gone too.
	lost bool
	// atOnce: the files get to the disk at the same time, so that not every call
	// can be met.
	atOnce bool
}

// Killed before each of its system calls in turn, a process leaves of every entry
// the old one or the new one, nothing that anybody is warned of, and nothing that
// is in the way of the next.
func TestKilledAtEverySystemCall(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		missing(t, "install strace to kill a process at each of its system calls")
	}
	for name, c := range map[string]crash{
		"the first answer":     {act: "answer", to: []string{"  ", "new  ", "new new ", "new new new"}},
		"an answer":            {act: "answer", from: "old", to: []string{"old old old", "new old old", "new new old", "new new new"}},
		"an answer at once":    {act: "answer", from: "old", to: []string{"old old old", "new old old", "new new old", "new new new"}, atOnce: true},
		"a token":              {act: "renew", from: "old", to: []string{"old old old", "old old new"}},
		"a rekey":              {act: "rekey", from: "old", to: []string{"old old old"}},
		"a rejected token":     {act: "reject", from: "old", to: []string{"old old old", "old old "}},
		"a sign-out":           {act: "remove", from: "old", to: []string{"old old old", " old old", " old ", "  old", "  "}},
		"a sign-out of all":    {act: "removeall", from: "old", to: []string{"old old old", " old old", " old ", "  old", "  ", "old  ", "old old ", "old  old"}, lost: true},
		"a token moved aside":  {act: "read", from: "old", harm: damageToken, to: []string{"old old "}},
		"a damaged one healed": {act: "answer", from: "old", harm: damageToken, to: []string{"old old ", "new old ", "new new ", "new new new"}},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.everywhere(t, strace) })
	}
}

// everywhere kills the process at every system call that concerns the store.
func (c crash) everywhere(t *testing.T, strace string) {
	template := t.TempDir()
	if c.from != "" {
		s := open(template, func(w string) { t.Error(w) })
		for user := range users {
			s.PutAnswer(answer(user, c.from))
		}
	}
	if c.harm != nil {
		c.harm(t, template)
	}
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	// run returns the calls as far as they come.
	run := func(inject string) []call {
		t.Helper()
		if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(template)), private(dir)); err != nil {
			t.Fatal(err)
		}
		args := []string{strace, "-f", "-qq", "-y", "-o", log, "-e", "trace=%file,%desc"}
		if inject != "" {
			args = append(args, "-e", "inject="+inject)
		}
		cmd := child(t.Context(), c.act, dir, args...)
		if !c.atOnce {
			cmd.Env = append(cmd.Env, "STORE_TEST_IN_ORDER=1")
		}
		out, err := cmd.CombinedOutput()
		if err != nil && inject == "" {
			missing(t, fmt.Sprintf("strace cannot trace here: %v %s", err, out))
		}
		if len(out) > 0 && c.harm == nil {
			t.Fatalf("%s: %s", inject, out)
		}
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return callsOn(string(text), dir)
	}
	all := run("")
	c.check(t, dir, "no crash")
	left := map[string]int{} // which it has not been killed at, and how often they come
	for _, call := range all {
		left[call.what]++
		if store.Scale(0, 1) == 0 {
			left[call.what] = 1 // once is enough
		}
	}
	total, killed := len(left), 0
	// Threads that the runtime has of its own may shift the numbers a little.
	for round := 0; len(left) > 0 && round < 30; round++ {
		for _, call := range all {
			if _, ok := left[call.what]; !ok {
				continue
			}
			calls := run(fmt.Sprintf("%s:signal=KILL:when=%d", call.name, call.n))
			if len(calls) == 0 || !calls[len(calls)-1].killed {
				continue
			}
			at := calls[len(calls)-1].what
			killed++
			c.check(t, dir, at)
			if left[at]--; left[at] <= 0 {
				delete(left, at)
			}
		}
		if c.atOnce {
			clear(left)
		}
	}
	for what := range left {
		t.Errorf("never killed at %s", what)
	}
	t.Logf("killed %d times at %d different calls", killed, total)
}

// check looks at the store as the next processes do.
func (c crash) check(t *testing.T, dir, at string) {
	t.Helper()
	var warnings []string
	warn := func(w string) { warnings = append(warnings, w) }
	for user := range users {
		state, binding, token := kept(open(dir, warn), user)
		got := strings.Join([]string{state, binding, token}, " ")
		allowed := []string{strings.Join([]string{c.from, c.from, c.from}, " ")}
		if user == 0 || c.lost {
			allowed = c.to
		}
		if !slices.Contains(allowed, got) {
			t.Errorf("killed at %s: user %d has %q", at, user, got)
		}
	}
	if c.harm == nil && !c.lost && len(warnings) > 0 {
		t.Errorf("killed at %s: %q", at, warnings)
	}

	// Nothing is in the way of the next, and a later listing leaves no rubbish.
	warnings = nil
	open(dir, warn).PutAnswer(answer(0, "next"))
	if state, binding, token := kept(open(dir, warn), 0); state+binding+token != "nextnextnext" {
		t.Errorf("killed at %s: then %q, %q, %q", at, state, binding, token)
	}
	if !c.lost && len(warnings) > 0 {
		t.Errorf("killed at %s: then %q", at, warnings)
	}
	if c.act == "rekey" {
		if done, err := open(dir, warn).Rekey(t.Context(), nil); err != nil || done.Left > 0 || len(done.Kept) > 0 || done.Entries != 3*users {
			t.Errorf("killed at %s: the next rekey: %+v, %v", at, done, err)
		}
		if b, _ := os.ReadFile(filepath.Join(dir, "key")); strings.Count(string(b), "\n") != 1 {
			t.Errorf("killed at %s: keys are left", at)
		}
	}
	openAt(dir, warn, func() time.Time { return time.Now().Add(24 * time.Hour) }).Accounts()
	_ = filepath.WalkDir(filepath.Join(dir, "store"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || strings.HasPrefix(filepath.Base(path), ".tmp-") {
			t.Errorf("killed at %s: %s is left, %v", at, path, err)
		}
		return nil
	})
	if c.lost {
		if err := open(dir, warn).RemoveAll(); err != nil {
			t.Errorf("killed at %s: the next sign-out: %v", at, err)
		}
	}
}

// private gives a copy the modes of a store.
func private(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	})
}

// damageToken truncates user 0's token.
func damageToken(t *testing.T, dir string) {
	t.Helper()
	found := 0
	_ = filepath.WalkDir(filepath.Join(dir, "store", "accounts"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "binding" {
			b, _ := os.ReadFile(path)
			if err := os.WriteFile(path, b[:len(b)/2], 0o600); err != nil {
				t.Error(err)
			}
			if _, ok := store.ReadToken(filepath.Join(dir, "store"), keysIn(dir), answer(0, "").Key); !ok {
				found++
				return fs.SkipAll
			}
			return os.WriteFile(path, b, 0o600)
		}
		return err
	})
	if found != 1 {
		t.Fatal("user 0's token was not found")
	}
}

// missing skips what a machine cannot show, except where everything is installed.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// Process is one that works on a store. Its zero value is not known.
type Process struct {
	PID int `json:"pid"`
	// Command is what it calls itself, clean and bounded; never its arguments.
	Command string `json:"command,omitempty"`
}

// String is "authlatch login, pid 4711"; "" if it is not known.
func (p Process) String() string {
	switch {
	case p.PID == 0:
		return ""
	case p.Command == "":
		return fmt.Sprintf("pid %d", p.PID)
	}
	return fmt.Sprintf("%s, pid %d", p.Command, p.PID)
}

// Holder is the process that holds a lock, and since when.
type Holder struct {
	Process
	Since time.Time `json:"since"`
}

// Held is a lock that somebody holds. Who it is may not be known: then all but
// Lock is zero.
type Held struct {
	// Lock is its name, as Lock takes it; "" if that is not known either.
	Lock string `json:"lock"`
	Holder
}

// Words say who holds it and what for: "another process that signs in (authlatch
// login, pid 4711, for 12 s)".
func (h Held) Words(now time.Time) string {
	who := "another process that " + h.Doing()
	if h.PID == 0 {
		return who
	}
	return fmt.Sprintf("%s (%s, for %d s)", who, h.Process, max(0, int(now.Sub(h.Since)/time.Second)))
}

// Doing is what the holder does: "signs in".
func (h Held) Doing() string {
	switch what, _, _ := strings.Cut(h.Lock, " "); what {
	case signInLock:
		return "signs in"
	case accountLock, silentLock:
		return "renews a token"
	case rekeyLock:
		return "changes the store's key"
	case entriesLock:
		return "keeps a token"
	}
	return "uses the store"
}

// LockedError says that somebody else held a lock until the wait for it ended. It
// wraps the context's error.
type LockedError struct {
	Held Held
	At   time.Time
	Err  error
}

func (e *LockedError) Error() string {
	return "waited for " + e.Held.Words(e.At) + ": " + e.Err.Error()
}
func (e *LockedError) Unwrap() error { return e.Err }

// Locks lists the locks that are held at this moment, by this process too, in no
// order. It waits for none.
func (s *Store) Locks() []Held {
	var all []Held
	if s.opt.Dir == "" || checkDir(s.opt.Dir) != nil {
		return nil
	}
	for _, file := range s.names(locksDir) {
		path := filepath.Join(s.opt.Dir, locksDir, file)
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			continue
		}
		// Shared, so that two who look do not see each other.
		l := flock.New(path, flock.SetFlag(os.O_RDONLY|noWait))
		if free, err := l.TryRLock(); free || err != nil {
			_ = l.Close()
			continue
		}
		all = append(all, readHeld(path, ""))
	}
	return all
}

// Who has a lock writes so into its file, behind what Windows locks (its first
// byte), always as many bytes, so that nothing is ever truncated.
const (
	heldAt   = 16
	heldSize = 512
	// maxCommand bounds a command, in characters: heldSize takes it, each of them
	// in six bytes of JSON.
	maxCommand = 40
)

// sign writes who has the lock. It is only for people to read: what cannot be
// written is left.
func sign(path string, h Held) (erase func()) {
	f, err := os.OpenFile(path, os.O_WRONLY|noWait, 0)
	if err != nil {
		return func() {}
	}
	write := func(b []byte) {
		page := bytes.Repeat([]byte{' '}, heldSize)
		copy(page, b)
		_, _ = f.WriteAt(page, heldAt)
	}
	write(encode(h))
	return func() {
		write(nil)
		_ = f.Close()
	}
}

// readHeld reads who has the lock of that name, or of whichever the file says that
// it is. The file may hold anything.
func readHeld(path, name string) Held {
	unknown := Held{Lock: name}
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return unknown
	}
	defer f.Close()
	page := make([]byte, heldSize)
	n, _ := f.ReadAt(page, heldAt)
	var h Held
	if json.Unmarshal(page[:n], &h) != nil || lockID(h.Lock).String() != filepath.Base(path) || h.PID <= 0 {
		return unknown
	}
	h.Command = sanitize.Line(h.Command, maxCommand)
	return h
}

// self is this process, as of now.
func (s *Store) self() Holder { return Holder{s.process(), s.opt.Now()} }

func (s *Store) process() Process {
	command := s.opt.Command
	if command == "" {
		if exe, err := os.Executable(); err == nil {
			command = filepath.Base(exe)
		}
	}
	return Process{os.Getpid(), sanitize.Line(command, maxCommand)}
}

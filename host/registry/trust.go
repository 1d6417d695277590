package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/authlatch/authlatch/host/registry/manifest"
	"github.com/authlatch/authlatch/internal/content"
	"github.com/authlatch/authlatch/internal/handshake"
)

// Candidate is what the user looks at before they trust it. Its texts are clean.
type Candidate struct {
	Name string
	Path string // absolute, of the executable or flow.toml
	// Owner is a user's name or number; "" if unknown.
	Owner string
	Mode  fs.FileMode
	Size  int64 // in bytes
	// SHA256 of what is at Path, and Pinned what was trusted before; "" if nothing
	// was.
	SHA256 string
	Pinned string
	// Manifest is what flow.toml says, and all its files are as it says; nil for
	// one executable.
	Manifest *manifest.Manifest
}

// ErrInstallation says that a flow of that name belongs to the installation,
// which needs no trust and cannot lose it.
var ErrInstallation = errors.New("belongs to the installation, and is trusted as authlatch itself is")

// ErrProgram says that a flow of that name was pinned by the embedding program.
var ErrProgram = errors.New("was pinned by the program itself")

// anySum stands for the one that is about to be pinned.
var anySum = strings.Repeat("0", 64)

// Examine looks at a flow to be trusted and runs nothing of it. what is its name
// in UserDir, or a path with a separator in it: of an executable called
// authlatch-flow-NAME, of a directory with a flow.toml, or of that. Errors are
// *NotFoundError, *NotTrustedError for what could not be run if it were trusted,
// *PinsError, and those that wrap ErrInstallation or ErrProgram.
func (r *Registry) Examine(ctx context.Context, what string) (*Candidate, error) {
	pins, perr := r.userPins()
	if perr != nil {
		return nil, perr
	}
	c := candidate{name: what, source: User}
	if strings.ContainsRune(what, filepath.Separator) || strings.Contains(what, "/") {
		var err error
		if c.name, c.path, err = examinedPath(what); err != nil {
			return nil, err
		}
	}
	known, ok := r.candidate(c.name, pins)
	switch {
	case ok && known.source == Installation:
		return nil, fmt.Errorf("flow %s %w", c.name, ErrInstallation)
	case ok && known.source == Program:
		return nil, fmt.Errorf("flow %s %w", c.name, ErrProgram)
	case c.path == "" && !ok:
		return nil, r.notFound(c.name)
	case c.path == "":
		c = known
	}
	c.pinned = pins[c.name].SHA256
	refuse := func(reason string) (*Candidate, error) {
		return nil, &NotTrustedError{Name: c.name, Path: c.path, Reason: reason, Want: c.pinned, Got: sumOf(ctx, c.path),
			Next: "correct that first, and then look at it again"}
	}
	if !plainPath(c.path) {
		return refuse("has a name with characters that cannot be shown")
	}
	reason := r.mayRun(candidate{name: c.name, path: c.path, source: User, pinned: anySum})
	if reason != "" {
		return refuse(reason)
	}
	e := &Candidate{Name: c.name, Path: c.path, Pinned: c.pinned}
	if err := e.read(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return refuse(err.Error())
	}
	return e, nil
}

// examinedPath makes the path absolute that the user has given, which is the
// only one that may be relative, and says what the flow there is called.
func examinedPath(path string) (name, abs string, err error) {
	if abs, err = filepath.Abs(path); err != nil {
		return "", "", err
	}
	if info, err := os.Lstat(abs); err == nil && info.IsDir() {
		abs = filepath.Join(abs, manifest.FileName)
	}
	refuse := func(name, reason string) (string, string, error) {
		return "", "", &NotTrustedError{Name: name, Path: abs, Reason: reason}
	}
	if filepath.Base(abs) != manifest.FileName {
		name, ok := flowName(filepath.Base(abs))
		if !ok {
			return refuse(filepath.Base(abs), "is not called "+handshake.NamePrefix+"NAME"+exeSuffix)
		}
		return name, abs, nil
	}
	text, err := content.Read(abs, manifest.MaxSize)
	if err != nil {
		return refuse(filepath.Base(filepath.Dir(abs)), "cannot be read: "+err.Error())
	}
	m, err := manifest.Parse(text)
	if err != nil {
		return refuse(filepath.Base(filepath.Dir(abs)), err.Error())
	}
	return m.Name, abs, nil
}

// read fills in what is at e.Path. Its error follows the path.
func (e *Candidate) read(ctx context.Context) error {
	f, info, err := content.Open(e.Path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	e.Owner, e.Mode, e.Size = ownerName(info), info.Mode(), info.Size()
	if filepath.Base(e.Path) != manifest.FileName {
		var magic [2]byte
		if n, _ := f.ReadAt(magic[:], 0); n == len(magic) && string(magic[:]) == "#!" {
			return errors.New("is a script: it needs a " + manifest.FileName + " that pins its interpreter")
		}
		e.SHA256, _, err = content.Copy(ctx, io.Discard, f, content.MaxExecutable)
		return err
	}
	text, err := content.Read(e.Path, manifest.MaxSize)
	if err != nil {
		return err
	}
	m, err := manifest.Parse(text)
	if err != nil {
		return err
	}
	if m.Name != e.Name {
		return fmt.Errorf("is of a flow that is called %s", m.Name)
	}
	e.SHA256, e.Manifest = content.Sum(text), m
	if err := m.Verify(ctx, filepath.Dir(e.Path), nil); err != nil {
		return fmt.Errorf("is not what is there: %w", err)
	}
	if m.Interpreter == nil {
		return nil
	}
	if got := sumOf(ctx, m.Interpreter.Path); got != m.Interpreter.SHA256 {
		return fmt.Errorf("names the interpreter %s with sha256 %s, which has %s", m.Interpreter.Path, m.Interpreter.SHA256, orNone(got))
	}
	return nil
}

func orNone(sum string) string {
	if sum == "" {
		return "none"
	}
	return sum
}

// Trust pins what Examine has shown: its content may run from now on, and no
// other. now is for the user to read later.
func (r *Registry) Trust(ctx context.Context, c *Candidate, now time.Time) error {
	return r.change(ctx, func(pins map[string]userPin) error {
		if len(pins) >= maxPins {
			return fmt.Errorf("more than %d flows are trusted already", maxPins)
		}
		pins[c.Name] = userPin{Path: c.Path, SHA256: c.SHA256, TrustedOn: now.UTC().Truncate(time.Second)}
		return nil
	})
}

// Untrust takes the user's pin of a flow back. Its error is a *NotFoundError if
// there is none, or wraps ErrInstallation or ErrProgram.
func (r *Registry) Untrust(ctx context.Context, name string) error {
	return r.change(ctx, func(pins map[string]userPin) error {
		pin, ok := pins[name]
		c, found := r.candidate(name, nil)
		switch {
		case ok:
			delete(pins, name)
			r.forgetDescription(name, pin.SHA256)
			return nil
		case found && c.source == Installation:
			return fmt.Errorf("flow %s %w", name, ErrInstallation)
		case found && c.source == Program:
			return fmt.Errorf("flow %s %w", name, ErrProgram)
		case found:
			return nil // it is not trusted
		}
		return r.notFound(name)
	})
}

// lockTimeout bounds the wait for another authlatch that changes the pins, which
// takes it milliseconds.
const lockTimeout = 5 * time.Second

// change does one change to the pins file at a time.
func (r *Registry) change(ctx context.Context, do func(map[string]userPin) error) error {
	if !filepath.IsAbs(r.PinsFile) {
		return errors.New("there is no directory for the user's data, because there is no home directory")
	}
	dir := filepath.Dir(r.PinsFile)
	if err := mayWrite(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	lock := flock.New(r.PinsFile+".lock", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 10*time.Millisecond); err != nil {
		return fmt.Errorf("lock %s: %w", r.PinsFile, err)
	}
	defer func() { _ = lock.Unlock() }()
	pins, perr := r.userPins()
	if perr != nil {
		return perr
	}
	if pins == nil {
		pins = make(map[string]userPin)
	}
	if err := do(pins); err != nil {
		return err
	}
	return r.writePins(pins)
}

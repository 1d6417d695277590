package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/authlatch/authlatch/host/registry/manifest"
	"github.com/authlatch/authlatch/internal/content"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// image is what a process is started from: the installation's file itself, or
// content that was verified after it could no longer be changed.
type image struct {
	// path is executed, with argv; "" if fd is.
	path string
	argv []string
	// fd is a sealed memfd to execute instead; nil if there is none.
	fd *os.File
	// files is the private directory with the verified files of a flow with a
	// manifest; "" if it has none.
	files string
	// declared is that flow's manifest.
	declared *manifest.Manifest

	dirs []*privateDir // to remove when the flow has ended
}

// ChangedError says that a flow is not, or no longer, what was pinned.
type ChangedError struct {
	Flow string
	// Path is the file that differs: the binary, the manifest, or one that the
	// manifest lists.
	Path string
	// Want and Got are SHA-256 in lowercase hex.
	Want, Got string
}

func (e *ChangedError) Error() string {
	return fmt.Sprintf("flow %s is not trusted: %s has changed", e.Flow, e.Path)
}

// load makes what is executed for b. Nothing that happens to b.Path or the files
// beside it afterwards has an effect. Its errors are ctx's, a *ChangedError or a
// *PluginError.
func (l *Launcher) load(ctx context.Context, b Binary) (*image, error) {
	i := &image{path: b.Path, argv: []string{b.Path}}
	if b.SHA256 == "" {
		return i, nil
	}
	err := i.verify(ctx, b, l.TempDir)
	if err == nil {
		return i, nil
	}
	i.remove()
	var sum *manifest.SumError
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &sum):
		return nil, &ChangedError{Flow: b.Name, Path: sum.Path, Want: sum.Want, Got: sum.Got}
	}
	return nil, pluginError(b.Name, err, "cannot be loaded: %v", err)
}

func (i *image) verify(ctx context.Context, b Binary, temp string) error {
	if filepath.Base(b.Path) != manifest.FileName {
		return i.seal(ctx, b.Path, b.SHA256, temp)
	}
	text, err := content.Read(b.Path, manifest.MaxSize)
	if err != nil {
		return fmt.Errorf("%s: %w", b.Path, err)
	}
	if sum := content.Sum(text); sum != b.SHA256 {
		return &manifest.SumError{Path: b.Path, Want: b.SHA256, Got: sum}
	}
	m, err := manifest.Parse(text)
	if err != nil {
		return fmt.Errorf("%s %w", b.Path, err)
	}
	if m.Name != b.Name {
		return fmt.Errorf("%s is of a flow that is called %s", b.Path, m.Name)
	}
	dir, err := i.newDir(temp)
	if err != nil {
		return err
	}
	if err := m.Copy(ctx, filepath.Dir(b.Path), dir); err != nil {
		return err
	}
	i.files, i.declared = dir, m
	command := filepath.Join(dir, filepath.FromSlash(m.Command))
	in := m.Interpreter
	if in == nil {
		return i.seal(ctx, command, sumOf(m, m.Command), temp)
	}
	i.argv = append(append([]string{in.Path}, in.Args...), command)
	return i.interpret(ctx, in, temp)
}

func sumOf(m *manifest.Manifest, path string) string {
	for _, f := range m.Files {
		if f.Path == path {
			return f.SHA256
		}
	}
	return ""
}

// interpret makes the image of an interpreter: its own file if only root could
// change it, who may do anything; else content that was verified. A link to it
// is followed, as /usr/bin/python3 is one.
func (i *image) interpret(ctx context.Context, in *manifest.Interpreter, temp string) error {
	path, err := filepath.EvalSymlinks(in.Path)
	if err != nil {
		return fmt.Errorf("the interpreter %s: %w", in.Path, err)
	}
	if !onlyRootWrites(path) {
		return i.seal(ctx, path, in.SHA256, temp)
	}
	sum, _, err := content.SumFile(ctx, path, content.MaxExecutable)
	if err != nil {
		return fmt.Errorf("the interpreter %s: %w", in.Path, err)
	}
	if sum != in.SHA256 {
		return &manifest.SumError{Path: path, Want: in.SHA256, Got: sum}
	}
	i.path = path
	return nil
}

// errScript refuses what the kernel would run by a program that is not pinned.
var errScript = errors.New("is a script: a flow that needs an interpreter needs a " + manifest.FileName + " that pins it")

// seal makes an executable image of the file at path, whose content must have
// that sum.
func (i *image) seal(ctx context.Context, path, want, temp string) error {
	src, _, err := content.Open(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer func() { _ = src.Close() }()
	var magic [2]byte
	if n, _ := src.ReadAt(magic[:], 0); n == len(magic) && string(magic[:]) == "#!" {
		return fmt.Errorf("%s %w", path, errScript)
	}
	fd, sum, err := sealed(ctx, src)
	switch {
	case err == nil:
		i.path, i.fd = "", fd
	case errors.Is(err, errors.ErrUnsupported):
		if sum, err = i.copyExecutable(ctx, src, temp); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	default:
		return fmt.Errorf("%s: %w", path, err)
	}
	if sum != want {
		return &manifest.SumError{Path: path, Want: want, Got: sum}
	}
	if err := i.checkLoader(); err != nil {
		return fmt.Errorf("%s %w", path, err)
	}
	return nil
}

// copyExecutable is for systems that cannot execute what has no name.
func (i *image) copyExecutable(ctx context.Context, src *os.File, temp string) (sum string, err error) {
	dir, err := i.newDir(temp)
	if err != nil {
		return "", err
	}
	i.path = filepath.Join(dir, filepath.Base(src.Name()))
	// A process that is forked meanwhile would hold the file open for writing,
	// and it could not be executed (golang/go#22315).
	holdForks()
	defer releaseForks()
	dst, err := os.OpenFile(i.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500) //nolint:gosec // it is to be executed
	if err != nil {
		return "", err
	}
	sum, _, err = content.Copy(ctx, dst, src, content.MaxExecutable)
	return sum, errors.Join(err, dst.Close())
}

// newDir makes a private directory that goes with the image.
func (i *image) newDir(temp string) (string, error) {
	dir, err := newPrivateDir(temp)
	if err != nil {
		return "", err
	}
	i.dirs = append(i.dirs, dir)
	return dir.path, nil
}

// close forgets the memfd: after the fork the process has it.
func (i *image) close() {
	if i.fd != nil {
		_ = i.fd.Close()
		i.fd = nil
	}
}

// remove cleans up when the flow has ended.
func (i *image) remove() {
	i.close()
	for _, d := range i.dirs {
		d.remove()
	}
}

// undeclared names what a flow with a manifest says of itself that its manifest
// does not: whoever trusted it has not seen that. It is "" if there is nothing.
func (i *image) undeclared(d *flowv1.DescribeResponse) string {
	if i.declared == nil {
		return ""
	}
	for _, f := range d.GetFeatures() {
		if !slices.Contains(i.declared.Features, f) {
			return "feature " + f
		}
	}
	for _, o := range d.GetOptions() {
		if !slices.ContainsFunc(i.declared.Options, func(m manifest.Option) bool { return m.Name == o.GetName() }) {
			return "option " + o.GetName()
		}
	}
	return ""
}

// interpreter is the path of the program that runs the flow's command; "" if
// that is executed itself.
func (i *image) interpreter() string {
	if i.declared == nil || i.declared.Interpreter == nil {
		return ""
	}
	return i.declared.Interpreter.Path
}

package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/authlatch/authlatch/internal/content"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// Limits of the pins file: a line or three for each flow that somebody looked at.
const (
	maxPinsFile = 1 << 20 // bytes
	maxPins     = 1000
	maxPath     = 4096 // bytes of one path
)

// pinsVersion is the pins file's.
const pinsVersion = 1

// userPin is what the user has trusted.
type userPin struct {
	Path   string `toml:"path"` // where it was; absolute
	SHA256 string `toml:"sha256"`
	// TrustedOn is for the user to read.
	TrustedOn time.Time `toml:"trusted_on"`
}

// pinsDocument is the pins file.
type pinsDocument struct {
	Version int                `toml:"version"`
	Flows   map[string]userPin `toml:"flows"`
}

// PinsError says why the pins file is not read: then the user has trusted
// nothing.
type PinsError struct {
	Path    string
	Problem string // follows the path, on one clean line
}

func (e *PinsError) Error() string { return e.Path + " " + e.Problem }

// notTrusted is what it means for a flow.
func (e *PinsError) notTrusted(name string) error {
	return &NotTrustedError{Name: name, Path: e.Path, Reason: e.Problem,
		Next: "correct that file, or remove it and trust each flow again: authlatch flow trust"}
}

// userPins reads the pins file. There are none if there is no such file.
func (r *Registry) userPins() (map[string]userPin, *PinsError) {
	if !filepath.IsAbs(r.PinsFile) {
		return nil, nil
	}
	fail := func(problem string) (map[string]userPin, *PinsError) { return nil, &PinsError{r.PinsFile, problem} }
	f, info, err := content.Open(r.PinsFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, content.ErrLink) || errors.Is(err, content.ErrNotRegular):
		return fail(err.Error())
	case err != nil:
		return fail("cannot be read: " + sanitize.Line(err.Error(), maxPath))
	}
	defer func() { _ = f.Close() }()
	owners := []int{0, os.Geteuid()}
	if reason := othersCanWrite(info, owners); reason != "" {
		return fail(reason)
	}
	if reason := unsafeWay(filepath.Dir(r.PinsFile), owners); reason != "" {
		return fail(reason)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxPinsFile+1))
	if err != nil {
		return fail("cannot be read: " + sanitize.Line(err.Error(), maxPath))
	}
	pins, err := parsePins(b)
	if err != nil {
		return fail(err.Error())
	}
	return pins, nil
}

var sumSyntax = lazily(`^[0-9a-f]{64}$`)

// parsePins reads a pins file. Its error follows the path.
func parsePins(b []byte) (map[string]userPin, error) {
	if len(b) > maxPinsFile {
		return nil, fmt.Errorf("has more than %d bytes", maxPinsFile)
	}
	var version struct {
		Version int `toml:"version"`
	}
	if err := toml.Unmarshal(b, &version); err == nil && version.Version > pinsVersion {
		return nil, fmt.Errorf("has version %d, which needs a newer authlatch", version.Version)
	}
	var d pinsDocument
	if err := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields().Decode(&d); err != nil {
		return nil, fmt.Errorf("is malformed: %s", sanitize.Line(err.Error(), 200))
	}
	switch {
	case d.Version != pinsVersion:
		return nil, fmt.Errorf("has no version = %d", pinsVersion)
	case len(d.Flows) > maxPins:
		return nil, fmt.Errorf("has more than %d flows", maxPins)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Flows)) {
		p := d.Flows[name]
		switch {
		case !nameSyntax().MatchString(name):
			return nil, fmt.Errorf("has a malformed flow name: %q", sanitize.Line(name, 80))
		case !sumSyntax().MatchString(p.SHA256):
			return nil, fmt.Errorf("has a malformed sha256 of flow %s", name)
		case !plainPath(p.Path):
			return nil, fmt.Errorf("has a malformed path of flow %s", name)
		}
	}
	return d.Flows, nil
}

// plainPath accepts absolute paths that can be shown as they are.
func plainPath(path string) bool {
	return filepath.IsAbs(path) && filepath.Clean(path) == path && len(path) <= maxPath && sanitize.Line(path, maxPath) == path
}

const pinsHead = "# What authlatch flow trust has pinned. Written by authlatch.\n"

// writePins puts pins into the file at once: a reader, or a machine that loses
// power, sees those of before or these.
func (r *Registry) writePins(pins map[string]userPin) (err error) {
	text, err := toml.Marshal(pinsDocument{pinsVersion, pins})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(r.PinsFile), ".trusted-") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(append([]byte(pinsHead), text...)); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), r.PinsFile)
}

package configure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// backupSuffix is what the file has beside it that holds how it was.
const backupSuffix = ".before-authlatch"

const recordVersion = 1

// record is what is remembered of a tool's files. It holds nothing of theirs: how
// they were is in the backups beside them, which are as private as they are.
type record struct {
	Version int            `json:"version"`
	Files   []recordedFile `json:"files"`
}

type recordedFile struct {
	// Path as it was named, Real without links.
	Path string `json:"path"`
	Real string `json:"real"`
	// Backup is "" if there was no file.
	Backup string `json:"backup,omitempty"`
	// Lock is the Change's.
	Lock string `json:"lock,omitempty"`
	// SHA256 of what was written last; "" if the file was removed.
	SHA256 string `json:"sha256,omitempty"`
}

func (a Applier) path() string { return filepath.Join(a.Records, a.Tool+".json") }

func (a Applier) read() (*record, error) {
	r := &record{Version: recordVersion}
	b, err := os.ReadFile(a.path())
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, cannot("read", a.path(), err)
	}
	if json.Unmarshal(b, r) != nil || r.Version < 1 {
		return nil, &Error{Code: 1, What: a.path() + " is damaged", Why: "it says how the files of " + a.Tool + " were before", Next: "move it away; the backups end in " + backupSuffix}
	}
	if r.Version > recordVersion {
		return nil, &Error{Code: 1, What: a.path() + " is of a newer authlatch", Next: "update this one"}
	}
	return r, nil
}

func (a Applier) write(r *record) error {
	if len(r.Files) == 0 {
		if err := os.Remove(a.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return cannot("remove", a.path(), err)
		}
		return nil
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := replaceFile(a.path(), append(b, '\n'), 0o600); err != nil {
		return cannot("write", a.path(), err)
	}
	return nil
}

// remember keeps how a file was, unless an earlier change has: then that is how it
// was before all of them.
func (r *record) remember(t target) error {
	i := slices.IndexFunc(r.Files, func(f recordedFile) bool { return f.Real == t.real })
	if i < 0 {
		f := recordedFile{Path: t.Path, Real: t.real, Lock: t.Lock}
		if t.Old != nil {
			f.Backup = t.real + backupSuffix
			if err := keepBackup(f.Backup, t.Old); err != nil {
				return err
			}
		}
		i, r.Files = len(r.Files), append(r.Files, f)
	}
	r.Files[i].SHA256 = sum(t.New)
	return nil
}

// keepBackup writes one, private even if the file is not. It writes over none that
// differs: somebody may need that.
func keepBackup(path string, data []byte) error {
	old, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(old, data):
		return nil
	case err == nil:
		return &Error{Code: 1, What: path + " is there already, and is of an earlier time", Next: "move it away and run the command again"}
	case !errors.Is(err, fs.ErrNotExist):
		return cannot("read", path, err)
	}
	if err := replaceFile(path, data, 0o600); err != nil {
		return cannot("write", path, err)
	}
	return nil
}

func sum(data []byte) string {
	if data == nil {
		return ""
	}
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

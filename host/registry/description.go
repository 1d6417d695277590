package registry

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/internal/content"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

const (
	// maxDescription bounds a file of the cache, in bytes: what the protocol's
	// limits allow, 256 options of two texts of 1 KiB each, in JSON.
	maxDescription = 2 << 20
	// maxDescriptions bounds the cache: more flows and versions than anybody has
	// at once.
	maxDescriptions = 64
	// describedVersion changes with what is kept, or how it is checked.
	describedVersion = 1
)

// keptDescription is a file of the cache. Identity is in it besides the name, so
// that a file under another's name is not taken for it.
type keptDescription struct {
	Version     int             `json:"version"`
	Identity    string          `json:"identity"`
	Description json.RawMessage `json:"description"`
}

// Description returns what b has said of itself if the cache has it for exactly
// this content, and nil if there is any doubt: then b is asked.
func (r *Registry) Description(b launch.Binary) *flowv1.DescribeResponse {
	identity, path := r.described(b)
	if path == "" {
		return nil
	}
	f, info, err := content.Open(path)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if othersCanWrite(info, []int{os.Geteuid()}) != "" {
		return nil
	}
	text, err := io.ReadAll(io.LimitReader(f, maxDescription+1))
	if err != nil || len(text) > maxDescription {
		return nil
	}
	return parseDescription(text, identity, b.Name)
}

func parseDescription(text []byte, identity, name string) *flowv1.DescribeResponse {
	var kept keptDescription
	d := &flowv1.DescribeResponse{}
	if json.Unmarshal(text, &kept) != nil || kept.Version != describedVersion || kept.Identity != identity ||
		protojson.Unmarshal(kept.Description, d) != nil || launch.CheckDescription(d, name) != nil {
		return nil
	}
	return d
}

// KeepDescription keeps what b has said of itself. It is best effort: what cannot
// be kept is asked for again.
func (r *Registry) KeepDescription(b launch.Binary, d *flowv1.DescribeResponse) {
	identity, path := r.described(b)
	if path == "" || mayWrite(r.CacheDir) != nil {
		return
	}
	description, err := protojson.Marshal(d)
	if err != nil {
		return
	}
	text, err := json.Marshal(keptDescription{describedVersion, identity, description})
	if err != nil || len(text) > maxDescription || os.MkdirAll(r.CacheDir, 0o700) != nil {
		return
	}
	f, err := os.CreateTemp(r.CacheDir, ".new-") // mode 0600
	if err != nil {
		return
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return
	}
	r.pruneDescriptions()
}

// pruneDescriptions removes the oldest of too many, unfinished ones among them.
func (r *Registry) pruneDescriptions() {
	files, err := os.ReadDir(r.CacheDir)
	if err != nil || len(files) <= maxDescriptions {
		return
	}
	age := func(e os.DirEntry) int64 {
		if info, err := e.Info(); err == nil {
			return info.ModTime().UnixNano()
		}
		return 0
	}
	slices.SortFunc(files, func(a, b os.DirEntry) int { return cmp.Compare(age(a), age(b)) })
	for _, f := range files[:len(files)-maxDescriptions] {
		_ = os.Remove(filepath.Join(r.CacheDir, f.Name()))
	}
}

func (r *Registry) forgetDescription(name, sum string) {
	if _, path := r.described(launch.Binary{Name: name, SHA256: sum}); path != "" {
		_ = os.Remove(path)
	}
}

// described says what b's description is kept under. A pinned flow goes by its
// sum, to which its launch is held. One of the installation goes by what the
// system says of its file, which changes with its content, and whoever can keep
// that from changing can write the installation. path is "" if nothing is kept.
func (r *Registry) described(b launch.Binary) (identity, path string) {
	if !filepath.IsAbs(r.CacheDir) {
		return "", ""
	}
	identity = b.SHA256
	if identity == "" {
		info, err := os.Lstat(b.Path)
		if err != nil {
			return "", ""
		}
		if identity = stamp(info); identity == "" {
			return "", ""
		}
		identity = b.Path + " " + identity
	}
	identity = b.Name + " " + identity
	return identity, filepath.Join(r.CacheDir, content.Sum([]byte(identity))+".json")
}

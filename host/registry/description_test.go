//go:build unix

package registry_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

func TestDescriptions(t *testing.T) {
	r, path := corp(t)
	b := launch.Binary{Name: "corp", Path: path, SHA256: sum("binary")}
	d := &flowv1.DescribeResponse{Name: "corp", Version: "1", Features: []string{"pop"}, Options: []*flowv1.Option{
		{Name: "pin", Kind: flowv1.OptionKind_OPTION_KIND_STRING, Secret: true, Help: "a <pin>"},
	}}
	if r.Description(b) != nil {
		t.Fatal("described before it was asked")
	}
	r.KeepDescription(b, d)
	if got := r.Description(b); !proto.Equal(got, d) {
		t.Errorf("got %v, want %v", got, d)
	}
	for name, other := range map[string]launch.Binary{
		"other content": {Name: "corp", Path: path, SHA256: sum("other")},
		"other name":    {Name: "corp2", Path: path, SHA256: sum("binary")},
	} {
		if got := r.Description(other); got != nil {
			t.Errorf("%s: got %v", name, got)
		}
	}
	files, err := os.ReadDir(r.CacheDir)
	if err != nil || len(files) != 1 {
		t.Fatalf("kept %v, %v", files, err)
	}
	file := filepath.Join(r.CacheDir, files[0].Name())
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	// In any doubt it is asked again.
	for name, change := range map[string]func() error{
		"writable by others": func() error { return os.Chmod(file, 0o622) },
		"cut":                func() error { return os.WriteFile(file, text[:len(text)-1], 0o600) },
		"empty":              func() error { return os.WriteFile(file, nil, 0o600) },
		"a newer version":    func() error { return os.WriteFile(file, bytes.Replace(text, []byte(`:1`), []byte(`:2`), 1), 0o600) },
		"beyond a limit": func() error {
			return os.WriteFile(file, bytes.Replace(text, []byte(`pop`), []byte(strings.Repeat("x", 65)), 1), 0o600)
		},
		"too large": func() error { return os.WriteFile(file, append(text, make([]byte, 2<<20)...), 0o600) },
		"linked":    func() error { return renameAndLink(file) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if got := r.Description(b); got != nil {
			t.Errorf("%s: got %v", name, got)
		}
		_ = os.Remove(file)
		r.KeepDescription(b, d)
		if r.Description(b) == nil {
			t.Fatalf("%s: not kept again", name)
		}
	}
	other := launch.Binary{Name: "corp", SHA256: sum("other")}
	if err := os.RemoveAll(r.CacheDir); err != nil {
		t.Fatal(err)
	}
	r.KeepDescription(other, d)
	files, err = os.ReadDir(r.CacheDir)
	if err != nil || r.Description(other) == nil {
		t.Fatal("not kept", err)
	}
	for _, f := range files {
		if err := os.Rename(filepath.Join(r.CacheDir, f.Name()), file); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.Description(b); got != nil {
		t.Errorf("another's file is taken for it: %v", got)
	}
	for i := range 100 {
		r.KeepDescription(launch.Binary{Name: "corp", SHA256: sum(fmt.Sprint(i))}, d)
	}
	if files, _ := os.ReadDir(r.CacheDir); len(files) > 64 {
		t.Errorf("%d descriptions are kept", len(files))
	}
}

func renameAndLink(file string) error {
	if err := os.Rename(file, file+".old"); err != nil {
		return err
	}
	return os.Symlink(file+".old", file)
}

// What is said of a flow of the installation holds until its file changes in any
// way.
func TestDescriptionsOfTheInstallation(t *testing.T) {
	r, _ := corp(t)
	b, err := r.Find("browser")
	if err != nil {
		t.Fatal(err)
	}
	d := &flowv1.DescribeResponse{Name: "browser"}
	r.KeepDescription(b, d)
	if r.Description(b) != nil {
		t.Error("kept of a file that may still change within its clock's tick")
	}
	if runtime.GOOS == "linux" { // elsewhere it is asked each time
		old := launch.Binary{Name: "passwd", Path: "/etc/passwd"}
		d := &flowv1.DescribeResponse{Name: "passwd"}
		r.KeepDescription(old, d)
		if got := r.Description(old); !proto.Equal(got, d) {
			t.Errorf("got %v of a file that has not changed", got)
		}
	}
	for name, change := range map[string]func() error{
		"content": func() error { return os.WriteFile(b.Path, []byte("changed"), 0o600) },
		"time":    func() error { return os.Chtimes(b.Path, noon, noon.Add(-time.Hour)) },
		"mode":    func() error { return os.Chmod(b.Path, 0o700) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if r.Description(b) != nil {
			t.Errorf("kept after its %s has changed", name)
		}
	}
}

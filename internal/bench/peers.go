package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/authlatch/authlatch/emulator"
)

// errNoKubelogin says how to get what is not here.
var errNoKubelogin = errors.New("no kubelogin in PATH; go install github.com/Azure/kubelogin@v0.2.21, or name one in KUBELOGIN")

// kubelogin is Azure's, with a cache of its own.
type kubelogin struct {
	*world
	path string
	dir  string
	n    int // of the cache in use
}

func (w *world) newKubelogin(ctx context.Context) (*kubelogin, error) {
	path := os.Getenv("KUBELOGIN")
	if path == "" {
		var err error
		if path, err = exec.LookPath("kubelogin"); err != nil {
			return nil, errNoKubelogin
		}
	}
	// int128/kubelogin has the same name and is another program.
	probe := exec.CommandContext(ctx, path, "get-token", "--help")
	if out, err := probe.Output(); err != nil || !bytes.Contains(out, []byte("ropc")) {
		return nil, errNoKubelogin
	}
	k := &kubelogin{world: w, path: path, dir: filepath.Join(w.dir, "kubelogin")}
	return k, os.Mkdir(k.dir, 0o700)
}

func (k *kubelogin) getToken(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, k.path, "get-token", "--login", "ropc",
		"--server-id", emulator.AKSServer, "--client-id", emulator.OwnClient, "--tenant-id", emulator.ContosoTenant,
		"--username", username, "--authority-host", k.url+"/", "--disable-instance-discovery", "--cache-dir", k.cache())
	cmd.Dir, cmd.Env = k.dir, k.environ(k.dir)
	return cmd
}

func (k *kubelogin) cache() string { return filepath.Join(k.dir, fmt.Sprintf("cache-%d", k.n)) }

// forget gives k a new cache.
func (k *kubelogin) forget() error {
	k.n++
	return nil
}

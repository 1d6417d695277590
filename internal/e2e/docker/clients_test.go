//go:build linux

package docker_test

import (
	"archive/tar"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	viaMake = "run: make bin/tools/crane"
	viaApt  = "run: apt-get install "
)

// layer is a small image's only layer.
func (w *world) layer() string {
	w.t.Helper()
	f, err := os.Create(w.path("layer.tar"))
	if err != nil {
		w.t.Fatal(err)
	}
	a := tar.NewWriter(f)
	text := []byte("hello\n")
	if err := a.WriteHeader(&tar.Header{Name: "hello.txt", Mode: 0o644, Size: int64(len(text))}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := a.Write(text); err != nil {
		w.t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		w.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		w.t.Fatal(err)
	}
	return f.Name()
}

// crane pushes and pulls with docker's own code for credential helpers.
func TestCrane(t *testing.T) {
	w := newWorld(t)
	crane := program(t, "crane", viaMake)
	image := w.registry + "/team/hello:1"
	if out, err := w.try(crane, "append", "--new_layer", w.layer(), "--new_tag", image); err == nil || !strings.Contains(out, "UNAUTHORIZED") || !strings.Contains(out, "authlatch login") {
		t.Errorf("not signed in: %v\n%s", err, out)
	}
	w.signIn()
	w.run(crane, "append", "--new_layer", w.layer(), "--new_tag", image)
	w.run(crane, "pull", image, w.path("image.tar"))
	if out := w.run(crane, "ls", w.registry+"/team/hello"); out != "1\n" {
		t.Errorf("the tags are %q", out)
	}
	if w.exchanges() != 1 {
		t.Errorf("%d exchanges", w.exchanges())
	}
}

// skopeo, as podman and buildah: the containers' libraries.
func TestSkopeo(t *testing.T) {
	w := newWorld(t)
	skopeo, crane := program(t, "skopeo", viaApt+"skopeo"), program(t, "crane", viaMake)
	w.signIn()
	image := w.registry + "/team/hello"
	w.run(crane, "append", "--new_layer", w.layer(), "--new_tag", image+":1")
	certs := w.path("certs")
	w.run(skopeo, "--insecure-policy", "copy", "--src-cert-dir", certs, "docker://"+image+":1", "oci:"+w.path("oci")+":1")
	w.run(skopeo, "--insecure-policy", "copy", "--dest-cert-dir", certs, "oci:"+w.path("oci")+":1", "docker://"+image+":2")
	if out := w.run(skopeo, "list-tags", "--cert-dir", certs, "docker://"+image); !strings.Contains(out, `"1"`) || !strings.Contains(out, `"2"`) {
		t.Errorf("the tags are %s", out)
	}
	if w.exchanges() != 1 {
		t.Errorf("%d exchanges", w.exchanges())
	}
}

// What the docker command line does without a daemon, with the credentials that it
// would send to one. What it pushes by itself goes to this machine without TLS.
func TestDocker(t *testing.T) {
	w := newWorld(t)
	docker, crane := program(t, "docker", viaApt+"docker.io"), program(t, "crane", viaMake)
	w.signIn()
	image := w.registry + "/team/hello"
	w.run(crane, "append", "--new_layer", w.layer(), "--new_tag", image+":1")
	if out := w.run(docker, "manifest", "inspect", "--insecure", image+":1"); !strings.Contains(out, "layers") {
		t.Errorf("the manifest is %s", out)
	}
	// logout drops the credential, and the next call gets another.
	before := w.exchanges()
	w.run(docker, "logout", w.registry)
	w.write(".docker/config.json", `{"credsStore":"authlatch"}`)
	w.run(docker, "manifest", "inspect", "--insecure", image+":1")
	if before != 1 || w.exchanges() != 2 {
		t.Errorf("%d exchanges before docker logout, %d after", before, w.exchanges())
	}
	if found, err := filepath.Glob(w.path(".docker/config.json*")); err != nil || len(found) != 1 {
		t.Errorf("docker's files: %q, %v", found, err)
	}
	config, err := os.ReadFile(w.path(".docker/config.json"))
	if err != nil || strings.Contains(string(config), "auths\": {\"") {
		t.Errorf("docker keeps %s, %v", config, err)
	}
}

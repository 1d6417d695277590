package registry_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/registry"
)

const corpFile = "authlatch-flow-corp"

// download puts the flow into a directory that only this user can write.
func download() (dir string) {
	dir, err := os.MkdirTemp("", "example")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, corpFile), []byte("binary"), 0o700)
	}
	if err != nil {
		log.Fatal(err)
	}
	return dir
}

// A program that embeds the host downloads a flow of its own, and has its sum
// compiled in. What the user has trusted for authlatch does not count for it.
func ExampleRegistry() {
	dir := download()
	defer func() { _ = os.RemoveAll(dir) }()

	flows := &registry.Registry{
		Dirs: []string{"/opt/tool/libexec/flows"}, // as trusted as the tool itself
		Pins: []registry.Pin{{
			Name: "corp", Path: filepath.Join(dir, corpFile),
			SHA256: "9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd",
		}},
	}
	h, err := host.New(host.Config{Registry: flows})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = h.Close() }()

	found, err := flows.Find("corp")
	fmt.Println(found.Name, found.SHA256, err)
	_, err = flows.Find("other")
	fmt.Println(err)
	// Output:
	// corp 9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd <nil>
	// no flow "other": there are corp
}

//go:build unix && !linux

package main_test

import "github.com/rogpeppe/go-internal/testscript"

// Recording needs /proc and a second loopback address.
type (
	recorder struct{}
	watcher  struct{}
)

func (w *world) record(*testscript.TestScript) {}

func (w *world) watch(ts *testscript.TestScript) { ts.Fatalf("-watched is for Linux") }

func (w *world) recorded(string, string) string { return "" }

func runSecretFree(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("secret-free is for Linux")
}

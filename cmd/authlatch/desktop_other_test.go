//go:build unix && !linux

package main_test

import "github.com/rogpeppe/go-internal/testscript"

// The desktop is a Linux one.
type scriptDesktop struct{}

func runConfined() {}

func hasDesktop() bool { return false }

func onDesktop(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("desktop is for Linux") }

func confined(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("confined is for Linux") }

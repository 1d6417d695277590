package prompt

import "os"

// NewDevice is a terminal's file as a Device.
func NewDevice(f *os.File) Device { return newDevice(f, f) }

// StyleOf is what Open makes of the environment.
func StyleOf(goos string, noColor bool, environ ...string) Style {
	return styleOf(Options{Environ: environ, NoColor: noColor}, goos)
}

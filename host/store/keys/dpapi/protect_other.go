//go:build !windows

package dpapi

func system() (protector, error) { return nil, unavailable("there is no DPAPI but on Windows") }

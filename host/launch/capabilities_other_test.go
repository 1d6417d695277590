//go:build !linux

package launch_test

func capabilities() string { return "0-0-0" }

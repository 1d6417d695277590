//go:build !linux

package undumpable

func self() {}

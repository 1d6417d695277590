//go:build !unix

package cloexec

func all() {}

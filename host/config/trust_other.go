//go:build !unix

package config

import "os"

func open(name string) (*os.File, error) { return os.Open(name) }

// trusted leaves it to the access control list of the user's directory.
func trusted(*os.File, bool) (problem, next string) { return "", "" }

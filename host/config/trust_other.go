//go:build !unix

package config

import "os"

// trusted leaves it to the access control list of the user's directory.
func trusted(*os.File) (problem, next string) { return "", "" }

package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// passwordFlow is the only flow whose password is not always typed.
const passwordFlow = "password"

// maxPassword bounds what is read as one, in bytes; Entra ID takes 256
// characters.
const maxPassword = 4 << 10

// azurePassword is the variable that azidentity and az know.
func (a *app) azurePassword() (string, bool) {
	v := a.env("AZURE_PASSWORD")
	return v, v != ""
}

// readPassword reads one line to the end of r.
func readPassword(r io.Reader) (string, error) {
	if r == nil {
		return "", errors.New("there is no stdin")
	}
	b, err := io.ReadAll(io.LimitReader(r, maxPassword+1))
	switch text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"); {
	case err != nil:
		return "", fmt.Errorf("cannot be read: %w", err)
	case len(b) > maxPassword:
		return "", fmt.Errorf("is longer than %d bytes", maxPassword)
	case text == "":
		return "", errors.New("no password came")
	case strings.ContainsAny(text, "\r\n"):
		return "", errors.New("is more than one line")
	default:
		return text, nil
	}
}

// readPasswordFD reads from an inherited descriptor. stdout and stderr are none
// to read from.
func (a *app) readPasswordFD(fd int) (string, error) {
	if fd == 0 {
		return readPassword(a.Stdin)
	}
	if fd <= 2 || a.OpenFD == nil {
		return "", fmt.Errorf("%d is no descriptor to read from", fd)
	}
	f := a.OpenFD(uintptr(fd))
	if f == nil {
		return "", fmt.Errorf("%d is no descriptor to read from", fd)
	}
	defer func() { _ = f.Close() }()
	return readPassword(f)
}

// onArgv is the flag that people expect and that must not be: everybody on the
// machine can read a process's arguments.
type onArgv struct{}

func (onArgv) Set(string) error {
	return usage("--password", "a password on the command line can be read by every user of this machine",
		"use --password-stdin, --password-fd or the variable AZURE_PASSWORD, or let the flow ask")
}
func (onArgv) String() string { return "" }
func (onArgv) Type() string   { return "string" }

func refusePasswordFlag(c *cobra.Command) {
	f := c.Flags().VarPF(onArgv{}, "password", "", "")
	f.Hidden = true
	f.NoOptDefVal = " " // refused with a value or without
}

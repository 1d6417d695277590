// Package renewal starts the renewal of a token ahead of its expiry in a process
// of its own, for which nobody waits: it has its own session and the null device
// for every stream, so that neither a terminal's end nor a pipe's reader is held.
// The token that is still valid has been handed out by then.
package renewal

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/authlatch/authlatch/helper/exchange"
	"github.com/authlatch/authlatch/internal/cloexec"
)

// Command is authlatch's hidden command. Its one argument is an exchange.Request.
const Command = "helper-renew"

var errClaims = errors.New("a request with claims is not renewed ahead")

// Start starts "authlatch helper-renew" for q and does not wait for it. authlatch
// is the path of that program, environ the whole environment of the process. q
// must not hold claims: an argument can be seen by other users. It marks every
// descriptor that the caller has inherited close-on-exec.
func Start(authlatch string, environ []string, q exchange.Request) error {
	if q.Claims != "" {
		return errClaims
	}
	q.Interaction = "never"
	if q.Config != "" {
		path, err := filepath.Abs(q.Config)
		if err != nil {
			return err
		}
		q.Config = path
	}
	var request bytes.Buffer
	if err := exchange.WriteRequest(&request, q); err != nil {
		return err
	}
	cloexec.All()
	// No caller's end ends it, and its streams are the null device.
	cmd := exec.CommandContext(context.Background(), authlatch, Command, strings.TrimSpace(request.String()))
	cmd.Env = environ
	if err := startDetached(cmd); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// ReadRequest reads the argument of Command.
func ReadRequest(argument string) (exchange.Request, error) {
	q, err := exchange.ReadRequest(strings.NewReader(argument))
	if err == nil && q.Claims != "" {
		err = errClaims
	}
	return q, err
}

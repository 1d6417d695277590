// Package bazel is the helper for Bazel, and for uv, which speaks the same
// (the EngFlow credential helper specification): one JSON request on stdin, one JSON
// answer with headers on stdout. It gives tokens for Azure Artifacts, Azure Storage
// and the hosts that the config's rules name, and is a function of its arguments,
// stdin and a source of tokens.
package bazel

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/authlatch/authlatch/helper/hosttoken"
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/service"
	"github.com/authlatch/authlatch/internal/sanitize"
	"github.com/authlatch/authlatch/internal/version"
)

// program is the name under which it tells what is wrong.
const program = "authlatch-bazel-helper"

// maxInput bounds a request: it is a URL.
const maxInput = 64 << 10

// storageVersion is a version of Azure Storage's API that takes Bearer tokens; it
// must be named (https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory).
const storageVersion = "2021-12-02"

const usage = `authlatch-bazel-helper gives Bazel tokens of Microsoft Entra ID.

Usage: authlatch-bazel-helper get

In .bazelrc:
  common --credential_helper=pkgs.dev.azure.com=/usr/local/bin/authlatch-bazel-helper
  common --credential_helper=*.blob.core.windows.net=/usr/local/bin/authlatch-bazel-helper
`

// Command is one call of authlatch-bazel-helper.
type Command struct {
	// Args without the program's name.
	Args   []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Source hosttoken.Source
}

// answer is the response, in the specification's words.
type answer struct {
	Headers map[string][]string `json:"headers"`
	Expires string              `json:"expires"` // RFC 3339
}

// Run does what Args say and returns the exit code. Bazel shows what is on stderr.
func (c Command) Run(ctx context.Context) int {
	text, err := c.do(ctx)
	if err == nil {
		if _, err = io.WriteString(c.Stdout, text); err == nil {
			return 0
		}
		err = &report.Error{Code: report.Other, What: "the answer cannot be written", Why: err.Error(), Err: err}
	}
	return report.WriteAs(c.Stderr, program, report.Text, err)
}

func (c Command) do(ctx context.Context) (string, error) {
	command := ""
	if len(c.Args) == 1 {
		command = c.Args[0]
	}
	switch command {
	case "get":
		return c.get(ctx)
	case "version", "--version":
		return program + " " + version.String() + "\n", nil
	case "help", "--help", "-h":
		return usage, nil
	}
	return "", &report.Error{Code: report.Usage, What: "the one argument must be get", Next: "run: " + program + " --help"}
}

func (c Command) get(ctx context.Context) (string, error) {
	uri, err := readRequest(c.Stdin)
	if err != nil {
		return "", err
	}
	// Bazel runs many at once, under a display of its own: nobody is asked.
	t, m, err := hosttoken.Get(ctx, c.Source, uri, hosttoken.Request{
		Client: "bazel", Interaction: "never", Of: []service.Service{service.DevOps, service.Storage, service.Custom},
	})
	if errors.Is(err, hosttoken.ErrNotOurs) {
		return "", &report.Error{
			Code: report.Policy, What: "no token is for " + sanitize.Line(uri, 200),
			Why: err.Error(), Next: "if it is yours, add a [[rule]] with its host and scope; else name fewer hosts in --credential_helper",
		}
	}
	if err != nil {
		return "", err
	}
	a := answer{
		Headers: map[string][]string{"Authorization": {"Bearer " + t.Secret.Reveal()}},
		Expires: t.ExpiresOn.Add(-t.Headroom()).UTC().Format(time.RFC3339),
	}
	if m.Service == service.Storage {
		a.Headers["x-ms-version"] = []string{storageVersion}
	}
	b, err := json.Marshal(a)
	return string(b) + "\n", err
}

// readRequest reads {"uri": "https://…"}; other fields are a later version's.
func readRequest(r io.Reader) (uri string, err error) {
	bad := func(what string) (string, error) {
		return "", &report.Error{Code: report.Usage, What: "stdin is no request of Bazel's: " + what, Next: `it is one JSON object: {"uri": "https://…"}`}
	}
	b, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return bad(err.Error())
	}
	if len(b) > maxInput {
		return bad("it is longer than 64 KiB")
	}
	var q struct {
		URI *string `json:"uri"`
	}
	if json.Unmarshal(b, &q) != nil {
		return bad("it is not one JSON object")
	}
	if q.URI == nil || *q.URI == "" {
		return bad("it has no uri")
	}
	return *q.URI, nil
}

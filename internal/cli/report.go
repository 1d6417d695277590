package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/registry"
	"github.com/authlatch/authlatch/internal/configure"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// Formats of output and of errors.
const (
	formatText   = "text"
	formatJSON   = "json"
	formatHeader = "header"
)

// maxLine bounds a line of an error in characters: the longest is a command with
// a claims request in it, which has up to 8 KiB.
const maxLine = 12 << 10

// problem is a failure as it is told: at most three lines for people, or one
// JSON object with the same and the details, for programs.
type problem struct {
	// lines for people, if they are not What, Why and Next.
	lines []string

	Code int `json:"exit_code"`
	// What happened, in one lowercase sentence without a final period.
	What string `json:"what"`
	Why  string `json:"why,omitempty"`
	// Next is the step that helps.
	Next string `json:"next,omitempty"`

	Reason        string `json:"reason,omitempty"`
	Flow          string `json:"flow,omitempty"`
	AADSTS        int    `json:"aadsts,omitempty"`
	Suberror      string `json:"suberror,omitempty"`
	Claims        string `json:"claims,omitempty"`
	CorrelationID string `json:"correlation_id,omitempty"`
	TraceID       string `json:"trace_id,omitempty"`
	RetryAfter    int    `json:"retry_after,omitempty"` // seconds
	File          string `json:"file,omitempty"`
	Line          int    `json:"line,omitempty"`
	Key           string `json:"key,omitempty"`
}

func (p *problem) Error() string { return p.What }

// usage is bad input: key names the flag or argument and may be "".
func usage(key, what, next string) *problem {
	if key != "" {
		what = key + ": " + what
	}
	return &problem{Code: int(host.ExitUsage), What: what, Key: key, Next: next}
}

var (
	// errSilent fails with exit code 1 and says nothing.
	errSilent    = errors.New("")
	errCancelled = &problem{Code: int(host.ExitDeclined), What: "cancelled"}
)

// isProblem says that err already tells more than that ctx has ended.
func isProblem(err error) bool {
	var own *problem
	var hosts *host.Error
	return errors.As(err, &own) || errors.As(err, &hosts) && hosts.Code != host.ExitOther
}

// report tells err and returns the exit code.
func report(w io.Writer, format string, err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSilent):
		return int(host.ExitOther)
	}
	p := problemOf(err)
	text := p.text()
	if format == formatJSON {
		if b, err := json.Marshal(p); err == nil {
			text = string(b) + "\n"
		}
	}
	_, _ = io.WriteString(w, text) // nobody else is left to tell
	return p.Code
}

// text is one to three lines, whatever was written into them.
func (p *problem) text() string {
	lines := p.lines
	if lines == nil {
		lines = []string{p.What, p.Why, p.Next}
	}
	b := &strings.Builder{}
	for i, line := range lines {
		if line = sanitize.Line(line, maxLine); line == "" {
			continue
		}
		before := "  "
		if i == 0 {
			before = "authlatch: "
		}
		b.WriteString(before + line + "\n")
	}
	return b.String()
}

// problemOf is what each kind of error looks like to the person.
func problemOf(err error) problem {
	var (
		own        *problem
		hosts      *host.Error
		bad        *config.Error
		notFound   *registry.NotFoundError
		notTrusted *registry.NotTrustedError
		pins       *registry.PinsError
		configured *configure.Error
	)
	switch {
	case errors.As(err, &own):
		return *own
	case errors.As(err, &hosts):
		return problemOfHost(hosts)
	case errors.As(err, &bad):
		return problem{Code: bad.ExitCode(), What: bad.Error(), Next: bad.Next, File: bad.File, Line: bad.Line, Key: bad.Key}
	case errors.As(err, &notFound):
		return problem{Code: int(host.ExitPlugin), What: notFound.Error(), Next: "run: authlatch flow list"}
	case errors.As(err, &notTrusted):
		return problem{Code: int(host.ExitPlugin), What: notTrusted.Error(), Why: notTrusted.Sums(), Next: notTrusted.Next, Flow: notTrusted.Name}
	case errors.As(err, &pins):
		return problem{Code: int(host.ExitPlugin), What: "no flow can be trusted: " + pins.Error(), File: pins.Path, Next: "correct that file, or remove it and trust each flow again"}
	case errors.As(err, &configured):
		return problem{Code: configured.Code, What: configured.What, Why: configured.Why, Next: configured.Next}
	case errors.Is(err, context.Canceled):
		return *errCancelled
	}
	return problem{Code: int(host.ExitOther), What: err.Error()}
}

func problemOfHost(e *host.Error) problem {
	p := problem{
		lines: e.Lines(),
		Code:  int(e.Code), What: e.What, Why: e.Why, Next: e.Next, Reason: e.Reason, Flow: e.Flow,
		AADSTS: e.AADSTS, Suberror: e.Suberror, Claims: e.Claims, CorrelationID: e.CorrelationID, TraceID: e.TraceID,
		RetryAfter: int(e.RetryAfter.Seconds()),
	}
	var bad *config.Error
	if errors.As(e.Err, &bad) {
		p.File, p.Line, p.Key = bad.File, bad.Line, bad.Key
	}
	return p
}

// errorFormat finds --error-format among the arguments, so that even a flag
// that cannot be parsed is told in the format asked for.
func errorFormat(args []string) string {
	format := formatText
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if v, ok := strings.CutPrefix(arg, "--error-format="); ok {
			format = v
		} else if arg == "--error-format" && i+1 < len(args) {
			format = args[i+1]
		}
	}
	return format
}

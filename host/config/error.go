package config

import (
	"strconv"
	"strings"
)

// Error is bad configuration or bad input: exit code 2. Its text is
// "FILE:LINE: KEY: PROBLEM" for the config file and "KEY: PROBLEM" for a flag
// or an environment variable, and never holds the value of a secret.
type Error struct {
	// File, Line and Column (from 1) locate what is wrong. File is "" for a flag
	// or a variable; Line is 0 if the whole file is meant.
	File   string
	Line   int
	Column int
	// Key is the key's path as written ("profiles.work.tenant"), the flag
	// ("--tenant") or the variable ("environment AZURE_TENANT_ID").
	Key string
	// Problem is one sentence without a final period.
	Problem string
	// Next is the step that helps; may be "".
	Next string
	// Policy marks what is well formed but not allowed: exit code 7.
	Policy bool
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			b.WriteByte(':')
			b.WriteString(strconv.Itoa(e.Line))
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key)
		b.WriteString(": ")
	}
	b.WriteString(e.Problem)
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// ExitCode is 2, or 7 for what policy forbids.
func (e *Error) ExitCode() int {
	if e.Policy {
		return 7
	}
	return 2
}

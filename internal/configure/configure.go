// Package configure changes other tools' configuration so that they ask authlatch
// for credentials: it shows what it will change, changes it atomically, can take it
// back, and tests the result. What a tool's files look like is the business of the
// packages beneath, one a tool; none of them writes. Package cli calls it.
package configure

import (
	"context"
	"io"
	"io/fs"

	"github.com/spf13/pflag"

	"github.com/authlatch/authlatch/host/config"
)

// Tool is one that can be set up.
type Tool interface {
	// Name is the command's: "docker".
	Name() string
	// Use is the command's arguments: "[REGISTRY]…"; "" if it takes none.
	Use() string
	// Short is a line for lists, Long explains what is changed, Example shows lines
	// to type.
	Short() string
	Long() string
	Example() string
	// Flags of the tool's own. They are set before the other methods are called.
	Flags(*pflag.FlagSet)
	// Plan reads what there is and says what is to be changed; it changes nothing.
	// No change means that all is as it should be.
	Plan(ctx context.Context, e Env, args []string) (Plan, error)
	// Check gets a credential the way the tool does, through what is configured, and
	// says what stands in the way. It asks a person only if e.Interactive.
	Check(ctx context.Context, e Env, args []string) error
}

// Undoer is a Tool that can take its own part of a file back after others have
// changed theirs. Without it such a file is left alone.
type Undoer interface {
	// Undo returns the file at path, which holds now, without what Plan has changed
	// in it since it held before (nil: there was none). nil removes the file.
	Undo(path string, before, now []byte) ([]byte, error)
}

// Env is what a tool may look at.
type Env struct {
	Getenv func(string) string
	// Home is the user's; "" if nobody knows.
	Home string
	// File is the config, ConfigPath the --config that it was read from ("" is the
	// usual one) and Profile the -p.
	File       *config.File
	ConfigPath string
	Profile    string
	// Bin is the directory of authlatch and its helpers, absolute.
	Bin string
	// Interactive says that a person may be asked.
	Interactive bool
	Stderr      io.Writer
}

// Plan is what is to be changed.
type Plan struct {
	Changes []Change
	// Notes are for the person, a sentence each: what has no meaning here, what to
	// do besides.
	Notes []string
}

// Change is one file's.
type Change struct {
	// Path is absolute; links are followed.
	Path string
	// Old is what the file holds; nil if there is none. New is what it is to hold;
	// nil removes it.
	Old, New []byte
	// Mode of a new file; 0 is 0600. One that is there keeps its own.
	Mode fs.FileMode
	// Lock is a file that the tool itself makes while it writes, as kubectl does;
	// "" is none.
	Lock string
}

// Error is a failure as it is told.
type Error struct {
	Code            int // the design's exit code
	What, Why, Next string
	Err             error
}

func (e *Error) Error() string {
	if e.Why != "" {
		return e.What + ": " + e.Why
	}
	return e.What
}

func (e *Error) Unwrap() error { return e.Err }

package sdk

import (
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// Secret is text that must not be seen: a password, a token. It prints, logs
// and marshals as "[redacted]", whatever the verb; only Reveal gives the text.
// The zero value is the empty text.
type Secret struct {
	// Not a string: fmt calls no method of what is in an unexported field of a
	// struct that it prints. Of a handle it shows the address there. It is one
	// that == compares, and that costs a caller with the same text no allocation.
	text unique.Handle[string]
}

const redacted = "[redacted]"

// NewSecret wraps text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal returns the text. What receives it must not log or print it.
func (s Secret) Reveal() string {
	if s == (Secret{}) {
		return "" // the zero handle has no value
	}
	return s.text.Value()
}

// Empty reports whether there is no text.
func (s Secret) Empty() bool { return s == Secret{} }

// Format is for package fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

package cli

import (
	"context"
	"log/slog"
	"strings"
)

// levels of --log-level.
var levels = []string{"debug", "info", "warn", "error", "off"}

// levelOff is above every level that is used.
const levelOff = slog.LevelError + 100

// logger writes the log to stderr: warnings as lines for a person, or, if a level
// was asked for, all of that level in slog's text format. Secrets are a type that
// logs as "[redacted]", and what flows write arrives cleaned.
func (a *app) logger() (*slog.Logger, error) {
	level := a.global.logLevel
	if level == "" {
		level = strings.ToLower(a.env("AUTHLATCH_LOG"))
	}
	var at slog.Level
	switch level {
	case "debug", "info", "warn", "error":
		if err := at.UnmarshalText([]byte(level)); err != nil {
			return nil, err
		}
	case "":
		return slog.New(&warnings{app: a}), nil
	case "off":
		at = levelOff
	default:
		return nil, usage("environment AUTHLATCH_LOG", "must be debug, info, warn, error or off, not "+quoted(level), "")
	}
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: at, ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey && len(groups) == 0 && at > slog.LevelDebug {
			return slog.Attr{} // a warning among a person's commands needs no clock
		}
		return attr
	}})), nil
}

// warnings is the slog.Handler for a person who asked for no log: one line a
// warning.
type warnings struct {
	app  *app
	with string // the attributes that every record has
}

func (h *warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (h *warnings) Handle(_ context.Context, r slog.Record) error {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(attr slog.Attr) bool {
		attrs = append(attrs, attr)
		return true
	})
	h.app.say("authlatch: warning: %s%s%s", r.Message, h.with, inWords(attrs))
	return nil
}

func (h *warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &warnings{h.app, h.with + inWords(attrs)}
}

// WithGroup drops the name: a person is not told of groups.
func (h *warnings) WithGroup(string) slog.Handler { return h }

// inWords has an error behind a colon, as errors have their causes, and
// everything else in brackets.
func inWords(attrs []slog.Attr) string {
	b := &strings.Builder{}
	for _, attr := range attrs {
		switch value := attr.Value.Resolve().String(); {
		case attr.Key == "error":
			b.WriteString(": " + value)
		case attr.Key != "":
			b.WriteString(" (" + attr.Key + " " + value + ")")
		}
	}
	return b.String()
}

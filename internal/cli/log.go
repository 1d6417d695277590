package cli

import (
	"log/slog"
	"strings"
)

// levels of --log-level.
var levels = []string{"debug", "info", "warn", "error", "off"}

// levelOff is above every level that is used.
const levelOff = slog.LevelError + 100

// logger writes the log to stderr. Secrets are a type that logs as "[redacted]",
// and what flows write arrives cleaned.
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
		at = slog.LevelWarn
	case "off":
		at = levelOff
	default:
		return nil, usage("environment AUTHLATCH_LOG", "must be debug, info, warn, error or off", "")
	}
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: at, ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.TimeKey && len(groups) == 0 && at > slog.LevelDebug {
			return slog.Attr{} // a warning among a person's commands needs no clock
		}
		return attr
	}})), nil
}

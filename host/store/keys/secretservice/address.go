package secretservice

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/godbus/dbus/v5"
)

var errNoBus = errors.New("there is no D-Bus session bus, as in a container or over ssh without the desktop's (DBUS_SESSION_BUS_ADDRESS)")

// sessionBus lists the sockets that the environment names (D-Bus specification,
// "Server Addresses"), in the form of package net: "@" begins an abstract one.
// A bus that would have to be started ("autolaunch:") is none.
func sessionBus(env func(string) string) ([]string, error) {
	text := env("DBUS_SESSION_BUS_ADDRESS")
	if text == "" || text == "autolaunch:" {
		dir := env("XDG_RUNTIME_DIR")
		if !filepath.IsAbs(dir) {
			return nil, errNoBus
		}
		return []string{filepath.Join(dir, "bus")}, nil
	}
	var sockets []string
	for address := range strings.SplitSeq(text, ";") {
		if s := socket(address); s != "" {
			sockets = append(sockets, s)
		}
	}
	if len(sockets) == 0 {
		return nil, errors.New("DBUS_SESSION_BUS_ADDRESS names no Unix socket")
	}
	return sockets, nil
}

// socket is the one that an address names, or "".
func socket(address string) string {
	rest, ok := strings.CutPrefix(address, "unix:")
	if !ok {
		return ""
	}
	for pair := range strings.SplitSeq(rest, ",") {
		key, escaped, _ := strings.Cut(pair, "=")
		value, err := dbus.UnescapeBusAddressValue(escaped)
		switch {
		case err != nil || value == "":
		case key == "path" && filepath.IsAbs(value):
			return value
		case key == "abstract":
			return "@" + value
		}
	}
	return ""
}

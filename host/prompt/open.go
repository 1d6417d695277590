package prompt

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/term"
)

// Options of Open.
type Options struct {
	// Environ is the environment, in the form of os.Environ.
	Environ []string
	// NoColor turns colours off, as NO_COLOR and TERM=dumb do.
	NoColor bool
}

// Open gives the terminal at which the person sits: the process's controlling
// one, or stderr if that is a terminal. Its error is ErrNobody if there is none;
// the host then has no Prompter. close must be called in the end.
func Open(o Options) (t *Terminal, closeTerminal func(), err error) {
	d, closeTerminal, err := openDevice()
	if err != nil {
		if !term.IsTerminal(int(os.Stderr.Fd())) {
			return nil, nil, ErrNobody
		}
		d, closeTerminal = newDevice(os.Stderr, os.Stderr), func() {}
	}
	b := Browser{Environ: o.Environ, GOOS: runtime.GOOS, WSL: underWindows(o.Environ)}
	return &Terminal{Device: d, Style: styleOf(o, runtime.GOOS), Browse: b.Open}, closeTerminal, nil
}

// styleOf reads what the terminal can show from the environment: TERM (terminfo),
// NO_COLOR (no-color.org) and the locale (POSIX: LC_ALL over LC_CTYPE over LANG).
func styleOf(o Options, goos string) Style {
	kind := lookup(o.Environ, "TERM")
	dumb := kind == "dumb" || kind == "" && goos != "windows"
	locale := lookup(o.Environ, "LC_ALL")
	for _, name := range []string{"LC_CTYPE", "LANG"} {
		if locale == "" {
			locale = lookup(o.Environ, name)
		}
	}
	utf8 := strings.Contains(strings.ReplaceAll(strings.ToLower(locale), "-", ""), "utf8")
	return Style{
		Control: !dumb,
		Color:   !dumb && !o.NoColor && lookup(o.Environ, "NO_COLOR") == "",
		Unicode: utf8 || goos != "linux",
	}
}

// underWindows says whether this is the Windows Subsystem for Linux.
func underWindows(environ []string) bool {
	if runtime.GOOS != "linux" {
		return false
	}
	if lookup(environ, "WSL_DISTRO_NAME") != "" {
		return true
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	return err == nil && strings.Contains(strings.ToLower(string(release)), "microsoft")
}

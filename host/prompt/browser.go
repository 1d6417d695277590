package prompt

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

var errNoBrowser = errors.New("no browser is known")

// startGrace is how long an opener is watched for failing. xdg-open fails within
// milliseconds; a browser in the foreground goes on living.
const startGrace = time.Second

// Browser opens pages in the person's browser: $BROWSER, a list of commands
// separated like PATH in which %s stands for the address, or the system's
// opener. No shell is involved, and the process gets null streams, a session of
// its own and none of authlatch's own variables.
type Browser struct {
	// Environ is the environment, in the form of os.Environ.
	Environ []string
	// GOOS is the system's name; "" is runtime.GOOS.
	GOOS string
	// WSL says that this Linux runs under Windows.
	WSL bool
	// Start runs a command and says whether it started; nil is the real thing.
	Start func(ctx context.Context, argv []string) error
}

// Open opens an https page. An error says why no browser can be opened here.
func (b Browser) Open(ctx context.Context, page string) error {
	page, err := openable(page)
	if err != nil {
		return err
	}
	candidates, err := b.candidates(page)
	if err != nil {
		return err
	}
	failed := errNoBrowser
	for _, argv := range candidates {
		start := b.Start
		if start == nil {
			start = b.run
		}
		if failed = start(ctx, argv); failed == nil || ctx.Err() != nil {
			return failed
		}
	}
	return failed
}

// openable checks an address once more before it becomes an argument: https, and
// only the characters of RFC 3986, none of which any opener takes for a quote or
// a blank.
func openable(page string) (string, error) {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return "", errors.New("only https pages are opened")
	}
	strange := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) }
	if strings.ContainsFunc(page, strange) {
		return "", errors.New("the address has characters that no URL has")
	}
	return page, nil
}

// candidates are the commands to try, in order.
func (b Browser) candidates(page string) ([][]string, error) {
	if list := b.env("BROWSER"); list != "" {
		return b.fromVariable(list, page), nil
	}
	if b.env("SSH_CONNECTION") != "" {
		return nil, errors.New("this is an SSH session")
	}
	switch {
	case b.GOOS == "darwin":
		return [][]string{{"/usr/bin/open", page}}, nil
	case b.GOOS == "windows":
		return [][]string{{filepath.Join(b.env("SystemRoot"), "System32", "rundll32.exe"), "url.dll,FileProtocolHandler", page}}, nil
	case b.WSL:
		// In a single-quoted string of PowerShell only the quote is special.
		quoted := "'" + strings.ReplaceAll(page, "'", "''") + "'"
		return [][]string{
			{"wslview", page},
			{"powershell.exe", "-NoProfile", "-NonInteractive", "-Command", "Start-Process " + quoted},
		}, nil
	case b.env("DISPLAY") == "" && b.env("WAYLAND_DISPLAY") == "":
		return nil, errors.New("there is no graphical session")
	}
	return [][]string{{"xdg-open", page}, {"sensible-browser", page}}, nil
}

// fromVariable reads $BROWSER as xdg-utils and Python's webbrowser do.
func (b Browser) fromVariable(list, page string) [][]string {
	separator := ":"
	if b.GOOS == "windows" {
		separator = ";"
	}
	var commands [][]string
	for _, command := range strings.Split(list, separator) {
		argv := strings.Fields(command)
		if len(argv) == 0 {
			continue
		}
		named := false
		for i, a := range argv {
			if strings.Contains(a, "%s") {
				argv[i], named = strings.ReplaceAll(a, "%s", page), true
			}
		}
		if !named {
			argv = append(argv, page)
		}
		commands = append(commands, argv)
	}
	return commands
}

// run starts a command and watches it for startGrace.
func (b Browser) run(ctx context.Context, argv []string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return fmt.Errorf("%s is not installed", filepath.Base(argv[0]))
	}
	// Not CommandContext: the browser outlives the sign-in.
	cmd := exec.Command(path, argv[1:]...) //nolint:noctx // see above
	cmd.Env = b.childEnviron()
	cmd.Dir = string(os.PathSeparator) // holds no directory that is to be unmounted or removed
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%s cannot be started", filepath.Base(path))
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // as long as the browser lives
	grace := time.NewTimer(startGrace)
	defer grace.Stop()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("%s failed (%w)", filepath.Base(path), err)
		}
	case <-grace.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// childEnviron leaves out what is meant for authlatch alone, passwords among it.
func (b Browser) childEnviron() []string {
	env := []string{} // not nil, which would be ours
	for _, kv := range b.Environ {
		if !strings.HasPrefix(kv, "AZURE_") && !strings.HasPrefix(kv, "AUTHLATCH_") {
			env = append(env, kv)
		}
	}
	return env
}

// env looks a variable up; of two with the same name the last one wins.
func (b Browser) env(name string) string { return lookup(b.Environ, name) }

func lookup(environ []string, name string) string {
	value := ""
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			value = v
		}
	}
	return value
}

package prompt_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/prompt"
)

const page = "https://idp.example/authorize?client_id=x&state=it's"

func TestBrowser(t *testing.T) {
	cases := []struct {
		name    string
		browser prompt.Browser
		page    string
		argv    string // of the commands that are tried, none of which starts
		err     string // "" is the last command's
	}{
		{"Linux", prompt.Browser{GOOS: "linux", Environ: []string{"DISPLAY=:0"}}, page, "xdg-open " + page + "; sensible-browser " + page, ""},
		{"Wayland", prompt.Browser{GOOS: "linux", Environ: []string{"WAYLAND_DISPLAY=wayland-0"}}, page, "xdg-open " + page + "; sensible-browser " + page, ""},
		{"no display", prompt.Browser{GOOS: "linux"}, page, "", "there is no graphical session"},
		{"SSH", prompt.Browser{GOOS: "linux", Environ: []string{"DISPLAY=:0", "SSH_CONNECTION=1 2 3 4"}}, page, "", "this is an SSH session"},
		{"SSH to a Mac", prompt.Browser{GOOS: "darwin", Environ: []string{"SSH_CONNECTION=1 2 3 4"}}, page, "", "this is an SSH session"},
		{"macOS", prompt.Browser{GOOS: "darwin"}, page, "/usr/bin/open " + page, ""},
		{"WSL", prompt.Browser{GOOS: "linux", WSL: true}, page, "wslview " + page +
			"; powershell.exe -NoProfile -NonInteractive -Command Start-Process '" + strings.ReplaceAll(page, "'", "''") + "'", ""},
		{"$BROWSER", prompt.Browser{GOOS: "linux", Environ: []string{"SSH_CONNECTION=x", "BROWSER=firefox --new:open -u %s -q"}}, page,
			"firefox --new " + page + "; open -u " + page + " -q", ""},
		{"$BROWSER on Windows", prompt.Browser{GOOS: "windows", Environ: []string{`BROWSER=C:\b.exe;d.exe`}}, page, `C:\b.exe ` + page + "; d.exe " + page, ""},
		{"not https", prompt.Browser{GOOS: "darwin"}, "http://idp.example/", "", "only https pages are opened"},
		{"a file", prompt.Browser{GOOS: "darwin"}, "file:///etc/passwd", "", "only https pages are opened"},
		{"an option", prompt.Browser{GOOS: "darwin"}, "--help", "", "only https pages are opened"},
		{"a user name", prompt.Browser{GOOS: "darwin"}, "https://idp.example@evil.example/", "", "only https pages are opened"},
		{"quotes", prompt.Browser{GOOS: "darwin"}, `https://idp.example/"&calc`, "", "the address has characters that no URL has"},
		{"blanks", prompt.Browser{GOOS: "darwin"}, "https://idp.example/a b", "", "the address has characters that no URL has"},
		{"letters of others", prompt.Browser{GOOS: "darwin"}, "https://idp.example/\u2019", "", "the address has characters that no URL has"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var tried []string
			c.browser.Start = func(_ context.Context, argv []string) error {
				tried = append(tried, strings.Join(argv, " "))
				return errors.New("it does not start")
			}
			err := c.browser.Open(t.Context(), c.page)
			if got := strings.Join(tried, "; "); got != c.argv {
				t.Errorf("tried %q, want %q", got, c.argv)
			}
			if c.err == "" {
				c.err = "it does not start"
			}
			if err == nil || err.Error() != c.err {
				t.Errorf("got %v, want %s", err, c.err)
			}
		})
	}
}

// A real command: with null streams, without authlatch's own variables, and not
// in the working directory.
func TestBrowserRuns(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command is a shell script")
	}
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	browser := filepath.Join(dir, "browser")
	script := "#!/bin/sh\n{ echo \"$1\"; env; pwd; readlink /proc/self/fd/0; } >" + out + ".tmp; mv " + out + ".tmp " + out + "\necho noise; echo noise >&2\n"
	if err := os.WriteFile(browser, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	b := prompt.Browser{GOOS: runtime.GOOS, Environ: []string{"PATH=" + os.Getenv("PATH"), "KEPT=1", "AZURE_PASSWORD=x", "AUTHLATCH_LOG=x", "BROWSER=" + browser}}
	if err := b.Open(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	seen, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	text := string(seen)
	if !strings.HasPrefix(text, page+"\n") || !strings.Contains(text, "KEPT=1\n") || !strings.Contains(text, "\n/\n") {
		t.Errorf("the command saw\n%s", text)
	}
	if strings.Contains(text, "AZURE_") || strings.Contains(text, "AUTHLATCH_") {
		t.Errorf("the command has authlatch's variables:\n%s", text)
	}
}

func TestBrowserFails(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("false is not there")
	}
	for _, command := range []string{"false", "/nonexistent/browser"} {
		b := prompt.Browser{GOOS: runtime.GOOS, Environ: []string{"BROWSER=" + command}}
		if err := b.Open(t.Context(), page); err == nil {
			t.Errorf("%s: no error", command)
		}
	}
}

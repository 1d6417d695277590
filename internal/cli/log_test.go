package cli

import (
	"bytes"
	"errors"
	"testing"
)

// TestWarnings: a person reads a sentence; the log's format is for those who
// asked for a log.
func TestWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		environ []string
		want    string
	}{
		"nobody asked":  {nil, "authlatch: warning: it cannot be kept (flow browser): disk full\n"},
		"a level is":    {[]string{"AUTHLATCH_LOG=warn"}, "level=WARN msg=\"it cannot be kept\" flow=browser error=\"disk full\"\n"},
		"no log at all": {[]string{"AUTHLATCH_LOG=off"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			a := &app{Process: Process{Environ: c.environ, Stderr: &stderr}}
			log, err := a.logger()
			if err != nil {
				t.Fatal(err)
			}
			log.Info("not told")
			log.With("flow", "browser").Warn("it cannot be kept", "error", errors.New("disk full"))
			if got := stderr.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSimilarCommand(t *testing.T) {
	root := newRootCmd(&app{})
	for name, want := range map[string]string{
		"tokn": "token", "logn": "login", "acounts": "accounts", "LOGIN": "login",
		"frob": "", "nosuch": "", "": "", "to": "", "helper-token": "",
	} {
		if got := similarCommand(root, name); got != want {
			t.Errorf("%q: %q, not %q", name, got, want)
		}
	}
}

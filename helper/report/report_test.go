package report

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/authlatch/authlatch/host/config"
)

func TestWrite(t *testing.T) {
	full := &Error{Code: Policy, What: "no token for this server", Why: "it is not listed", Next: "list it"}
	wrong := &config.Error{File: "/c", Line: 3, Key: "tenant", Problem: "is wrong", Next: "fix it"}
	for _, c := range []struct {
		name, format string
		err          error
		code         int
		want         string
	}{
		{"three lines", "text", full, 7, "authlatch: no token for this server\n  it is not listed\n  list it\n"},
		{"wrapped", "", fmt.Errorf("x: %w", full), 7, "authlatch: no token for this server\n  it is not listed\n  list it\n"},
		{"JSON", "json", full, 7, `{"exit_code":7,"what":"no token for this server","why":"it is not listed","next":"list it"}` + "\n"},
		{"config", "text", wrong, 2, "authlatch: /c:3: tenant: is wrong\n  fix it\n"},
		{"config as JSON", "json", wrong, 2, `{"exit_code":2,"what":"/c:3: tenant: is wrong","next":"fix it","file":"/c","line":3,"key":"tenant"}` + "\n"},
		{"control characters", "text", errors.New("a\x1b[2Jb\nc"), 1, "authlatch: ab c\n"},
		{"policy of the config", "text", &config.Error{Key: "--tenant", Problem: "no", Policy: true}, 7, "authlatch: --tenant: no\n"},
		{"anything", "json", errors.New("boom"), 1, `{"exit_code":1,"what":"boom"}` + "\n"},
		{"told by authlatch already", "json", &Exited{Code: 3}, 3, ""},
		{"nothing", "text", nil, 0, ""},
	} {
		var out bytes.Buffer
		if code := Write(&out, c.format, c.err); code != c.code || out.String() != c.want {
			t.Errorf("%s: %d %q", c.name, code, out.String())
		}
	}
}

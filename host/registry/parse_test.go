package registry

import (
	"encoding/json"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

var somePath = map[bool]string{true: `C:\flows\authlatch-flow-corp.exe`, false: "/flows/authlatch-flow-corp"}[runtime.GOOS == "windows"]

func pinsText() string {
	return "version = 1\n[flows.corp]\npath = '" + somePath + "'\nsha256 = '" + anySum + "'\ntrusted_on = 2026-11-23T12:00:00Z\n"
}

func TestParsePins(t *testing.T) {
	pins, err := parsePins([]byte(pinsText()))
	if err != nil || len(pins) != 1 || pins["corp"].Path != somePath || pins["corp"].SHA256 != anySum {
		t.Errorf("got %v, %v", pins, err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"no version":    {"version = 1\n", "", "has no version = 1"},
		"unknown key":   {"version = 1\n", "version = 1\nall = true\n", "is malformed"},
		"unknown entry": {"sha256", "any = true\nsha256", "is malformed"},
		"twice":         {"path", "sha256 = ''\npath", "is malformed"},
		"name":          {"flows.corp", `flows."../corp"`, "malformed flow name"},
		"sum":           {anySum, anySum[1:], "malformed sha256 of flow corp"},
		"no sum":        {"sha256 = '" + anySum + "'\n", "", "malformed sha256 of flow corp"},
		"relative path": {"'" + somePath + "'", "'authlatch-flow-corp'", "malformed path of flow corp"},
		"path":          {"'" + somePath + "'", `"/flows/\u001b"`, "malformed path of flow corp"},
		"many":          {"trusted_on", strings.Repeat("x", maxPinsFile), "has more than 1048576 bytes"},
	} {
		text := strings.Replace(pinsText(), c.from, c.to, 1)
		if _, err := parsePins([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// Whatever is accepted pins plain paths to plain sums.
func FuzzParsePins(f *testing.F) {
	f.Add([]byte(pinsText()))
	f.Add([]byte("version = 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		pins, err := parsePins(b)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x1b\n") {
				t.Errorf("the error is not clean: %q", err)
			}
			return
		}
		for name, p := range pins {
			if len(p.SHA256) != 64 || !filepath.IsAbs(p.Path) || strings.ContainsAny(name+p.Path, "\x1b\n") || name == "" {
				t.Errorf("accepted %q: %+v", name, p)
			}
		}
	})
}

// Whatever is accepted as a kept description is within the protocol's limits and
// of the binary that it is for.
func FuzzParseDescription(f *testing.F) {
	kept, err := json.Marshal(keptDescription{describedVersion, "corp " + anySum, json.RawMessage(`{"name":"corp","options":[{"name":"a"}]}`)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(kept)
	f.Fuzz(func(t *testing.T, b []byte) {
		var d *flowv1.DescribeResponse
		if d = parseDescription(b, "corp "+anySum, "corp"); d == nil {
			return
		}
		if err := launch.CheckDescription(d, "corp"); err != nil || !strings.Contains(string(b), anySum) {
			t.Errorf("accepted %q: %v", b, err)
		}
	})
}

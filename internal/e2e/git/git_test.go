//go:build unix

package git_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/emulator"
)

// commit makes one in a clone, and pushes it.
func (w *world) commit(clone, text string) {
	w.t.Helper()
	w.write(clone+"/file", text)
	w.run("-C", w.path(clone), "add", "file")
	w.run("-C", w.path(clone), "commit", "--quiet", "--message", text)
	w.run("-C", w.path(clone), "push", "--quiet", "origin", "HEAD:main")
}

// Without a session git says what to do and asks nobody; with one it clones,
// pushes and pulls with the one token of the sign-in.
func TestCloneAndPush(t *testing.T) {
	w := newWorld(t)
	w.demand("Basic")
	out, err := w.try("clone", w.url("contoso"), "early")
	if err == nil || !strings.Contains(out, "authlatch login") || !strings.Contains(out, "terminal prompts disabled") {
		t.Errorf("not signed in: %v\n%s", err, out)
	}
	w.signIn("work", alice)
	w.run("clone", "--quiet", w.url("contoso"), "one")
	w.commit("one", "hello")
	w.run("clone", "--quiet", w.url("contoso"), "two")
	w.commit("two", "again")
	w.run("-C", w.path("one"), "pull", "--quiet", "--ff-only", "origin", "main")
	if out := w.run("-C", w.path("one"), "log", "--format=%s"); out != "again\nhello\n" {
		t.Errorf("the log is %q", out)
	}
	if n := w.Counters().Issued; n["password"] != 1 || len(n) != 1 {
		t.Errorf("tokens issued: %v", n)
	}
	if w.user("contoso") != alice {
		t.Errorf("the token was %q's", w.user("contoso"))
	}
}

// A server that takes Bearer alone gets what the helper answers to a git of 2.46
// and later. An older git cannot ask so, and sends the answer as a header here.
func TestBearer(t *testing.T) {
	w := newWorld(t)
	w.signIn("work", alice)
	w.demand("Bearer")
	code, stdout, stderr := w.call("get", "capability[]=authtype\ncapability[]=state\nprotocol=https\nhost="+w.host+"\npath=git/contoso/proj/_git/r\n\n")
	got := values(stdout)
	if code != 0 || stderr != "" || got["authtype"] != "Bearer" || got["ephemeral"] != "1" || got["password_expiry_utc"] == "" || got["username"]+got["password"] != "" {
		t.Fatalf("%d %s%s", code, stdout, stderr)
	}
	w.run("config", "--global", "http.extraHeader", "Authorization: "+got["authtype"]+" "+got["credential"])
	w.run("clone", "--quiet", w.url("contoso"), "one")
	w.commit("one", "hello")
	if out := w.run("ls-remote", w.url("contoso"), "main"); !strings.HasSuffix(out, "\trefs/heads/main\n") {
		t.Errorf("there is %q", out)
	}
}

// Two organisations, two people, by the config's rules and useHttpPath.
func TestOrganisationsOfDifferentAccounts(t *testing.T) {
	w := newWorld(t)
	w.signIn("work", alice)
	w.signIn("other", carol)
	for range 2 {
		for organisation, user := range map[string]string{"contoso": alice, "fabrikam": carol} {
			w.run("ls-remote", w.url(organisation))
			if w.user(organisation) != user {
				t.Errorf("%s got a token of %q", organisation, w.user(organisation))
			}
		}
	}
}

// A token that the server rejects costs one failed command: git has it erased, and
// the next is another one.
func TestARejectedTokenIsNeverServedAgain(t *testing.T) {
	w := newWorld(t)
	w.signIn("work", alice)
	message := "protocol=https\nhost=" + w.host + "\npath=git/contoso/proj/_git/r\n"
	get := func() string {
		t.Helper()
		code, stdout, stderr := w.call("get", message)
		if code != 0 || values(stdout)["password"] == "" {
			t.Fatalf("%d %s", code, stderr)
		}
		return values(stdout)["password"]
	}
	before := get()
	if err := w.RejectAccessTokens(alice); err != nil {
		t.Fatal(err)
	}
	if out, err := w.try("ls-remote", w.url("contoso")); err == nil || !strings.Contains(out, "Authentication failed") {
		t.Errorf("%v\n%s", err, out)
	}
	w.run("ls-remote", w.url("contoso"))
	after := get()
	if after == before {
		t.Error("the rejected token was served again")
	}
	for name, in := range map[string]string{
		"the one before": message + "username=u\npassword=" + before + "\n", "somebody else's": message + "username=u\npassword=x\n",
	} {
		if code, stdout, stderr := w.call("erase", in); code != 0 || stdout+stderr != "" {
			t.Errorf("%s: %d %s%s", name, code, stdout, stderr)
		}
		if get() != after {
			t.Errorf("erasing %s dropped the token", name)
		}
	}
	if _, _, _ = w.call("erase", message); get() == after {
		t.Error("erasing whatever there is left it there")
	}
}

// The server says which tenant the organisation belongs to; it is the one asked,
// and its token the one erased.
func TestTheServersTenant(t *testing.T) {
	w := newWorld(t)
	w.signIn("work", alice)
	host := "capability[]=authtype\ncapability[]=state\nprotocol=https\nhost=" + w.host + "\npath=git/contoso/proj/_git/r\n"
	message := host + "wwwauth[]=Bearer authorization_uri=" + w.URL() + "/" + emulator.FabrikamTenant + "\nwwwauth[]=Basic realm=\"x\"\n"
	code, stdout, stderr := w.call("get", message)
	first := values(stdout)
	if code != 0 || claim(first["credential"], "tid") != emulator.FabrikamTenant || claim(first["credential"], "upn") == "" {
		t.Fatalf("%d %s, tenant %q", code, stderr, claim(first["credential"], "tid"))
	}
	if _, again, _ := w.call("get", message); again != stdout {
		t.Error("the second call got another answer")
	}
	if code, _, stderr := w.call("erase", host+"authtype=Bearer\ncredential="+first["credential"]+"\nstate[]="+first["state[]"]+"\n"); code != 0 {
		t.Errorf("erase: %d %s", code, stderr)
	}
	if _, again, _ := w.call("get", message); values(again)["credential"] == first["credential"] || claim(values(again)["credential"], "tid") != emulator.FabrikamTenant {
		t.Error("the erased token was served again")
	}
}

// "authlatch configure git" sets up a git that knew another helper, says what is
// still missing, and after the sign-in that git gets its credential; --undo leaves
// no trace.
func TestConfigure(t *testing.T) {
	w := newWorld(t)
	before := "# mine\n[http]\n\tsslCAInfo = " + w.path("ca.pem") + "\n[credential]\n\thelper = store\n"
	w.write(".gitconfig", before)
	place := w.host + "/git/contoso"
	configure := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(w.bin, "authlatch"), append([]string{"configure", "git"}, args...)...)
		cmd.Env, cmd.Dir = slices.Concat(w.environ, []string{"XDG_STATE_HOME=" + w.path("state")}), w.dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := configure(place)
	if err == nil || !strings.Contains(out, "useHttpPath = true") || !strings.Contains(out, "authlatch login") || !strings.Contains(out, "git gets no credential for https://"+place) {
		t.Errorf("not signed in: %v\n%s", err, out)
	}
	w.signIn("work", alice)
	if out, err = configure("--check", place); err != nil || !strings.Contains(out, "tested: git gets its credential from authlatch") || strings.Contains(out, "eyJ") {
		t.Errorf("signed in: %v\n%s", err, out)
	}
	if out, err = configure(place); err != nil || !strings.Contains(out, "nothing is to be changed") {
		t.Errorf("again: %v\n%s", err, out)
	}
	w.run("ls-remote", w.url("contoso"))
	if w.exists(".git-credentials") {
		t.Error("git had another helper store the token")
	}
	if out, err = configure("--undo"); err != nil || w.read(".gitconfig") != before {
		t.Errorf("undone: %v\n%s%s", err, out, w.read(".gitconfig"))
	}
}

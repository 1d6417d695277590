package configure_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/internal/configure"
)

// dir is a home with files in it.
type dir struct {
	t    *testing.T
	root string
	configure.Applier
}

func newDir(t *testing.T) *dir {
	root := t.TempDir()
	return &dir{t, root, configure.Applier{Tool: "tool", Records: filepath.Join(root, "state", "configure")}}
}

func (d *dir) path(name string) string { return filepath.Join(d.root, name) }

func (d *dir) write(name, text string) string {
	d.t.Helper()
	if err := os.WriteFile(d.path(name), []byte(text), 0o640); err != nil {
		d.t.Fatal(err)
	}
	return d.path(name)
}

// holds fails unless the file holds text; "-" is no file.
func (d *dir) holds(name, text string) {
	d.t.Helper()
	got, err := os.ReadFile(d.path(name))
	if err != nil {
		got = []byte("-")
	}
	if string(got) != text {
		d.t.Errorf("%s holds %q, want %q", name, got, text)
	}
}

func (d *dir) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// refused fails unless err is one that a person can do something about.
func (d *dir) refused(err error, what string) {
	d.t.Helper()
	var told *configure.Error
	if !errors.As(err, &told) || told.Code == 0 || !strings.Contains(err.Error(), what) || told.Next == "" {
		d.t.Errorf("got %+v, want %q and a next step", err, what)
	}
}

func change(path, from, to string) configure.Change {
	c := configure.Change{Path: path, Old: []byte(from), New: []byte(to)}
	if from == "-" {
		c.Old = nil
	}
	if to == "-" {
		c.New = nil
	}
	return c
}

// What is applied can be taken back to the byte, however often it was applied.
func TestApplyAndUndo(t *testing.T) {
	d := newDir(t)
	here := d.write("real.json", "old\n")
	d.must(os.Symlink(here, d.path("link.json")))
	d.must(d.Apply(configure.Plan{Changes: []configure.Change{
		change(d.path("link.json"), "old\n", "new\n"), change(d.path("sub/made.json"), "-", "made\n"),
	}}))
	d.must(d.Apply(configure.Plan{Changes: []configure.Change{change(d.path("link.json"), "new\n", "newer\n")}}))
	d.holds("real.json", "newer\n")
	d.holds("real.json.before-authlatch", "old\n")
	d.holds("sub/made.json", "made\n")
	for name, want := range map[string]os.FileMode{"real.json": 0o640, "real.json.before-authlatch": 0o600, "sub/made.json": 0o600} {
		if info, err := os.Stat(d.path(name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info, err, want)
		}
	}
	if info, err := os.Lstat(d.path("link.json")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Error("the link was replaced")
	}

	p, err := d.PlanUndo(nil)
	d.must(err)
	d.must(d.Undo(p))
	d.holds("real.json", "old\n")
	d.holds("sub/made.json", "-")
	d.holds("real.json.before-authlatch", "-")
	if p, err = d.PlanUndo(nil); err != nil || len(p.Changes) != 0 {
		t.Errorf("once more: %+v, %v", p, err)
	}
	d.must(d.Undo(p))
}

// One file that is not as it was keeps all of them as they are.
func TestNothingIsChangedByHalves(t *testing.T) {
	d := newDir(t)
	a, b := d.write("a", "1"), d.write("b", "2")
	for name, plan := range map[string]configure.Plan{
		"changed since": {Changes: []configure.Change{change(a, "1", "x"), change(b, "another", "x")}},
		"made since":    {Changes: []configure.Change{change(a, "1", "x"), change(b, "-", "x")}},
		"gone since":    {Changes: []configure.Change{change(a, "1", "x"), change(d.path("c"), "3", "x")}},
	} {
		d.refused(d.Apply(plan), "has just been changed")
		d.holds("a", "1")
		d.holds("b", "2")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	d.write("a.before-authlatch", "somebody's")
	d.refused(d.Apply(configure.Plan{Changes: []configure.Change{change(a, "1", "x")}}), "is there already")
	d.holds("a", "1")
	d.holds("a.before-authlatch", "somebody's")
}

// kubectl and this write one after the other.
func TestTheToolsLock(t *testing.T) {
	d := newDir(t)
	a := d.write("config", "1")
	lock := d.write("config.lock", "")
	c := change(a, "1", "2")
	c.Lock = lock
	d.refused(d.Apply(configure.Plan{Changes: []configure.Change{c}}), "another program is writing")
	d.holds("config", "1")
	d.must(os.Remove(lock))
	d.must(d.Apply(configure.Plan{Changes: []configure.Change{c}}))
	d.holds("config", "2")
	d.holds("config.lock", "-")
}

// undoer takes "+ours" out of a file.
type undoer struct{}

func (undoer) Undo(_ string, _, now []byte) ([]byte, error) {
	if !bytes.Contains(now, []byte("+ours")) {
		return nil, errors.New("there is nothing of ours in it")
	}
	return bytes.ReplaceAll(now, []byte("+ours"), nil), nil
}

// Where others have changed the file since, only our part of it is taken back.
func TestUndoAfterOthers(t *testing.T) {
	d := newDir(t)
	a := d.write("a", "1")
	d.must(d.Apply(configure.Plan{Changes: []configure.Change{change(a, "1", "1+ours")}}))
	d.write("a", "1+ours+theirs")
	_, err := d.PlanUndo(nil)
	d.refused(err, "has been changed since")
	p, err := d.PlanUndo(undoer{})
	d.must(err)
	d.must(d.Undo(p))
	d.holds("a", "1+theirs")

	d.must(d.Apply(configure.Plan{Changes: []configure.Change{change(a, "1+theirs", "x+ours")}}))
	d.write("a", "quite another")
	_, err = d.PlanUndo(undoer{})
	d.refused(err, "has been changed since")
	d.holds("a.before-authlatch", "1+theirs")

	d.must(os.Remove(a)) // then there is nothing to take back
	p, err = d.PlanUndo(nil)
	d.must(err)
	if len(p.Changes) != 0 {
		t.Errorf("%+v", p)
	}
}

// The diff shows what changes, and nobody's secrets that stand beside it.
func TestDiff(t *testing.T) {
	before := `{
  "auths": {
    "registry.example": {
      "auth": "c2VjcmV0",
      "identitytoken": "s3cret"
    }
  },
  "credsStore": "desktop",
  "HttpHeaders": {"Authorization": "Bearer s3cret"}
}
client-key-data: s3cret
  password: 's3cret'
_authToken=s3cret
  token: true
`
	p := configure.Plan{Changes: []configure.Change{change("/home/a/config.json", before, strings.Replace(before, "desktop", "authlatch", 1)+"\x1b[2Jmore\n")}}
	diff := p.Diff()
	for _, want := range []string{"--- /home/a/config.json\n", `-  "credsStore": "desktop",`, `+  "credsStore": "authlatch",`, `       "identitytoken": (not shown)`} {
		if !strings.Contains(diff, want) {
			t.Errorf("no %q in\n%s", want, diff)
		}
	}
	if strings.Contains(diff, "s3cret") || strings.Contains(diff, "c2VjcmV0") || strings.Contains(diff, "\x1b") {
		t.Errorf("a secret or a control character in\n%s", diff)
	}
	if (configure.Plan{}).Diff() != "" {
		t.Error("something is to be changed")
	}
}

// What makes a value a secret may stand on the line above, and out of the hunk.
func TestDiffOfKubeconfigs(t *testing.T) {
	before := `users:
- name: robot
  user:
    exec:
      args:
      - get-token
      - --login
      - spn
      - --client-secret # of the robot
      - s3cret
      env:
      - {name: AZURE_CLIENT_SECRET, value: s3cret}
- name: alice
  user:
    exec:
      args: [get-token, --username, alice, --password, "s3cret", --password=s3cret]
      env:
      - name: AAD_USER_PRINCIPAL_PASSWORD
        value: s3cret
      - name: OTHER
        value: shown
`
	for _, edit := range [][2]string{{"env:\n      - {", "env: # mine\n      - {"}, {"- name: alice", "- name: bob"}, {"OTHER", "MINE"}, {"      - s3cret\n", ""}} {
		p := configure.Plan{Changes: []configure.Change{change("/home/a/.kube/config", before, strings.Replace(before, edit[0], edit[1], 1))}}
		diff := p.Diff()
		if strings.Contains(diff, "s3cret") || !strings.Contains(diff, "\n-") {
			t.Errorf("%q:\n%s", edit, diff)
		}
		for hunk, want := range map[string]string{
			"MINE": "value: shown", "MINE ": "value: (not shown)", "- name: bob": "--username, alice, --password, (not shown), --password=(not shown)]",
		} {
			if edit[1] == strings.TrimSpace(hunk) && !strings.Contains(diff, want) {
				t.Errorf("no %q in\n%s", want, diff)
			}
		}
	}
}

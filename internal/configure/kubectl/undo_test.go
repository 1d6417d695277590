package kubectl

import (
	"strings"
	"testing"
)

const twoUsers = `# mine
users:
- name: alice # she
  user:
    exec:
      command: kubelogin # of old
      args: [get-token, --server-id, api://x]
- name: bob
  user: {token: s3cret}
`

// What kubectl has written since stays, and our users become what they were.
func TestUndoAfterOthers(t *testing.T) {
	p := newPlace(t, map[string]string{".kube/config": twoUsers})
	for _, line := range []string{"", "carol"} {
		plan, err := p.run(t, line)
		if err != nil || len(plan.Changes) == 0 {
			t.Fatal(plan, err)
		}
		now := ""
		for _, c := range plan.Changes {
			if strings.HasSuffix(c.Path, "config") {
				now = string(c.New)
			}
		}
		since := strings.Replace(now, "# mine\n", "# mine\ncurrent-context: prod\n", 1) + "contexts: []\n"
		got, err := new(Tool).Undo("/home/a/.kube/config", []byte(twoUsers), []byte(since))
		if want := strings.Replace(twoUsers, "# mine\n", "# mine\ncurrent-context: prod\n", 1) + "contexts: []\n"; err != nil || string(got) != want {
			t.Errorf("%q: %v\n%s\nwant:\n%s", line, err, got, want)
		}
	}
	if _, err := new(Tool).Undo("/home/a/.kube/config", []byte(twoUsers), []byte("users: [")); err == nil {
		t.Error("what is no YAML was undone")
	}
	if got, err := new(Tool).Undo("/home/a/config.toml", nil, []byte("version = 1\n")); err != nil || string(got) != "version = 1\n" {
		t.Errorf("a config that has changed since: %q, %v", got, err)
	}
}

// Applied once more, nothing is to be changed.
func TestAConvertedKubeconfigIsLeftAlone(t *testing.T) {
	p := newPlace(t, map[string]string{".kube/config": twoUsers, "conf/authlatch/config.toml": "version = 1\n[profiles.work]\n"})
	plan, err := p.run(t, "")
	if err != nil || len(plan.Changes) != 1 {
		t.Fatal(plan, err)
	}
	again := newPlace(t, map[string]string{".kube/config": string(plan.Changes[0].New), "conf/authlatch/config.toml": "version = 1\n[profiles.work]\n"})
	for _, line := range []string{"", "alice"} {
		if plan, err := again.run(t, line); err != nil || len(plan.Changes) != 0 {
			t.Errorf("%q: %v\n%s", line, err, plan.Diff())
		}
	}
}

// Whatever is in a kubeconfig, an edit changes one user and keeps the rest.
func FuzzEdit(f *testing.F) {
	f.Add(twoUsers, "alice")
	f.Add("users: [{name: a, user: {}}]", "a")
	f.Add("{\"users\": null}", "a")
	f.Add("users:\n- name: a\n  user:\n    exec: |\n      x\n...\n", "b")
	f.Add("a: b\r\nusers:\r\n  - user: ~\r\n    name: a", "a")
	put := execSection{command: Program, apiVersion: "client.authentication.k8s.io/v1", args: []string{"get-token"}}.put
	f.Fuzz(func(t *testing.T, text, name string) {
		d, err := parse([]byte(text))
		if err != nil {
			return
		}
		item := d.item(name)
		if item != nil && aliased(item) {
			return
		}
		edited, err := d.edit(name, put)
		if err != nil {
			return
		}
		if kindOf(value(edited.item(name), "user")) != ours || !sameBut(d, edited, name) {
			t.Errorf("%q:\n%s", name, edited.text)
		}
	})
}

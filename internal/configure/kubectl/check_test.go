package kubectl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/internal/configure"
)

// TestMain is also the plugin, which answers with FAKE_ANSWER and tells on stderr
// how it was called.
func TestMain(m *testing.M) {
	answer, ok := os.LookupEnv("FAKE_ANSWER")
	if !ok {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, os.Args[1:], os.Getenv("MINE"), os.Getenv("KUBERNETES_EXEC_INFO"))
	if answer == "" {
		os.Exit(3)
	}
	fmt.Println(answer)
}

const checked = `current-context: prod
contexts:
- {name: prod, context: {cluster: c, user: alice}}
clusters:
- name: c
  cluster:
    server: https://prod.example
    tls-server-name: prod
    extensions:
    - {name: other, extension: {a: b}}
    - name: client.authentication.k8s.io/exec
      extension: {tenant: contoso.example}
users:
- name: alice
  user:
    exec: &alice
      apiVersion: client.authentication.k8s.io/v1
      command: ../bin/kubectl-authlatch
      args: [get-token, -p, work]
      env: [{name: MINE, value: yes}]
      interactiveMode: IfAvailable
      provideClusterInfo: true
- {name: alice-again, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ../bin/kubectl-authlatch, args: [get-token]}}}
- {name: same, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ../bin/kubectl-authlatch, args: [get-token]}}}
- {name: new, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ../bin/kubectl-authlatch, args: [get-token], provideClusterInfo: true}}}
- {name: gone, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /nowhere/kubectl-authlatch}}}
- {name: bob, user: {token: s3cret}}
`

// credential is an answer.
func credential(version string, until time.Time, token string) string {
	b, _ := json.Marshal(map[string]any{
		"apiVersion": "client.authentication.k8s.io/" + version, "kind": "ExecCredential",
		"status": map[string]any{"token": token, "expirationTimestamp": until.UTC().Format(time.RFC3339)},
	})
	return string(b)
}

// The plugin is run as kubectl runs it, and its answer is looked at as client-go does.
func TestCheck(t *testing.T) {
	p := newPlace(t, map[string]string{".kube/config": checked})
	plugin := filepath.Join(p.env.Bin, Program)
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(plugin), os.Symlink(me, plugin)); err != nil {
		t.Skip("there are no symbolic links here: ", err)
	}
	later := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name, users, answer string
		code                int
		told, seen          string
	}{
		{"as kubectl calls it", "alice", credential("v1", later, "t"), 0, "", `[get-token -p work] yes {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"cluster":{"server":"https://prod.example","tls-server-name":"prod","config":{"tenant":"contoso.example"}},"interactive":false}}` + "\n"},
		{"two that are the same", "alice-again same", credential("v1beta1", later, "t"), 0, "", "[get-token]  {\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\",\"spec\":{\"interactive\":false}}\n"},
		{"whom no context has yet", "new", credential("v1", later, "t"), 0, "", `[get-token]  {"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"cluster":{"server":"https://prod.example","tls-server-name":"prod","config":{"tenant":"contoso.example"}},"interactive":false}}` + "\n"},
		{"of another version", "alice", credential("v1beta1", later, "t"), 1, "prints no credential of client.authentication.k8s.io/v1", ""},
		{"no token", "alice", credential("v1", later, ""), 1, "prints no credential", ""},
		{"no JSON", "alice", "hello", 1, "prints no credential", ""},
		{"expired", "alice", credential("v1", time.Now().Add(-time.Hour), "t"), 1, "has expired already", ""},
		{"a person is needed", "alice", "", 3, "user alice: kubectl-authlatch ended with code 3", ""},
		{"no plugin", "gone", "x", 1, "kubectl cannot run /nowhere/kubectl-authlatch", ""},
		{"another's", "bob", "x", 1, "user bob of the kubeconfig does not get its token from authlatch", ""},
		{"nobody", "nobody", "x", 1, "user nobody of the kubeconfig does not", ""},
		{"all", "", credential("v1", later, "t"), 1, "user alice-again: ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("FAKE_ANSWER", c.answer)
			var stderr bytes.Buffer
			p.env.Stderr = &stderr
			err := new(Tool).Check(t.Context(), p.env, strings.Fields(c.users))
			var told *configure.Error
			switch {
			case c.code == 0 && err != nil, c.code != 0 && (!errors.As(err, &told) || told.Code != c.code || !strings.Contains(err.Error(), c.told) || told.Next == ""):
				t.Errorf("%v\n%s", err, &stderr)
			case c.seen != "" && stderr.String() != c.seen:
				t.Errorf("%s\nwant:\n%s", &stderr, c.seen)
			}
		})
	}
}

//go:build linux

package kubectl_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authlatch/authlatch/emulator"
)

// call runs the plugin as a tool does that has no terminal.
func (w *world) call() (stdout, stderr string, code int) {
	cmd := exec.CommandContext(w.t.Context(), filepath.Join(w.bin, "kubectl-authlatch"), "get-token")
	cmd.Dir = w.dir
	cmd.Env = append(slices.Clone(w.environ), `KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false,"cluster":{"server":"`+w.URL()+`/k8s"}}}`)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		return "", err.Error(), -1
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// many calls it 500 times in a row and 50 times at once, as k9s, an editor and a
// script do, and looks at each answer.
func (w *world) many(right func(stdout, stderr string, code int) bool) {
	w.t.Helper()
	one := func() bool {
		stdout, stderr, code := w.call()
		if right(stdout, stderr, code) {
			return true
		}
		w.t.Errorf("%q, %q, %d", stdout, stderr, code)
		return false
	}
	for range 500 {
		if !one() {
			return
		}
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { one() })
	}
	all.Wait()
}

// With a sign-in every call has the token, from the store; without one every call
// says what to run, and nobody is asked.
func TestManyCalls(t *testing.T) {
	w := newWorld(t, emulator.Options{}, "password")
	w.many(func(stdout, stderr string, code int) bool {
		return code == 3 && stdout == "" && strings.Contains(stderr, "run: authlatch login -p work --scope ") && strings.Count(stderr, "\n") <= 3
	})
	if n := w.Counters(); n.Token["password"] != 0 {
		t.Errorf("%+v", n)
	}
	w.signIn("--scope", emulator.AKSServer+"/.default")
	before := w.Counters()
	first, _, _ := w.call()
	w.many(func(stdout, stderr string, code int) bool {
		return code == 0 && stderr == "" && stdout == first && json.Valid([]byte(stdout))
	})
	if after := w.Counters(); after.Total != before.Total {
		t.Errorf("%d requests for what is in the store", after.Total-before.Total)
	}
}

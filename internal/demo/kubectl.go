package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/authlatch/authlatch/emulator"
)

const kubeconfig = `apiVersion: v1
kind: Config
current-context: demo
clusters:
- name: demo
  cluster:
    server: %[1]s/k8s
    certificate-authority: %[2]s
contexts:
- name: demo
  context: {cluster: demo, user: alice}
users:
- name: alice
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: %[3]s
      args: [get-token, -p, browser]
      interactiveMode: IfAvailable
`

// useKubectl asks the emulator's Kubernetes-like API for its version twice, with
// a token that kubectl gets from kubectl-authlatch.
func useKubectl(ctx context.Context, w *world) error {
	title("kubectl: the exec credential plugin")
	path, err := w.writeKubeconfig()
	if err != nil {
		return err
	}
	get := w.getWithoutKubectl
	if kubectl, err := exec.LookPath("kubectl"); err == nil {
		get = func(ctx context.Context) ([]byte, error) { return w.kubectl(ctx, kubectl, path) }
	} else {
		say("kubectl is not installed; a small client of the demo's own does what it does")
	}

	for _, call := range []string{"first", "second"} {
		before, err := w.counters(ctx)
		if err != nil {
			return err
		}
		answer, err := get(ctx)
		if err != nil {
			return err
		}
		var version struct {
			GitVersion string `json:"gitVersion"`
		}
		if err := json.Unmarshal(answer, &version); err != nil || version.GitVersion == "" {
			return fmt.Errorf("the API's answer names no version: %s", answer)
		}
		after, err := w.counters(ctx)
		if err != nil {
			return err
		}
		say("%s call: the API says version %s; it cost %d token requests", call, version.GitVersion, tokenRequests(after)-tokenRequests(before))
		if call == "second" && tokenRequests(after) != tokenRequests(before) {
			return fmt.Errorf("the second call was not answered from the store")
		}
		if after.APIDenied != before.APIDenied {
			return fmt.Errorf("the API refused a token")
		}
	}
	return nil
}

func (w *world) writeKubeconfig() (path string, err error) {
	path = filepath.Join(w.dir, "kubeconfig")
	config := fmt.Sprintf(kubeconfig, w.url, w.caFile, w.program("kubectl-authlatch"))
	return path, os.WriteFile(path, []byte(config), 0o600)
}

func (w *world) kubectl(ctx context.Context, kubectl, config string) ([]byte, error) {
	fmt.Println("  $ kubectl get --raw /version")
	cmd := exec.CommandContext(ctx, kubectl, "--kubeconfig", config, "get", "--raw", "/version") // #nosec G204 -- the person's kubectl
	cmd.Env = w.environ()
	cmd.Dir = w.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("kubectl: %w\n%s", err, stderr.String())
	}
	return out, nil
}

// getWithoutKubectl does what kubectl does: it runs the plugin with
// KUBERNETES_EXEC_INFO and sends the token that it prints.
func (w *world) getWithoutKubectl(ctx context.Context) ([]byte, error) {
	fmt.Println("  $ kubectl-authlatch get-token -p browser")
	cmd := exec.CommandContext(ctx, w.program("kubectl-authlatch"), "get-token", "-p", "browser") // #nosec G204 -- our own program
	cmd.Env = append(w.environ(), `KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}`)
	cmd.Dir = w.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("kubectl-authlatch: %w\n%s", err, stderr.String())
	}
	var credential struct {
		Status struct {
			Token string `json:"token"`
		} `json:"status"`
	}
	if err := json.Unmarshal(out, &credential); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/k8s/version", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+credential.Status.Token)
	res, err := w.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	return io.ReadAll(io.LimitReader(res.Body, 1<<20))
}

func tokenRequests(c emulator.Counters) int {
	n := 0
	for _, count := range c.Token {
		n += count
	}
	return n
}

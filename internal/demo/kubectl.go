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
	get := w.getWithoutKubectl
	if kubectl, err := exec.LookPath("kubectl"); err == nil {
		get = func(ctx context.Context, helper string) ([]byte, error) { return w.kubectl(ctx, kubectl, helper) }
	} else {
		say("kubectl is not installed; a small client of the demo's own does what it does")
	}
	if _, err := w.askAPI(ctx, "first", w.program("kubectl-authlatch"), get); err != nil {
		return err
	}
	alone, err := w.alone("kubectl-authlatch")
	if err != nil {
		return err
	}
	say("the next call is of a copy of kubectl-authlatch with nothing beside it, so it can run no authlatch and launch no flow")
	others, err := w.askAPI(ctx, "second", alone, get)
	if err == nil && others != 0 {
		err = fmt.Errorf("the second call was not answered from the store")
	}
	return err
}

// askAPI asks the API for its version with a token of helper's, and returns how
// many requests but those to the API it took.
func (w *world) askAPI(ctx context.Context, call, helper string, get func(ctx context.Context, helper string) ([]byte, error)) (others int, err error) {
	before, err := w.counters(ctx)
	if err != nil {
		return 0, err
	}
	answer, err := get(ctx, helper)
	if err != nil {
		return 0, err
	}
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(answer, &version); err != nil || version.GitVersion == "" {
		return 0, fmt.Errorf("the API's answer names no version: %s", answer)
	}
	after, err := w.counters(ctx)
	if err != nil {
		return 0, err
	}
	if after.APIDenied != before.APIDenied {
		return 0, fmt.Errorf("the API refused a token")
	}
	api := after.API - before.API
	others = after.Total - before.Total - api
	say("%s call: the API says version %s; %s to the API, %d to the identity provider", call, version.GitVersion, count(api, "request"), others)
	return others, nil
}

// writeKubeconfig writes a kubeconfig that has helper as its exec plugin.
func (w *world) writeKubeconfig(helper string) (path string, err error) {
	path = filepath.Join(w.dir, "kubeconfig")
	config := fmt.Sprintf(kubeconfig, w.url, w.caFile, helper)
	return path, os.WriteFile(path, []byte(config), 0o600)
}

func (w *world) kubectl(ctx context.Context, kubectl, helper string) ([]byte, error) {
	config, err := w.writeKubeconfig(helper)
	if err != nil {
		return nil, err
	}
	fmt.Println("  $ kubectl get --raw /version")
	cmd := w.command(ctx, kubectl, "--kubeconfig", config, "get", "--raw", "/version")
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
func (w *world) getWithoutKubectl(ctx context.Context, helper string) ([]byte, error) {
	fmt.Println("  $ kubectl-authlatch get-token -p browser")
	cmd := w.command(ctx, helper, "get-token", "-p", "browser")
	cmd.Env = append(cmd.Env, `KUBERNETES_EXEC_INFO={"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}`)
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

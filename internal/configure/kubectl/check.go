package kubectl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/authlatch/authlatch/internal/configure"
)

// Check runs the exec plugin as kubectl does, for the users that are named, else
// for each that is ours.
func (t *Tool) Check(ctx context.Context, e configure.Env, args []string) error {
	files, err := t.open(e)
	if err != nil {
		return err
	}
	names := args
	if len(names) == 0 {
		names = oursIn(files)
	}
	if len(names) == 0 {
		return &configure.Error{Code: 1, What: "no user of the kubeconfig gets its token from authlatch", Next: "run: authlatch configure kubectl USER"}
	}
	var done []string
	for _, name := range names {
		f, user := find(files, name)
		if user == nil || kindOf(user) != ours {
			return &configure.Error{Code: 1, What: "user " + name + " of the kubeconfig does not get its token from authlatch", Next: "run: authlatch configure kubectl " + name}
		}
		c, err := callOf(f, files, name, user, e.Interactive)
		if err != nil {
			return err
		}
		if key := fmt.Sprint(c.command, c.args, c.env, c.info); !slices.Contains(done, key) { // once for many of the same
			done = append(done, key)
			if err := c.run(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func oursIn(files []*file) (names []string) {
	for _, f := range files {
		for _, item := range f.doc.items() {
			if name := nameOf(item); kindOf(value(item, "user")) == ours && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// call is one of the plugin's.
type call struct {
	user, command, apiVersion, info string
	args, env                       []string
}

// callOf is what kubectl runs for a user.
func callOf(f *file, files []*file, name string, user *yaml.Node, interactive bool) (call, error) {
	section := value(user, "exec")
	c := call{user: name, command: text(section, "command"), apiVersion: text(section, "apiVersion"), args: texts(value(section, "args"))}
	if strings.ContainsAny(c.command, `/\`) && !filepath.IsAbs(c.command) {
		c.command = filepath.Join(filepath.Dir(f.path), c.command)
	}
	if env := value(section, "env"); env != nil {
		for _, n := range env.Content {
			c.env = append(c.env, text(n, "name")+"="+text(n, "value"))
		}
	}
	spec := map[string]any{"interactive": interactive && text(section, "interactiveMode") != "Never"}
	if text(section, "provideClusterInfo") == "true" {
		cluster, err := clusterOf(files, name)
		if err != nil {
			return c, err
		}
		if cluster != nil {
			spec["cluster"] = cluster
		}
	}
	info, err := json.Marshal(map[string]any{"apiVersion": c.apiVersion, "kind": "ExecCredential", "spec": spec})
	c.info = string(info)
	return c, err
}

// clusterInfo is what the plugin is told of a cluster.
type clusterInfo struct {
	Server        string `json:"server,omitempty" yaml:"server"`
	TLSServerName string `json:"tls-server-name,omitempty" yaml:"tls-server-name"`
	SkipTLSVerify bool   `json:"insecure-skip-tls-verify,omitempty" yaml:"insecure-skip-tls-verify"`
	CA            string `json:"certificate-authority-data,omitempty" yaml:"certificate-authority-data"`
	ProxyURL      string `json:"proxy-url,omitempty" yaml:"proxy-url"`
	Config        any    `json:"config,omitempty" yaml:"-"`
}

// execExtension is the cluster's extension that is for exec plugins.
const execExtension = "client.authentication.k8s.io/exec"

// clusterOf is the cluster of the user's first context, or that of the current one
// for a user whom no context has yet; nil if there is none.
func clusterOf(files []*file, user string) (*clusterInfo, error) {
	name, current := "", ""
	for _, f := range files {
		current = first(current, text(f.doc.root, "current-context"))
	}
	for _, item := range all(files, "contexts") {
		c := value(item, "context")
		if text(c, "user") == user {
			name = text(c, "cluster")
			break
		}
		if nameOf(item) == current {
			name = first(name, text(c, "cluster"))
		}
	}
	if name == "" {
		return nil, nil
	}
	for _, item := range all(files, "clusters") {
		if nameOf(item) != name {
			continue
		}
		info, n := &clusterInfo{}, value(item, "cluster")
		if n == nil || n.Decode(info) != nil {
			break
		}
		if list := value(n, "extensions"); list != nil {
			for _, x := range list.Content {
				if v := value(x, "extension"); nameOf(x) == execExtension && v != nil {
					_ = v.Decode(&info.Config) // what is no settings, the plugin refuses
				}
			}
		}
		return info, nil
	}
	return nil, &configure.Error{Code: 1, What: "cluster " + name + ", which user " + user + " is for, is not in the kubeconfig", Next: "correct the kubeconfig"}
}

// all are the entries of a list of every file.
func all(files []*file, list string) (items []*yaml.Node) {
	for _, f := range files {
		if v := value(f.doc.root, list); v != nil && v.Kind == yaml.SequenceNode {
			items = append(items, v.Content...)
		}
	}
	return items
}

// maxAnswer bounds what is kept of the plugin's; a token is some kilobytes.
const maxAnswer = 1 << 20

// run runs it, and looks at the answer as client-go does.
func (c call) run(ctx context.Context, e configure.Env) error {
	cmd := exec.CommandContext(ctx, c.command, c.args...) // #nosec G204: it is what kubectl runs
	cmd.Env = append(append(os.Environ(), c.env...), "KUBERNETES_EXEC_INFO="+c.info)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, e.Stderr
	if e.Interactive {
		cmd.Stdin = os.Stdin
	}
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return &configure.Error{Code: max(exit.ExitCode(), 1), What: fmt.Sprintf("user %s: %s ended with code %d", c.user, filepath.Base(c.command), exit.ExitCode()), Next: "do what it says above, and run the command again with --check"}
	case err != nil:
		return &configure.Error{Code: 1, What: fmt.Sprintf("user %s: kubectl cannot run %s", c.user, c.command), Why: err.Error(), Next: "run: authlatch configure kubectl " + c.user, Err: err}
	}
	var answer struct {
		APIVersion, Kind string
		Status           struct {
			Token               string
			ExpirationTimestamp time.Time
		}
	}
	if out.Len() > maxAnswer || json.Unmarshal(out.Bytes(), &answer) != nil || answer.Kind != "ExecCredential" || answer.APIVersion != c.apiVersion || answer.Status.Token == "" {
		return &configure.Error{Code: 1, What: fmt.Sprintf("user %s: %s prints no credential of %s", c.user, c.command, c.apiVersion), Next: "install authlatch anew"}
	}
	if !answer.Status.ExpirationTimestamp.After(time.Now()) {
		return &configure.Error{Code: 1, What: "user " + c.user + ": the token has expired already", Next: "set this machine's clock"}
	}
	return nil
}

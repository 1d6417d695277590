// Package kubectl sets kubeconfigs up for kubectl-authlatch: it adds users, and
// converts those that Azure/kubelogin, kubectl's former provider "azure" or "az aks
// get-credentials" have left. It reads kubeconfigs and the config file, writes
// neither, and edits only what it must: comments, order and every other line stay.
// Package cli lists it.
package kubectl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/authlatch/authlatch/internal/configure"
)

// Tool is kubectl's; the zero value is ready.
type Tool struct {
	kubeconfig, serverID, tenant, apiVersion string
	clusterInfo                              bool
}

// Name is the command's.
func (*Tool) Name() string { return "kubectl" }

// Use is the command's arguments.
func (*Tool) Use() string { return "[USER]..." }

// Short is a line for lists.
func (*Tool) Short() string { return "Let kubectl get its tokens from authlatch" }

// Long says what is changed.
func (*Tool) Long() string {
	return "Let kubectl, and all else that reads a kubeconfig, get tokens from authlatch.\n\n" +
		"Without a USER, every user of the kubeconfig that signs in by kubelogin or by\n" +
		"kubectl's former provider \"azure\" is converted, as \"az aks get-credentials\"\n" +
		"writes them. A USER that is not there is added. Where no profile of the config\n" +
		"file has a user's tenant and client, one is added to it; -p names another."
}

// Example shows lines to type.
func (*Tool) Example() string {
	return "  authlatch configure kubectl --dry-run\n" +
		"  authlatch configure kubectl alice -p work\n" +
		"  authlatch configure kubectl alice --check"
}

// Flags are the tool's own.
func (t *Tool) Flags(f *pflag.FlagSet) {
	f.StringVar(&t.kubeconfig, "kubeconfig", "", "kubeconfig `FILE` (KUBECONFIG, else ~/.kube/config)")
	f.StringVar(&t.serverID, "server-id", "", "the clusters' server application (default: what a user names, else Azure Kubernetes Service's)")
	f.StringVar(&t.tenant, "tenant", "", "tenant to ask for (default: what a user names, else the profile's)")
	f.StringVar(&t.apiVersion, "api-version", "v1", "v1, or v1beta1 for kubectl before 1.22")
	f.BoolVar(&t.clusterInfo, "cluster-info", false, "tell kubectl-authlatch the cluster (always so if the profile lists servers)")
}

// Plan says what is to be changed.
func (t *Tool) Plan(_ context.Context, e configure.Env, args []string) (configure.Plan, error) {
	if t.apiVersion != "v1" && t.apiVersion != "v1beta1" {
		return configure.Plan{}, &configure.Error{Code: 2, What: fmt.Sprintf("--api-version: must be v1 or v1beta1, not %q", t.apiVersion), Next: "v1 is right for kubectl since 1.22"}
	}
	command, err := commandOf(e)
	if err != nil {
		return configure.Plan{}, err
	}
	files, err := t.open(e)
	if err != nil {
		return configure.Plan{}, err
	}
	profiles, err := openProfiles(e)
	if err != nil {
		return configure.Plan{}, err
	}
	p := &planner{Tool: t, env: e, command: command, files: files, profiles: profiles}
	if err := p.all(args); err != nil {
		return configure.Plan{}, err
	}
	return p.plan(), nil
}

// file is one kubeconfig.
type file struct {
	path string
	old  []byte
	doc  *document
}

// paths are the kubeconfigs in the order in which kubectl reads them.
func (t *Tool) paths(e configure.Env) ([]string, error) {
	list := []string{t.kubeconfig}
	if t.kubeconfig == "" {
		list = filepath.SplitList(e.Getenv("KUBECONFIG"))
	}
	list = slices.DeleteFunc(list, func(p string) bool { return p == "" })
	if len(list) == 0 {
		if e.Home == "" {
			return nil, &configure.Error{Code: 2, What: "there is no home directory", Next: "name the kubeconfig with --kubeconfig"}
		}
		list = []string{filepath.Join(e.Home, ".kube", "config")}
	}
	for i, path := range list {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		if slices.Contains(list[:i], abs) {
			abs = ""
		}
		list[i] = abs
	}
	return slices.DeleteFunc(list, func(p string) bool { return p == "" }), nil
}

func (t *Tool) open(e configure.Env) ([]*file, error) {
	paths, err := t.paths(e)
	if err != nil {
		return nil, err
	}
	var files []*file
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			b, err = nil, nil
		}
		if err != nil {
			return nil, &configure.Error{Code: 1, What: "the kubeconfig cannot be read", Why: err.Error(), Next: "name another with --kubeconfig", Err: err}
		}
		doc, err := parse(b)
		if err != nil {
			return nil, &configure.Error{Code: 2, What: "kubeconfig " + path + " cannot be understood", Why: err.Error(), Next: "correct it, or name another with --kubeconfig", Err: err}
		}
		files = append(files, &file{path: path, old: b, doc: doc})
	}
	return files, nil
}

// find is the file that a user is in: the first, as for kubectl; nil if none is.
func find(files []*file, name string) (*file, *yaml.Node) {
	for _, f := range files {
		if item := f.doc.item(name); item != nil {
			return f, value(item, "user")
		}
	}
	return nil, nil
}

// destination is where kubectl puts what is new: the first file that is there, else
// the last.
func destination(files []*file) *file {
	for _, f := range files {
		if f.old != nil {
			return f
		}
	}
	return files[len(files)-1]
}

// commandOf is how the kubeconfig is to name the plugin: by its name if that leads
// to the one beside authlatch, else by its path.
func commandOf(e configure.Env) (string, error) {
	name := Program
	if filepath.Ext(os.Args[0]) == ".exe" {
		name += ".exe"
	}
	path := filepath.Join(e.Bin, name)
	mine, err := os.Stat(path)
	if err != nil {
		return "", &configure.Error{Code: 1, What: Program + " is not beside authlatch, in " + e.Bin, Next: "install authlatch as a whole"}
	}
	for _, dir := range filepath.SplitList(e.Getenv("PATH")) {
		if found, err := os.Stat(filepath.Join(dir, name)); err == nil && !found.IsDir() {
			if os.SameFile(mine, found) {
				return Program, nil
			}
			break // another one comes first
		}
	}
	return path, nil
}

// plan is what has come of it.
func (p *planner) plan() configure.Plan {
	plan := configure.Plan{Notes: p.notes}
	if c, changed := p.profiles.change(); changed {
		plan.Changes = append(plan.Changes, c)
		plan.Notes = append(plan.Notes, p.profiles.notes...)
	}
	for _, f := range p.files {
		if !bytes.Equal(f.old, f.doc.text) {
			plan.Changes = append(plan.Changes, configure.Change{Path: f.path, Old: f.old, New: f.doc.text, Lock: f.path + ".lock"})
		}
	}
	if len(p.done) > 0 && !strings.Contains(p.command, string(filepath.Separator)) && p.env.ConfigPath == "" && p.env.Getenv("AUTHLATCH_CONFIG") != "" {
		plan.Notes = append(plan.Notes, "AUTHLATCH_CONFIG is set; kubectl needs it too, or run this with --config")
	}
	return plan
}

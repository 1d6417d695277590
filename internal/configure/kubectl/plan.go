package kubectl

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/authlatch/authlatch/internal/configure"
)

// installHint is what kubectl says where the plugin is missing.
const installHint = Program + " is part of authlatch, https://github.com/authlatch/authlatch"

// planner makes a plan.
type planner struct {
	*Tool
	env      configure.Env
	command  string
	files    []*file
	profiles *profiles
	notes    []string
	done     []string // users
}

func (p *planner) note(format string, args ...any) {
	p.notes = append(p.notes, fmt.Sprintf(format, args...))
}

// all plans for the users that are named, or for all that can be converted.
func (p *planner) all(names []string) error {
	if len(names) > 0 {
		for _, name := range names {
			if err := p.one(name); err != nil {
				return err
			}
		}
		return nil
	}
	var seen []string
	others := 0
	for _, f := range p.files {
		for _, item := range slices.Clone(f.doc.items()) {
			name := nameOf(item)
			if slices.Contains(seen, name) {
				p.note("user %s of %s is hidden by an earlier one, and left alone", name, f.path)
				continue
			}
			seen = append(seen, name)
			switch kindOf(value(item, "user")) {
			case foreign:
				err := p.convert(f, name, value(item, "user"))
				var left untouched
				if errors.As(err, &left) {
					p.note("user %s is left as it is: %s", name, left.why)
				} else if err != nil {
					return err
				}
			case ours:
				p.done = append(p.done, name)
			default:
				others++
			}
		}
	}
	if len(p.done) == 0 {
		p.note("there is no user to convert in %s; to add one, run: authlatch configure kubectl USER", p.files[0].path)
	}
	return nil
}

// one plans for a user that the person has named.
func (p *planner) one(name string) error {
	if name == "" {
		return &configure.Error{Code: 2, What: "a user's name must not be empty", Next: "run: authlatch configure kubectl --help"}
	}
	f, user := find(p.files, name)
	if f == nil {
		return p.add(destination(p.files), name)
	}
	switch kindOf(user) {
	case foreign:
		err := p.convert(f, name, user)
		var left untouched
		if errors.As(err, &left) {
			return &configure.Error{Code: 2, What: "user " + name + " of " + f.path + " cannot be converted", Why: left.why, Next: "name another user, and it is added"}
		}
		return err
	case ours, blank:
		if user != nil && aliased(user) {
			break
		}
		return p.renew(f, name, user)
	}
	return &configure.Error{Code: 2, What: "user " + name + " of " + f.path + " has another credential", Why: "it is neither kubelogin's nor kubectl's former provider azure's", Next: "name another user, and it is added"}
}

// convert plans a foreign user's conversion.
func (p *planner) convert(f *file, name string, user *yaml.Node) error {
	s, err := read(user)
	if err != nil {
		return err
	}
	if p.tenant != "" {
		s.tenant = p.tenant
	}
	s.serverID = first(p.serverID, s.serverID)
	choose := p.profiles.matching
	if p.env.Profile != "" {
		choose = func(s *signIn) (string, string, error) { return p.profiles.named(p.env.Profile, s) }
	}
	profile, tenant, err := choose(&s)
	if err != nil {
		return of(name, err)
	}
	for _, n := range s.notes {
		p.note("user %s: %s", name, n)
	}
	return p.write(f, name, profile, tenant, s.serverID)
}

// of says whose an error is.
func of(user string, err error) error {
	var told *configure.Error
	if errors.As(err, &told) {
		mine := *told
		mine.What = "user " + user + ": " + told.What
		return &mine
	}
	return err
}

// add plans a new user.
func (p *planner) add(f *file, name string) error {
	profile, tenant, err := p.profiles.named(p.env.Profile, &signIn{tenant: p.tenant})
	if err != nil {
		return err
	}
	p.note("to use it in the current context, run: kubectl config set-context --current --user=%s", strconv.Quote(name))
	return p.write(f, name, profile, tenant, p.serverID)
}

// renew plans what flags say anew of a user that is ours.
func (p *planner) renew(f *file, name string, user *yaml.Node) error {
	given := parsePlugin(texts(value(value(user, "exec"), "args")))
	profile, tenant, err := p.profiles.named(first(p.env.Profile, given["profile"]), &signIn{tenant: first(p.tenant, given["tenant"])})
	if err != nil {
		return err
	}
	return p.write(f, name, profile, tenant, first(p.serverID, given["server-id"]))
}

// parsePlugin are the flags of kubectl-authlatch that are kept.
func parsePlugin(args []string) map[string]string {
	given := map[string]string{}
	for i := 0; i < len(args); i++ {
		for name, spellings := range map[string][]string{"profile": {"-p", "--profile", "-profile"}, "tenant": {"--tenant", "-tenant"}, "server-id": {"--server-id", "-server-id"}} {
			for _, s := range spellings {
				if args[i] == s && i+1 < len(args) {
					given[name] = args[i+1]
				} else if len(args[i]) > len(s) && args[i][:len(s)+1] == s+"=" {
					given[name] = args[i][len(s)+1:]
				}
			}
		}
	}
	return given
}

// write plans the exec section.
func (p *planner) write(f *file, name, profile, tenant, serverID string) error {
	args := []string{"get-token", "--profile", profile}
	if serverID != "" {
		args = append(args, "--server-id", serverID)
	}
	if tenant != "" {
		args = append(args, "--tenant", tenant)
	}
	if p.env.ConfigPath != "" {
		path, err := filepath.Abs(p.env.ConfigPath)
		if err != nil {
			return err
		}
		args = append(args, "--config", path)
	}
	set, err := p.profiles.settings(profile)
	if err != nil {
		return err
	}
	e := execSection{command: p.command, args: args, apiVersion: "client.authentication.k8s.io/" + p.apiVersion, clusterInfo: p.clusterInfo || len(set.Servers) > 0}
	doc, err := f.doc.edit(name, e.put)
	if err != nil {
		return &configure.Error{Code: 1, What: "user " + name + " of " + f.path + " cannot be changed", Why: err.Error(), Next: "write it by hand: args " + fmt.Sprint(args)}
	}
	f.doc = doc
	p.done = append(p.done, name)
	return nil
}

// execSection is what the user is to have.
type execSection struct {
	command, apiVersion string
	args                []string
	clusterInfo         bool
}

// put writes the section into the value of "user", where another's stood.
func (e execSection) put(user *yaml.Node) {
	if i := index(user, "auth-provider"); i >= 0 {
		user.Content[i].Value = "exec"
		user.Content[i+1] = &yaml.Node{Kind: yaml.MappingNode, HeadComment: user.Content[i+1].HeadComment}
	}
	exec := value(user, "exec")
	if exec == nil || exec.Kind != yaml.MappingNode {
		unset(user, "exec")
		exec = &yaml.Node{Kind: yaml.MappingNode}
		set(user, "exec", exec)
	}
	user.Style &^= yaml.FlowStyle
	theirs := base(text(exec, "command")) != Program
	set(exec, "apiVersion", scalar(e.apiVersion))
	set(exec, "command", scalar(e.command))
	set(exec, "args", sequence(value(exec, "args"), e.args))
	if env := value(exec, "env"); env != nil && theirs {
		if env.Kind == yaml.SequenceNode {
			env.Content = slices.DeleteFunc(env.Content, func(n *yaml.Node) bool { return isKubelogins(text(n, "name")) })
		}
		if len(env.Content) == 0 {
			unset(exec, "env")
		}
	}
	set(exec, "installHint", scalar(installHint))
	if mode := text(exec, "interactiveMode"); mode == "" || theirs {
		set(exec, "interactiveMode", scalar("IfAvailable"))
	}
	if old := value(exec, "provideClusterInfo"); e.clusterInfo || old != nil {
		set(exec, "provideClusterInfo", boolean(e.clusterInfo || old.Value == "true"))
	}
}

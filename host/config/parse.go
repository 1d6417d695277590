package config

import (
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
)

// Parse reads a config file's text. name is its absolute path, for messages and
// for what is relative to it.
func Parse(name string, data []byte, env Env) (*File, error) {
	f, _, err := parseText(name, data, env)
	return f, err
}

func parseText(name string, data []byte, env Env) (*File, *Store, error) {
	f := &File{Path: name, data: data, Profiles: map[string]Profile{}}
	var doc map[string]any
	if err := toml.Unmarshal(data, &doc); err != nil {
		e := &Error{File: name, Problem: err.Error(), Next: "correct the file; nothing in it counts until then", Err: err}
		var de *toml.DecodeError
		if errors.As(err, &de) {
			e.Line, e.Column = de.Position()
			e.Key = displayed(strings.Join(de.Key(), "."))
			e.Problem = oneLine(strings.TrimPrefix(e.Problem, "toml: "))
		}
		return nil, nil, e
	}
	d := &decoder{file: f, env: env}
	d.root(doc)
	switch {
	case d.first == nil:
		return f, &f.Store, nil
	case d.storeBad:
		return nil, nil, d.first
	}
	return nil, &f.Store, d.first
}

// decoder walks the document and keeps the error that comes first in the file.
// It does by hand what struct decoding cannot: keys in their exact case, "is it
// set", and errors in the user's words.
type decoder struct {
	file  *File
	env   Env
	first *Error
	// storeBad: what is wrong is in [store], or may be.
	storeBad bool
}

func (d *decoder) fail(path, problem, next string) {
	e := d.file.errorAt(path, problem, next)
	if path != "default_profile" && !strings.HasPrefix(path, "profiles.") && !strings.HasPrefix(path, "rule") && !strings.HasPrefix(path, "docker") {
		d.storeBad = true // [store] itself, its name misspelt, or another version
	}
	if d.first == nil || e.Line < d.first.Line || e.Line == d.first.Line && e.Column < d.first.Column {
		d.first = e
	}
}

func (d *decoder) root(doc map[string]any) {
	d.only("", doc, rootKeys...)
	switch v, ok := doc["version"]; {
	case !ok && len(doc) > 0:
		d.fail("version", "is missing", "begin the file with: version = 1")
	case ok && v != int64(Version):
		next := ""
		if n, ok := v.(int64); ok && n > Version {
			next = "the file is of a newer authlatch; update this one"
		}
		problem := "must be 1"
		if _, quoted := v.(string); quoted {
			problem = "must be the number 1, without quotes"
		}
		d.fail("version", problem, next)
	}
	for name, v := range d.table("profiles", doc["profiles"]) {
		path := join("profiles", name)
		if problem := checkName(name); problem != "" {
			d.fail(path, "a profile's name "+problem, "")
		}
		if t := d.table(path, v); t != nil {
			d.file.Profiles[name] = d.profile(path, t)
		}
	}
	d.file.DefaultProfile = d.text("default_profile", doc["default_profile"])
	d.known("default_profile", d.file.DefaultProfile)
	d.rules(doc["rule"])
	d.store(d.table("store", doc["store"]))
	d.docker(d.table("docker", doc["docker"]))
}

// known checks that a profile that is named exists.
func (d *decoder) known(path, name string) {
	if _, ok := d.file.Profiles[name]; !ok && name != "" {
		d.fail(path, "there is no profile "+strconv.Quote(name), suggestion(name, d.file.ProfileNames()))
	}
}

func (d *decoder) profile(path string, t map[string]any) (p Profile) {
	d.only(path, t, profileKeys...)
	at := func(key string) string { return join(path, key) }
	p.Flows = d.list(at("flows"), t["flows"], checkFlow)
	if t["flows"] != nil && len(p.Flows) == 0 {
		d.fail(at("flows"), "must name a flow", `for example flows = ["browser", "devicecode"]`)
	}
	entra := allEntra(p.Flows)
	p.Cloud = d.checked(at("cloud"), t["cloud"], checkCloud)
	p.Authority = d.checked(at("authority"), t["authority"], checkAuthority)
	if p.Cloud != "" && p.Authority != "" {
		d.fail(at("authority"), "cannot be set together with cloud", "remove one of them")
	}
	p.Tenant = d.checked(at("tenant"), t["tenant"], func(s string) string { return checkTenant(s, entra) })
	p.ClientID = d.checked(at("client_id"), t["client_id"], func(s string) string { return checkClientID(s, entra) })
	p.Username = d.checked(at("username"), t["username"], checkUsername)
	p.AdditionallyAllowedTenants = d.list(at("additionally_allowed_tenants"), t["additionally_allowed_tenants"], func(s string) string {
		if s == "*" {
			return ""
		}
		return checkTenant(s, entra)
	})
	p.CAFile = d.path(at("ca_file"), t["ca_file"])
	p.Servers = d.list(at("servers"), t["servers"], checkServer)
	if v, ok := t["disable_instance_discovery"]; ok {
		if p.DisableInstanceDiscovery, ok = v.(bool); !ok {
			d.fail(at("disable_instance_discovery"), "must be true or false", "")
		}
	}
	for flow, v := range d.table(at("flow"), t["flow"]) {
		if problem := checkFlow(flow); problem != "" {
			d.fail(join(at("flow"), flow), problem, "")
		}
		if options := d.options(join(at("flow"), flow), v); options != nil {
			if p.Flow == nil {
				p.Flow = map[string]map[string]Option{}
			}
			p.Flow[flow] = options
		}
	}
	return p
}

func (d *decoder) rules(v any) {
	if v == nil {
		return
	}
	list, ok := v.([]any)
	if !ok {
		d.fail("rule", "must be written as [[rule]]", "")
		return
	}
	seen := map[string]bool{}
	for i, v := range list {
		path := "rule[" + strconv.Itoa(i) + "]"
		t := d.table(path, v)
		d.only(path, t, ruleKeys...)
		r := Rule{
			Host:    strings.ToLower(d.checked(path+".host", t["host"], checkRuleHost)),
			Profile: d.text(path+".profile", t["profile"]),
			Scope:   d.checked(path+".scope", t["scope"], checkScope),
		}
		if t["host"] == nil {
			d.fail(path, "host is missing", "")
		}
		if t["profile"] == nil && t["scope"] == nil {
			d.fail(path, "a rule needs a profile or a scope", "")
		}
		d.known(path+".profile", r.Profile)
		if r.Host != "" && seen[r.Host] {
			d.fail(path+".host", "there is another rule for "+r.Host, "")
		}
		seen[r.Host] = true
		d.file.Rules = append(d.file.Rules, r)
	}
}

func (d *decoder) store(t map[string]any) {
	d.only("store", t, storeKeys...)
	d.file.Store = Store{
		Key:     d.checked("store.key", t["key"], checkStoreKey),
		Dir:     d.path("store.dir", t["dir"]),
		KeyFile: d.path("store.key_file", t["key_file"]),
	}
}

func (d *decoder) docker(t map[string]any) {
	d.only("docker", t, dockerKeys...)
	d.file.Docker.Fallback = d.checked("docker.fallback", t["fallback"], checkFallback)
	if v, ok := t["interactive"]; ok {
		if d.file.Docker.Interactive, ok = v.(bool); !ok {
			d.fail("docker.interactive", "must be true or false", "")
		}
	}
}

// ProfileNames lists the profiles, sorted.
func (f *File) ProfileNames() []string { return slices.Sorted(maps.Keys(f.Profiles)) }

// path makes a path absolute: from the home directory if it begins with "~/",
// else from the config file's directory.
func (d *decoder) path(path string, v any) string {
	s := d.checked(path, v, checkText)
	if s == "" || filepath.IsAbs(s) {
		return s
	}
	if rest, ok := strings.CutPrefix(s, "~/"); ok {
		if dir := Home(d.env); dir != "" {
			return filepath.Join(dir, rest)
		}
		d.fail(path, "there is no home directory to replace ~", "write the whole path")
	}
	return filepath.Join(filepath.Dir(d.file.Path), s)
}

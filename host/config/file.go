package config

import "sync"

// Version is the version of the file's format: its key "version".
const Version = 1

// File is a config file, checked. The zero value is an empty one.
type File struct {
	// Path is where it was read; "" if there is none.
	Path           string
	DefaultProfile string
	Profiles       map[string]Profile
	// Rules in the order of the file.
	Rules  []Rule
	Store  Store
	Docker Docker

	// other is Path if it is not where the user's own config file lies.
	other string

	data []byte
	once sync.Once
	pos  map[string]position // filled by the first error or explanation
}

// Profile is [profiles.NAME]: settings as written. An empty field is not set.
type Profile struct {
	Cloud                      string
	Authority                  string
	Tenant                     string
	ClientID                   string
	Username                   string
	Flows                      []string
	AdditionallyAllowedTenants []string
	// CAFile is absolute: relative to the config file's directory as written.
	CAFile                   string
	DisableInstanceDiscovery bool
	// Servers are the Kubernetes API servers that may get a token; empty is any.
	Servers []string
	// Flow holds [profiles.NAME.flow.FLOW] by flow and option.
	Flow map[string]map[string]Option
}

// Option is a flow's own setting: a value, or where a secret one is found.
type Option struct {
	// Value as it travels to the flow: text, "true", "90", "5m".
	Value string
	// Env names a variable, File an absolute path; at most one is set, and then
	// Value is empty. The host resolves them when it launches the flow.
	Env  string
	File string
	// Written is how the file wrote it.
	Written OptionKind
}

// IsReference says that the value is elsewhere.
func (o Option) IsReference() bool { return o.Env != "" || o.File != "" }

// OptionKind is the TOML type that an option was written in.
type OptionKind int

// Kinds of options.
const (
	String OptionKind = iota
	Bool
	Integer
	Reference
)

// Rule is [[rule]]: the profile and scope for a host, longest match first.
type Rule struct {
	Host, Profile, Scope string
}

// Store is [store] as written.
type Store struct {
	// Key is "auto" (also if empty), "memory", or the name of a key provider:
	// "secret-service", "keyring", "keychain", "dpapi" or "file". Not every platform
	// has all of them.
	Key string
	// Dir and KeyFile are absolute; "" is the default.
	Dir     string
	KeyFile string
}

// Docker is [docker]: what docker-credential-authlatch does beyond its own registries.
type Docker struct {
	// Fallback is the NAME of another helper, docker-credential-NAME, that is asked
	// for all other registries; "" is none.
	Fallback string
	// Interactive lets docker's helper ask a person.
	Interactive bool
}

type position struct{ line, column int }

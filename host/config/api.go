package config

import (
	"errors"

	"github.com/authlatch/authlatch/host/store"
)

// Load reads the file at path, or at DefaultPath(env) if path is "". Only the
// default path may be missing; that gives an empty File.
func Load(path string, env Env) (*File, error) { return nil, errors.ErrUnsupported }

// DefaultPath is AUTHLATCH_CONFIG, else authlatch/config.toml in the user's
// config directory; "" if there is no such directory.
func DefaultPath(env Env) string { return "" }

// Resolve says what holds for a profile: flag, AUTHLATCH_* variable, profile,
// AZURE_* variable, default. Every error is an *Error.
func Resolve(f *File, flags Flags, env Env) (Settings, error) {
	return Settings{}, errors.ErrUnsupported
}

// ResolveStore says where tokens are kept, for commands without a profile.
func ResolveStore(f *File, env Env) (Store, error) { return Store{}, errors.ErrUnsupported }

// Explain lists the effective values, each with its origin.
func (s Settings) Explain() []Explained { return nil }

// CheckTenant says whether a token of tenant may be asked for under this
// profile. "" is the profile's own. Its error is a policy *Error.
func (s Settings) CheckTenant(tenant string) error { return errors.ErrUnsupported }

// Scopes checks what a caller asks for: scopes, or one resource, or neither
// (the cloud's Resource Manager). Its errors name --scope or --resource.
func (s Settings) Scopes(scopes []string, resource string) ([]string, error) {
	return nil, errors.ErrUnsupported
}

// TokenKey is the store's key of a token under this profile.
func (s Settings) TokenKey(scopes []string, tenant string) (k store.TokenKey) { return k }

// Capabilities are the client capabilities that every request carries.
func (s Settings) Capabilities() []string { return []string{"cp1"} }

// OptionSpec is what a flow's Describe says of one option.
type OptionSpec struct {
	Name     string
	Kind     string // "string", "bool", "integer" or "duration"
	Required bool
	Secret   bool
}

// CheckOptions checks [profiles.NAME.flow.FLOW] against the flow's options:
// unknown, missing, of another kind, or a secret written out.
func (s Settings) CheckOptions(flow string, specs []OptionSpec) error { return errors.ErrUnsupported }

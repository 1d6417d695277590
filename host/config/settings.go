package config

// Defaults where nothing else says anything.
const (
	DefaultTenant = "organizations"
	// DefaultClientID is the Azure CLI's public client, as azidentity's is.
	DefaultClientID = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
	// DefaultProfileName is the profile's name if the file has none.
	DefaultProfileName = "default"
)

// DefaultFlows are tried where a profile names none. The password flow is
// never a fallback.
var DefaultFlows = []string{"browser", "devicecode"}

// Env looks a variable up, as os.Getenv does. Empty is not set.
type Env func(name string) string

// Flags are what a command line sets; empty is not set.
//
// Tenant here replaces the profile's tenant and so the identity. What
// --tenant of login, token and get-token means is another thing: a tenant to
// ask for under the same sign-in. Those set TokenRequest.Tenant after
// Settings.CheckTenant.
type Flags struct {
	Profile   string
	Cloud     string
	Authority string
	Tenant    string
	ClientID  string
	// Username is who is expected to sign in. It chooses the identity only if the
	// profile names a user too; otherwise it is a hint.
	Username string
	// Flow is the only flow that may ask the person.
	Flow string
}

// Settings are a profile's effective values.
type Settings struct {
	// Profile is its name.
	Profile string
	// Cloud is the known cloud's name; "" for another authority.
	Cloud string
	// Authority is an https URL without tenant and trailing slash.
	Authority string
	// Tenant in lower case; "" for providers without tenants.
	Tenant   string
	ClientID string
	Username string
	// Flows in the order in which they are tried.
	Flows                      []string
	AdditionallyAllowedTenants []string
	CAFile                     string
	DisableInstanceDiscovery   bool
	Servers                    []string
	// Options holds the flows' own options, by flow and option.
	Options map[string]map[string]Option
	// Entra says that every flow is one of Entra ID's that authlatch ships.
	Entra bool
	// Store is where tokens are kept.
	Store Store

	hint    bool // Username came from a flag and the profile names none
	origins map[string]origin
	file    *File
}

// Explained is one effective value and where it came from: "flag --tenant",
// "environment AZURE_TENANT_ID", "FILE:LINE" or "default".
type Explained struct {
	Key    string `json:"key"`
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

// origin is where a value came from: in words, or a path in the file, which is
// turned into a line only when asked: that parses the file again.
type origin struct{ words, path string }

// File is the config file that the settings are of, never nil.
func (s Settings) File() *File {
	if s.file == nil {
		return &File{}
	}
	return s.file
}

func (s Settings) origin(key string) string {
	o := s.origins[key]
	if o.path != "" {
		return s.file.origin(o.path)
	}
	return o.words
}

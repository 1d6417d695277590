package config

// The keys of each table of the file, in the order of docs/config.md.
var (
	rootKeys    = []string{"version", "default_profile", "profiles", "rule", "store", "docker"}
	profileKeys = []string{
		"cloud", "authority", "tenant", "client_id", "username", "flows", "additionally_allowed_tenants",
		"ca_file", "disable_instance_discovery", "servers", "flow",
	}
	ruleKeys      = []string{"host", "profile", "scope"}
	storeKeys     = []string{"key", "dir", "key_file"}
	dockerKeys    = []string{"fallback", "interactive"}
	referenceKeys = []string{"env", "file"} // of a flow's option that is elsewhere
)

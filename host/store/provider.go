package store

// providers are all that there are on any platform, in the order in which people
// are told of them.
var providers = []struct {
	name  string
	words string // how a person calls it
	// number is in files: never change one.
	number byte
}{
	{"secret-service", "the Secret Service", 3},
	{"keyring", "the kernel keyring", 1},
	{"keychain", "the macOS Keychain", 4},
	{"dpapi", "Windows (DPAPI)", 5},
	{"file", "a key file", 2},
}

// ProviderNames lists every provider that there is on any platform.
func ProviderNames() []string {
	names := make([]string, len(providers))
	for i, p := range providers {
		names[i] = p.name
	}
	return names
}

// ProviderWords is how a person calls a provider: "keyring" is "the kernel
// keyring".
func ProviderWords(provider string) string { return words(provider) }

func words(provider string) string {
	for _, p := range providers {
		if p.name == provider {
			return p.words
		}
	}
	return provider
}

// numberOf is a provider's number in entries, 0 if it has none.
func numberOf(provider string) byte {
	for _, p := range providers {
		if p.name == provider {
			return p.number
		}
	}
	return 0
}

// numbered is the provider with that number, "" if there is none.
func numbered(number byte) string {
	for _, p := range providers {
		if p.number == number {
			return p.name
		}
	}
	return ""
}

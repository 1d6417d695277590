// Package config reads what the user has settled: profiles, rules and the
// store, from one TOML file, the environment and a command's flags, and says
// of every effective value where it came from.
//
// It never reads anything from a working directory, never resolves a secret
// and never talks to anyone. The helpers link it on the warm path, so it links
// little. Package host, cmd/authlatch and the helpers call it.
package config

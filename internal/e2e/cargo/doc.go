// Package cargo has tests only: the real cargo fetches a crate from a sparse registry
// that demands a token, which the emulator checks as Azure Artifacts would, with the
// credentials of cargo-credential-authlatch. make e2e runs them.
package cargo

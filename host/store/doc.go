// Package store keeps tokens, bindings and flow states in encrypted files, one
// each, so that a warm call opens one small file whatever the number of them.
//
// It never writes a secret in clear, never truncates a file in place, and
// never costs a caller the token just obtained: what cannot be written stays in
// this process's memory, with one warning. Package host writes it; the helpers
// only read it.
package store

// Package store keeps tokens, bindings and flow states in encrypted files, one
// each, so that a warm call opens one small file whatever the number of them.
//
// It never writes a secret in clear, never truncates a file in place, and
// never costs a caller the token just obtained: what cannot be written stays in
// this process's memory, with one warning. store.json alone says under which key
// is written; Rekey replaces it while others read and write. Package host writes
// the store; the helpers only read it, note a token's last use, and drop a rejected
// one.
package store

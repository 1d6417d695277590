// Package host gets tokens for a user. It looks in the store, lets the flow
// that signed the account in renew the token, or lets the profile's flows ask
// the person, each flow in a process of its own.
//
// It never writes to a standard stream and reads no environment variable: the
// Config says all. Embedding programs and cmd/authlatch call it; the exec
// helpers do not link it, they read the store and run authlatch on a miss.
package host

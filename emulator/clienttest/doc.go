// Package clienttest shows that the emulator tells the truth: the Azure SDKs'
// own credentials for users sign in to it unchanged, from Go, Node and Python.
// It holds tests and the two scripts that they run.
package clienttest

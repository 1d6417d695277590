// Package undumpable protects the memory of the programs that hold tokens. Their
// main functions call it before they read any; a library never does, because the
// process is its embedder's. Flows have the SDK's own.
package undumpable

// Self keeps other processes of the user from reading this one's memory, and the
// system from writing it to a core file (Linux). It is best effort. Programs that
// this one starts do not inherit it; what could be done on other systems, a
// person's browser would.
func Self() { self() }

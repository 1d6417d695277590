package host

import (
	"maps"
	"slices"
)

// Reasons are those that the host has a rule for.
func Reasons() []string {
	return slices.DeleteFunc(slices.Collect(maps.Keys(rules)), func(r string) bool { return r == reasonUnknown })
}

// SameRequest is whether one may be answered with what was handed out for the other.
func SameRequest(a, b TokenRequest) bool { return (&handedOut{req: a}).asked(&b) }

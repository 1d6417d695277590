// Package aadsts is the one table from Microsoft Entra ID's error numbers
// (AADSTS…) to what they mean for authlatch: the reason that a flow gives and
// the next step that the host shows. The flows and the host read it; the helper
// binaries must not link it (the reasons live beside generated protobuf code).
//
// The sources are Microsoft's "Authentication and authorization error codes"
// page (learn.microsoft.com/entra/identity-platform/reference-error-codes) and,
// for the numbers that are not on it, the texts that Entra ID sends with them.
// Microsoft may change numbers at any time, so the table only refines what the
// OAuth error code already says; an unknown number loses nothing but advice.
package aadsts

// Entry is what one error number means.
type Entry struct {
	// Reason is a flowv1.Reason constant.
	Reason string
	// NextStep is one line for people, lowercase and without a final period. It
	// may hold the placeholders {profile}, {tenant}, {client_id} and {username},
	// which the host fills in from the effective settings, and {login} and
	// {login_browser}, the commands that sign in for what was asked.
	NextStep string
}

// Lookup returns the entry of an error number. It is safe for concurrent use.
func Lookup(code int) (Entry, bool) {
	e, ok := table[code]
	return e, ok
}

// Codes returns the numbers in the table, in no order; for documentation and
// tests.
func Codes() []int {
	codes := make([]int, 0, len(table))
	for c := range table {
		codes = append(codes, c)
	}
	return codes
}

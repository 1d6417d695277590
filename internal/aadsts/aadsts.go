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

// endsGrant are the numbers of a refresh token that is revoked or expired for
// every resource. Those of a policy's sign-in frequency (70043, 70044) are not
// among them: the policy may be about one resource.
var endsGrant = map[int]bool{50132: true, 50133: true, 50173: true, 70008: true, 700082: true, 700084: true}

// EndsGrant says whether an error number means that the refresh token is good for
// nothing any more.
func EndsGrant(code int) bool { return endsGrant[code] }

// Codes returns the numbers in the table, in no order; for documentation and
// tests.
func Codes() []int {
	codes := make([]int, 0, len(table))
	for c := range table {
		codes = append(codes, c)
	}
	return codes
}

package config

import (
	"strconv"
	"strings"
)

// failForeign says that a flow of others has no authority or client_id: it may be
// a misspelt one of ours.
func (r *resolver) failForeign(flow string, flag bool) {
	problem := "the flow " + strconv.Quote(flow) + " is not one of authlatch's own (" + strings.Join(shippedFlows, ", ") + ") and needs authority and client_id"
	next := "set authority and client_id in [profiles." + r.s.Profile + "]"
	if hint := suggestion(flow, shippedFlows); strings.HasPrefix(hint, "did you mean") {
		next = hint + " If not, " + next
	} else {
		next = "correct its name, or " + next
	}
	if flag {
		r.fail(&Error{Key: "--flow", Problem: problem, Next: next})
		return
	}
	r.fail(r.file.errorAt(r.at("flows"), problem, next))
}

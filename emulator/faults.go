package emulator

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// The kinds of faults.
const (
	FaultStatus429  FaultKind = "status429"   // 429, Retry-After if set
	FaultStatus503  FaultKind = "status503"   // 503, Retry-After if set
	FaultStatus500  FaultKind = "status500"   // 500
	FaultSlow       FaultKind = "slow"        // the true answer after Delay
	FaultTruncated  FaultKind = "truncated"   // half of the true answer, then the connection is cut
	FaultHuge       FaultKind = "huge"        // 200 and a JSON string of Size bytes
	FaultMalformed  FaultKind = "malformed"   // 200 and broken JSON
	FaultNotJSON    FaultKind = "notjson"     // 200 and a proxy's HTML page
	FaultRedirect   FaultKind = "redirect307" // 307 to Location
	FaultReset      FaultKind = "reset"       // the connection is reset without an answer
	FaultOAuthError FaultKind = "error"       // 400 and the Error, AADSTS, … of the Fault
)

// Fault is something that the server does wrong on purpose.
type Fault struct {
	Endpoint string    `json:"endpoint"`        // one of the Endpoint constants; "" is all
	Grant    string    `json:"grant,omitempty"` // of a token request, as in Counters.Token; "" is all
	Kind     FaultKind `json:"kind"`            // FaultOAuthError if empty and Error is set
	Skip     int       `json:"skip,omitempty"`  // let this many matching requests through first
	Times    int       `json:"times,omitempty"` // then strike this often; 0 is for ever
	// RetryAfter is in seconds; 0 sends no header.
	RetryAfter int `json:"retry_after,omitempty"`
	// Delay goes before whatever the fault does; in real time.
	Delay time.Duration `json:"-"`
	// Processed lets the request take effect first (a code is used up, a
	// refresh token rotated) and only then spoils the answer.
	Processed bool `json:"processed,omitempty"`
	// Size is how many bytes a huge answer has; 64 MiB if zero.
	Size int64 `json:"size,omitempty"`
	// Location is where redirect307 leads; the emulator's own trap if empty,
	// which counts in Counters.Trapped what is sent on.
	Location string `json:"location,omitempty"`

	// What a FaultOAuthError says; the status faults say it too if Error is set.
	Error       string `json:"error,omitempty"`
	AADSTS      int    `json:"aadsts,omitempty"`
	Suberror    string `json:"suberror,omitempty"`
	Claims      string `json:"claims,omitempty"`
	Description string `json:"description,omitempty"`
}

func (f Fault) validate() error {
	kinds := []FaultKind{FaultStatus429, FaultStatus503, FaultStatus500, FaultSlow, FaultTruncated, FaultHuge,
		FaultMalformed, FaultNotJSON, FaultRedirect, FaultReset, FaultOAuthError}
	if !slices.Contains(kinds, f.Kind) {
		return fmt.Errorf("fault: unknown kind %q", f.Kind)
	}
	endpoints := []string{"", EndpointDiscovery, EndpointInstance, EndpointUserRealm, EndpointAuthorize, EndpointToken,
		EndpointDeviceCode, EndpointAPI, EndpointWSTrust, EndpointJWKS}
	if !slices.Contains(endpoints, f.Endpoint) {
		return fmt.Errorf("fault: unknown endpoint %q", f.Endpoint)
	}
	if f.Times < 0 || f.Skip < 0 || f.RetryAfter < 0 || f.Delay < 0 || f.Size < 0 {
		return errors.New("fault: a number is negative")
	}
	return nil
}

// AddFault arms a fault. Faults are tried in the order in which they were
// added; the first that matches strikes. It panics if the fault names an
// unknown kind or endpoint: that is a mistake in the test.
func (s *Server) AddFault(f Fault) {
	if err := s.addFault(f); err != nil {
		panic("emulator: " + err.Error())
	}
}

func (s *Server) addFault(f Fault) error {
	if f.Kind == "" && f.Error != "" {
		f.Kind = FaultOAuthError
	}
	if err := f.validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
	return nil
}

// ClearFaults disarms every fault.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// takeFault finds the fault that strikes this request and uses it up.
func (s *Server) takeFault(x *exchange) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Endpoint != "" && f.Endpoint != x.to.endpoint ||
			f.Grant != "" && (x.to.endpoint != EndpointToken || shortGrant(f.Grant) != shortGrant(x.entry.GrantType)) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		struck := *f
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		s.counters.Faults++
		return &struck
	}
	return nil
}

//go:build !linux

package sandbox

// Thread is a thread that was restricted; here it never is.
type Thread struct{}

// Probe finds out what holds on this system: nothing.
func Probe() Held {
	return Held{Missing: []string{
		MissingFiles, MissingPorts, MissingDevices, MissingAbstract, MissingSignals, MissingCalls, MissingSocketsOf,
	}}
}

// Enter does nothing.
func Enter(Policy) (*Thread, Held) { return &Thread{}, Probe() }

// Close does nothing.
func (*Thread) Close() {}

// OnThread runs f. Nothing here is about threads.
func OnThread(f func()) { go f() }

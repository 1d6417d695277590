package sandbox

import (
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Thread is a restricted thread.
type Thread struct {
	cookie uint32
	broker *broker // nil if there is none
}

// ability is what the kernel and whatever confines this process allow.
type ability struct {
	abi     int  // Landlock's; 0 is none
	signals bool // may be scoped without harm to this process
	seccomp bool
	broker  bool // filters can refer calls to us
}

// probe tries it on a thread that ends afterwards.
var probe = sync.OnceValue(func() ability {
	// The os package tries once per process how it can wait for children, by a
	// fork. On a restricted thread that would fail.
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Release()
	}
	done := make(chan ability)
	go spareMain(func() {
		a := landlockAbility()
		a.seccomp, a.broker = seccompAbility()
		done <- a
	})
	return <-done
})

// Probe finds out, once, what holds on this system.
func Probe() Held {
	a := probe()
	h := Held{Seccomp: a.seccomp}
	a.landlockHeld(&h)
	a.seccompHeld(&h)
	return h
}

// OnThread runs f on a thread of its own that can be restricted: it is not the
// process's first, which cannot end, and it ends with f.
func OnThread(f func()) { go spareMain(f) }

// spareMain keeps the first thread locked meanwhile if it is on that, so that f
// is on another. It does not unlock: that is what ends a thread.
func spareMain(f func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		f()
		return
	}
	locked := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		close(locked)
		f()
	}()
	<-locked
	runtime.UnlockOSThread()
}

// Enter restricts the calling thread, for ever, and what it forks. The thread
// must be locked and must end without being unlocked. The files that p names
// must not be changed meanwhile.
func Enter(p Policy) (*Thread, Held) {
	a := probe()
	t, h := &Thread{}, Held{}
	if unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != nil {
		a = ability{} // both need it of who is not privileged
	}
	if a.abi > 0 && restrict(p, a) != nil {
		a.abi = 0
	}
	a.landlockHeld(&h)
	dropCapabilities()
	if a.seccomp {
		a.seccomp = t.filter(p, a.broker) == nil
	}
	h.Seccomp = a.seccomp
	a.seccompHeld(&h)
	return t, h
}

// dropCapabilities leaves this thread none, and with no_new_privs what it forks
// gains none, not even root's. What an ordinary user has not cannot be dropped.
func dropCapabilities() {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	_ = unix.Capset(&header, &none[0])
}

// Close ends the help that the thread's children need to open sockets. It is
// called when they are gone. A nil Thread has none.
func (t *Thread) Close() {
	if t != nil && t.broker != nil {
		t.broker.close()
	}
}

func (a ability) landlockHeld(h *Held) {
	h.Landlock = a.abi
	for _, m := range []struct {
		abi  int
		what string
	}{{1, MissingFiles}, {4, MissingPorts}, {5, MissingDevices}, {6, MissingAbstract}} {
		if a.abi < m.abi {
			h.Missing = append(h.Missing, m.what)
		}
	}
	if a.abi < 6 || !a.signals {
		h.Missing = append(h.Missing, MissingSignals)
	}
}

func (a ability) seccompHeld(h *Held) {
	if !a.seccomp {
		h.Missing = append(h.Missing, MissingCalls)
	}
	if !a.seccomp || !a.broker {
		h.Missing = append(h.Missing, MissingSocketsOf)
	}
}

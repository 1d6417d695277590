//go:build unix

package launch_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/internal/handshake"
)

// BenchmarkLaunch is one whole request to an honest flow: fork, handshake,
// token, end of the process. A pinned flow is copied, sealed and summed before, as
// large as the test binary is; unconfined is without the sandbox.
// BenchmarkBareProcess is what of it is the same
// binary's start and end.
func BenchmarkLaunch(b *testing.B) {
	for _, c := range []struct {
		name                string
		mtls, pinned, loose bool
	}{{name: "peercred"}, {name: "mtls", mtls: true}, {name: "pinned", pinned: true}, {name: "unconfined", loose: true}} {
		b.Run(c.name, func(b *testing.B) {
			self, _ := os.Executable()
			flow := launch.Binary{Name: "good", Path: self}
			if c.pinned {
				content, err := os.ReadFile(self)
				if err != nil {
					b.Fatal(err)
				}
				flow.SHA256 = sum(content)
			}
			l := launch.Launcher{TempDir: b.TempDir(), AutoMTLS: c.mtls, Loosen: launch.Loosening{Off: c.loose}}
			for b.Loop() {
				if _, err := l.GetToken(b.Context(), flow, start(), says("1")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBareProcess(b *testing.B) {
	self, _ := os.Executable()
	for b.Loop() {
		cmd := exec.Command(self)
		cmd.Env = []string{handshake.CookieKey + "=" + handshake.CookieValue, handshake.FlowNameKey + "=bare"}
		if err := cmd.Run(); err != nil {
			b.Fatal(err)
		}
	}
}

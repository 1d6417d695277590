//go:build unix

package launch_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
)

func killHard(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) }

const hostEnv = "LAUNCH_TEST_HOST"

// beHost launches the flow and tells its process id.
func beHost(flow string) {
	if run, ok := systemHosts[flow]; ok {
		run()
		return
	}
	self, _ := os.Executable()
	l := launch.Launcher{Started: func(pid int, _ launch.Binary) { fmt.Println(pid) }}
	_, err := l.GetToken(context.Background(), launch.Binary{Name: flow, Path: self}, start(), says(""))
	fmt.Fprintln(os.Stderr, err)
}

// A host that dies takes its flow along, whatever state that is in, and its
// socket is swept at the next start.
func TestHostDies(t *testing.T) {
	for _, flow := range []string{"waits", "never-handshakes", "stops"} {
		if flow != "waits" && runtime.GOOS != "linux" {
			continue // only the kernel's help ends a flow that cannot look for its host
		}
		for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
			t.Run(flow+"/"+sig.String(), func(t *testing.T) {
				r := newRig(t)
				host := exec.Command(r.self)
				host.Env = append(os.Environ(), hostEnv+"="+flow, "TMPDIR="+r.TempDir)
				out, err := host.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := host.Start(); err != nil {
					t.Fatal(err)
				}
				line, _ := bufio.NewReader(out).ReadString('\n')
				pid, err := strconv.Atoi(strings.TrimSpace(line))
				if err != nil {
					t.Fatalf("the host says %q", line)
				}
				_ = host.Process.Signal(sig)
				_ = host.Wait()
				if !waitGone(t, pid) {
					killHard(pid)
					t.Errorf("flow %d outlives its host", pid)
				}
				if _, err := r.get(limit(t), "plain", nil); err != nil { // sweeps; see newRig
					t.Error(err)
				}
			})
		}
	}
}

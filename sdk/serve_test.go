//go:build unix

package sdk_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/authlatch/authlatch/internal/handshake"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// roleEnv makes the test binary a flow, or a stranger that calls one.
const roleEnv = "SDK_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleEnv); {
	case role == "flow":
		sdk.Serve(processFlow{})
	case role == "prepared":
		sdk.Serve(&preparedFlow{told: make(chan sdk.Ahead, 2)})
	case role == "embedded":
		sdk.ServeIfFlow(corp{}, processFlow{})
		fmt.Println("the host's own work")
	case strings.HasPrefix(role, "call "):
		fmt.Print(call(strings.TrimPrefix(role, "call ")))
	default:
		os.Exit(m.Run())
	}
}

// processFlow tells about its process.
type processFlow struct{}

func (processFlow) Describe() sdk.Description {
	return sdk.Description{Name: "process", Version: selfProtection() + ", inherited " + inherited()}
}

func (processFlow) GetToken(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error) {
	return goodToken(), nil
}

// startFlow starts the test binary as a flow, without go-plugin's client, and
// returns its handshake line.
func startFlow(t *testing.T, env ...string) (string, *exec.Cmd) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "sdk")
	if err != nil {
		t.Fatal(err)
	}
	cmd := command("flow", append(env, handshake.CookieKey+"="+handshake.CookieValue, "PLUGIN_UNIX_SOCKET_DIR="+dir, "PLUGIN_PROTOCOL_VERSIONS=1")...)
	stdin, err := cmd.StdinPipe() // kept open: a flow does not end with its stdin
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{os.Stderr, os.Stderr} // what a careless host leaks
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = stdin.Close()
		_ = os.RemoveAll(dir)
	})
	line, _ := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), cmd
}

func command(role string, env ...string) *exec.Cmd {
	self, _ := os.Executable()
	cmd := exec.Command(self)
	cmd.Env = append(append(os.Environ(), roleEnv+"="+role), env...)
	return cmd
}

// call asks the flow at the socket to describe itself.
func call(socket string) string {
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err.Error()
	}
	defer func() { _ = conn.Close() }()
	d, err := flowv1.NewFlowServiceClient(conn).Describe(context.Background(), &flowv1.DescribeRequest{})
	if err != nil {
		return "refused: " + err.Error()
	}
	return d.GetVersion()
}

func TestRunByHand(t *testing.T) {
	out, err := command("flow").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("got %v, want exit code 1", err)
	}
	if text := string(out); !strings.Contains(text, `the flow "process" of authlatch, not a command`) || !strings.Contains(text, "authlatch flow list") {
		t.Errorf("it says %q", text)
	}
}

func TestServeIfFlow(t *testing.T) {
	out, err := command("embedded").CombinedOutput()
	if err != nil || string(out) != "the host's own work\n" {
		t.Errorf("as a host: %q, %v", out, err)
	}
	flow := handshake.CookieKey + "=" + handshake.CookieValue
	out, err = command("embedded", flow, handshake.FlowNameKey+"=absent").CombinedOutput()
	if err == nil || !strings.Contains(string(out), `holds no flow "absent"`) {
		t.Errorf("as an unknown flow: %q, %v", out, err)
	}
}

// Only the parent may talk to a flow; a stranger of the same user may not, and
// does not end it either.
func TestServesItsParentOnly(t *testing.T) {
	line, _ := startFlow(t)
	f := strings.Split(line, "|")
	if len(f) < 5 || f[2] != "unix" || f[4] != "grpc" {
		t.Fatalf("handshake %q", line)
	}
	stranger, err := command("call " + f[3]).Output()
	if err != nil || !strings.HasPrefix(string(stranger), "refused: ") {
		t.Errorf("a stranger got %q, %v", stranger, err)
	}
	if got, want := call(f[3]), wantProtection+", inherited none"; got != want {
		t.Errorf("the parent got %q, want %q", got, want)
	}
}

// The end of the host's connection is the end of the flow.
func TestEndsWithItsConnection(t *testing.T) {
	line, cmd := startFlow(t)
	conn, err := net.Dial("unix", strings.Split(line, "|")[3])
	if err != nil {
		t.Fatal(err)
	}
	// The preface of HTTP/2 and empty settings make it a connection.
	_, _ = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	_, _ = io.ReadFull(conn, make([]byte, 9))
	_ = conn.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestHostIsGoneAlready(t *testing.T) {
	out, err := command("flow", handshake.CookieKey+"="+handshake.CookieValue, handshake.HostPIDKey+"=1").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the host (process 1) is gone") {
		t.Errorf("got %q, %v", out, err)
	}
}

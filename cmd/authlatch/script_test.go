//go:build unix

package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/internal/testbin"
)

// TestScripts runs the real programs against an emulator of each script's own.
// The commands that the scripts have besides testscript's are below and in the
// other files: emulator, fault, count, user, exits, fails, until, stale,
// terminal, warned, desktop, confined, corp-flow, secret-free.
func TestScripts(t *testing.T) {
	bin := testbin.Dir(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata", RequireExplicitExec: true, RequireUniqueNames: true, ContinueOnError: true,
		Condition: condition,
		Setup:     func(e *testscript.Env) error { return setUp(e, bin) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"emulator": startEmulator,
			"fault":    func(ts *testscript.TestScript, _ bool, args []string) { worldOf(ts).fault(ts, args) },
			"count":    func(ts *testscript.TestScript, _ bool, args []string) { worldOf(ts).count(ts, args) },
			"user":     func(ts *testscript.TestScript, _ bool, args []string) { worldOf(ts).user(ts, args) },
			"exits":    exits,
			"fails":    fails,
			"until":    until,
			"stale":    stale,
			"terminal": runInTerminal,
			"warned":   warned,

			"desktop":     onDesktop,
			"confined":    confined,
			"corp-flow":   makeCorp,
			"secret-free": runSecretFree,
		},
	})
}

// world is what a script plays in.
type world struct {
	dir    string
	server *emulator.Server
	// url and ca are how the programs know the server.
	url string
	ca  []byte

	recorder *recorder // nil but on Linux
	watcher  *watcher  // nil unless emulator was called with -watched
	desktop  *scriptDesktop
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

// setUp gives a script a home, a store and a configuration of its own, and
// nothing of the developer's.
func setUp(e *testscript.Env, bin string) error {
	w := &world{dir: e.WorkDir}
	e.Values[worldKey{}] = w
	home := filepath.Join(e.WorkDir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	// The directories of sockets are short-named, and so is this.
	temp, err := os.MkdirTemp("", "al")
	if err != nil {
		return err
	}
	e.Defer(func() { _ = os.RemoveAll(temp) })
	brought, err := regularFiles(e.WorkDir)
	if err != nil {
		return err
	}
	e.Defer(func() {
		if err := w.secretFree(brought, e.WorkDir, temp); err != nil {
			e.T().Fatal(err)
		}
	})
	e.Vars = []string{
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + temp, "WORK=" + e.WorkDir, "BIN=" + bin,
		"TERM=xterm", "LANG=C.UTF-8",
		"AUTHLATCH_CONFIG=" + filepath.Join(e.WorkDir, "config.toml"),
		"AUTHLATCH_STORE_DIR=" + filepath.Join(e.WorkDir, "store"),
		"AUTHLATCH_STORE_KEY=file",
		"BROWSER=" + filepath.Join(bin, "entra-emulator") + " browse --ca-file " + filepath.Join(e.WorkDir, "ca.pem"),
		"CONTOSO=" + emulator.ContosoTenant, "FABRIKAM=" + emulator.FabrikamTenant,
	}
	return nil
}

// recorderHost is where the recorder listens.
const recorderHost = "127.0.0.2"

const baseConfig = `version = 1
default_profile = "password"
`

const baseProfile = `
[profiles.NAME]
authority = "$URL"
ca_file = "$WORK/ca.pem"
disable_instance_discovery = true
tenant = "$CONTOSO"
client_id = "` + emulator.OwnClient + `"
flows = ["NAME"]
`

// startEmulator is
//
//	emulator [-watched] [-OPTION=DURATION]... [FILE]
//
// It has the recorder before it: see secretFree. It writes the config, with one profile a flow and what FILE has, in which
// variables are expanded.
func startEmulator(ts *testscript.TestScript, _ bool, args []string) {
	w := worldOf(ts)
	var opts emulator.Options
	durations := map[string]*time.Duration{
		"-access": &opts.AccessTokenLifetime, "-refresh": &opts.RefreshTokenLifetime,
		"-refresh-in": &opts.RefreshIn, "-device": &opts.DeviceCodeLifetime, "-interval": &opts.DeviceCodeInterval,
	}
	opts.Hosts = []string{recorderHost}
	config, watched := baseConfig, false
	for _, flow := range []string{"browser", "devicecode", "password"} {
		config += strings.ReplaceAll(baseProfile, "NAME", flow)
	}
	config += "username = \"alice@contoso.example\"\n"
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if arg == "-watched" {
			watched = true
			continue
		}
		if !ok {
			config += ts.ReadFile(arg)
			continue
		}
		d, err := time.ParseDuration(value)
		ts.Check(err)
		*durations[name] = d
	}
	server, err := emulator.Start(opts)
	ts.Check(err)
	ts.Defer(func() { ts.Check(server.Close()) })
	w.server, w.url, w.ca = server, server.URL(), server.CAPEM()
	w.record(ts)
	if watched {
		w.watch(ts)
	}
	ts.Setenv("URL", w.url)
	config = os.Expand(config, ts.Getenv)
	ts.Check(os.WriteFile(filepath.Join(w.dir, "ca.pem"), w.ca, 0o600))
	ts.Check(os.WriteFile(ts.Getenv("AUTHLATCH_CONFIG"), []byte(config), 0o600))
}

// fault is "fault JSON", "fault clear" or "fault reset", which also sets the
// counters to zero.
func (w *world) fault(ts *testscript.TestScript, args []string) {
	switch args[0] {
	case "clear":
		w.server.ClearFaults()
	case "reset":
		w.server.ClearFaults()
		w.server.ResetCounters()
	default:
		var f emulator.Fault
		ts.Check(json.Unmarshal([]byte(args[0]), &f))
		w.server.AddFault(f)
	}
}

// user is "user revoke|reject NAME", "user password NAME NEW" or
// "user set JSON".
func (w *world) user(ts *testscript.TestScript, args []string) {
	switch args[0] {
	case "revoke":
		ts.Check(w.server.RevokeSessions(args[1]))
	case "reject":
		ts.Check(w.server.RejectAccessTokens(args[1]))
	case "password":
		ts.Check(w.server.PasswordChanged(args[1], args[2]))
	case "set":
		var u emulator.User
		ts.Check(json.Unmarshal([]byte(args[1]), &u))
		ts.Check(w.server.SetUser(u))
	default:
		ts.Fatalf("user: unknown verb %s", args[0])
	}
}

// count is "count [COUNTER N]...": it fails unless each has that value. With
// "+" before N there may be more.
func (w *world) count(ts *testscript.TestScript, args []string) {
	for pair := range slices.Chunk(args, 2) {
		got := w.counter(ts, pair[0])
		text, atLeast := strings.CutPrefix(pair[1], "+")
		want, err := strconv.Atoi(text)
		ts.Check(err)
		if got != want && (!atLeast || got < want) {
			ts.Fatalf("%s is %d, not %s; of all: %+v", pair[0], got, pair[1], w.server.Counters())
		}
	}
}

func (w *world) counter(ts *testscript.TestScript, path string) int {
	raw, err := json.Marshal(w.server.Counters())
	ts.Check(err)
	for key := range strings.SplitSeq(path, ".") {
		var object map[string]json.RawMessage
		ts.Check(json.Unmarshal(raw, &object))
		raw = object[key]
	}
	if raw == nil {
		return 0
	}
	var n int
	ts.Check(json.Unmarshal(raw, &n))
	return n
}

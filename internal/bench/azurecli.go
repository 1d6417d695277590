package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/authlatch/authlatch/emulator"
)

// microsoftHost is one that az asks whatever its settings; the emulator has a
// certificate for it, and a proxy leads there.
const microsoftHost = "login.microsoftonline.com"

const managementResource = "https://management.core.windows.net/"

// azureCLI measures the Azure CLI's warm call, where it is installed.
func (b *bench) azureCLI(ctx context.Context) error {
	const what = "warm az account get-access-token"
	path, err := exec.LookPath("az")
	if err != nil {
		b.table.without(what, "no az in PATH")
		return nil
	}
	proxy := httptest.NewServer(leadTo(strings.TrimPrefix(b.world.url, "https://")))
	defer proxy.Close()
	dir := filepath.Join(b.world.dir, "az")
	az := func(ctx context.Context, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, path, args...)
		cmd.Dir = b.world.dir
		cmd.Env = append(b.world.environ(dir), "AZURE_CONFIG_DIR="+dir, "HTTPS_PROXY="+proxy.URL,
			"REQUESTS_CA_BUNDLE="+b.world.caFile, "AZURE_CORE_COLLECT_TELEMETRY=false")
		return cmd
	}
	for _, args := range [][]string{
		{
			"cloud", "register", "-n", "emulator", "--endpoint-resource-manager", b.world.url + "/arm",
			"--endpoint-active-directory", "https://" + microsoftHost, "--endpoint-active-directory-resource-id", managementResource,
			"--endpoint-active-directory-graph-resource-id", "https://graph.windows.net/", "--endpoint-management", managementResource,
		},
		{"cloud", "set", "-n", "emulator"},
		{"login", "-u", username, "-p", password(), "-t", emulator.ContosoTenant, "--allow-no-subscriptions"},
	} {
		if out, err := az(ctx, args...).CombinedOutput(); err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			b.table.without(what, fmt.Sprintf("it cannot sign in at the emulator: %v: %s", err, lines[len(lines)-1]))
			return nil
		}
	}
	// It takes long, and the ratio is so large that a few will do.
	all, err := measure(ctx, 5, b.world.bareProgram(), program(what, nil, func(ctx context.Context) *exec.Cmd { return az(ctx, "account", "get-access-token") }))
	if err != nil {
		b.table.without(what, err.Error())
		return nil
	}
	b.table.compare(what, nameBare, all[what], all[nameBare], 0)
	return nil
}

// leadTo is an HTTP proxy that leads to one address, whichever was meant.
func leadTo(address string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
			return
		}
		var d net.Dialer
		there, err := d.DialContext(r.Context(), "tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		here, early, err := http.NewResponseController(w).Hijack()
		if err != nil {
			_ = there.Close()
			return
		}
		_, _ = io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n")
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(there, early); _ = there.Close() })
		both.Go(func() { _, _ = io.Copy(here, there); _ = here.Close() })
		both.Wait()
	}
}

package kubectl

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/service/servicetest"
)

// Every hostile host as the server of a cluster, by
// itself and as a URL, for a profile that lists what they resemble as servers:
// no token is even asked for.
func TestHostileServers(t *testing.T) {
	servers := []string{"https://contosoreg.azurecr.io", "https://contoso.azurecr.io", "https://dev.azure.com", "https://contoso.visualstudio.com", "https://acct.blob.core.windows.net"}
	tried := 0
	for _, host := range servicetest.Hostile(t) {
		tried++
		for _, server := range []string{host, "https://" + host, "https://" + host + "/"} {
			cluster, err := json.Marshal(map[string]any{"cluster": map[string]any{"server": server, "config": map[string]string{"server_id": "https://management.azure.com"}}})
			if err != nil {
				t.Fatal(err)
			}
			f := &fake{servers: servers}
			code, out, errs := run(f, info("v1", string(cluster)), "get-token")
			if code == 0 || out != "" || f.asked != nil || strings.Count(errs, "\n") > 3 {
				t.Errorf("%q: exit code %d, %q, %q", server, code, out, errs)
			}
		}
	}
	if tried < 200 {
		t.Errorf("only %d hosts", tried)
	}
}

package kubectl

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Every line of host/service/testdata/hostile.txt as the server of a cluster, by
// itself and as a URL, for a profile that lists what they resemble as servers:
// no token is even asked for.
func TestHostileServers(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "host", "service", "testdata", "hostile.txt"))
	if err != nil {
		t.Fatal(err)
	}
	servers := []string{"https://contosoreg.azurecr.io", "https://contoso.azurecr.io", "https://dev.azure.com", "https://contoso.visualstudio.com", "https://acct.blob.core.windows.net"}
	tried := 0
	for line := range strings.Lines(string(data)) {
		host := strings.TrimSuffix(line, "\n")
		if host == "" || host[0] == '#' {
			continue
		}
		if host[0] == '"' {
			if host, err = strconv.Unquote(host); err != nil {
				t.Fatal(err)
			}
		}
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

package emulator

import (
	"fmt"
	"net/http"
	"strings"
)

// git is an Azure-DevOps-like smart HTTP server. Options.Git has its repositories;
// without it every one, /git/ORG/PROJECT/_git/REPO, is empty: git ls-remote and
// git clone work.
func (x *exchange) git() {
	_, denied := x.judge(DevOps)
	if denied != nil {
		x.challenge(denied)
		h := x.w.Header()
		h.Set("WWW-Authenticate", fmt.Sprintf("Bearer authorization_uri=%s/%s", x.base(), ContosoTenant))
		h.Add("WWW-Authenticate", fmt.Sprintf(`Basic realm="%s/git"`, x.base()))
		h.Set("X-TFS-FedAuthRedirect", x.base()+"/git")
		x.w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if x.s.opts.Git != nil {
		x.s.opts.Git.ServeHTTP(x.w, x.r)
		return
	}
	service := x.r.URL.Query().Get("service")
	if x.r.Method != http.MethodGet || !strings.HasSuffix(x.to.rest, "/info/refs") || service != "git-upload-pack" {
		x.w.WriteHeader(http.StatusNotFound)
		return
	}
	x.w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
	const noRefs = "0000000000000000000000000000000000000000 capabilities^{}\x00multi_ack side-band-64k agent=emulator\n"
	x.write(packet("# service=git-upload-pack\n") + "0000" + packet(noRefs) + "0000")
}

// packet is a pkt-line: four hexadecimal digits of length, themselves included.
func packet(line string) string { return fmt.Sprintf("%04x%s", len(line)+4, line) }

package launch

import (
	"runtime"
	"strings"
)

// allowed are the variables that a flow may see of the host's environment, in
// upper case: the way to the network, the roots to trust, the language and the
// time zone; on Windows also what its own DLLs need. Everything else, secrets
// among it, stays with the host.
var allowed = map[string]bool{
	"HTTP_PROXY": true, "HTTPS_PROXY": true, "ALL_PROXY": true, "NO_PROXY": true,
	"SSL_CERT_FILE": true, "SSL_CERT_DIR": true,
	"LANG": true, "LANGUAGE": true,
	"TZ": true,
}

var allowedWindows = map[string]bool{
	"SYSTEMROOT": true, "WINDIR": true, "SYSTEMDRIVE": true, "PROGRAMDATA": true,
	"NUMBER_OF_PROCESSORS": true, "PROCESSOR_ARCHITECTURE": true,
}

// pickEnviron returns what the allow-list lets through of environ. Proxy
// variables are read in lower case too, as curl and Go's net/http do.
func pickEnviron(environ []string) []string {
	var picked []string
	for _, kv := range environ {
		name, _, ok := strings.Cut(kv, "=")
		if !ok || strings.Contains(kv, "\x00") {
			continue
		}
		upper := strings.ToUpper(name)
		proxy := strings.HasSuffix(upper, "_PROXY")
		switch {
		case runtime.GOOS == "windows" && (allowed[upper] || allowedWindows[upper]),
			allowed[name],
			proxy && allowed[upper],
			strings.HasPrefix(name, "LC_"):
			picked = append(picked, kv)
		}
	}
	return picked
}

// tempEnviron points every name of the temporary directory at dir.
func tempEnviron(dir string) []string {
	if runtime.GOOS == "windows" {
		return []string{"TMP=" + dir, "TEMP=" + dir}
	}
	return []string{"TMPDIR=" + dir}
}

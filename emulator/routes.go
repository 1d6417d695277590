package emulator

import (
	"net/http"
	"strings"
)

// The endpoints that a Fault can name.
const (
	EndpointDiscovery  = "discovery"  // /{tenant}/v2.0/.well-known/openid-configuration
	EndpointInstance   = "instance"   // /common/discovery/instance
	EndpointUserRealm  = "userrealm"  // /common/UserRealm/{upn}
	EndpointAuthorize  = "authorize"  // /{tenant}/oauth2/v2.0/authorize
	EndpointToken      = "token"      // /{tenant}/oauth2/v2.0/token
	EndpointDeviceCode = "devicecode" // /{tenant}/oauth2/v2.0/devicecode
	EndpointAPI        = "api"        // the protected resources
	EndpointWSTrust    = "wstrust"    // /adfs/services/trust/…
	EndpointJWKS       = "jwks"       // /{tenant}/discovery/v2.0/keys
)

// route is where a path leads.
type route struct {
	endpoint string
	tenant   string // as the path spells it
	rest     string // what follows, for the endpoints that look at it
	serve    func(*exchange)
}

// routeOf reads a path. It is not an http.ServeMux because a tenant may stand
// where the fixed paths begin, which its patterns cannot express.
func routeOf(path string) route {
	head, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	switch head {
	case "":
		return route{endpoint: "page", serve: (*exchange).index}
	case "signin":
		return route{endpoint: "page", serve: (*exchange).signinPost}
	case "device":
		return route{endpoint: "page", serve: (*exchange).devicePage}
	case "error":
		return route{endpoint: "page", serve: (*exchange).errorPage}
	case "_emulator":
		return route{endpoint: "trap", serve: (*exchange).trap}
	case "adfs":
		return route{endpoint: EndpointWSTrust, rest: rest, serve: (*exchange).adfs}
	case "k8s":
		return route{endpoint: EndpointAPI, rest: rest, serve: (*exchange).kubernetes}
	case "version", "api", "apis", "healthz", "livez", "readyz":
		// kubectl get --raw takes its path from the root, whatever --server says.
		return route{endpoint: EndpointAPI, rest: strings.TrimPrefix(path, "/"), serve: (*exchange).kubernetes}
	case "arm":
		return route{endpoint: EndpointAPI, rest: rest, serve: (*exchange).arm}
	case "v2":
		return route{endpoint: EndpointAPI, rest: rest, serve: (*exchange).registry}
	case "git":
		return route{endpoint: EndpointAPI, rest: rest, serve: (*exchange).git}
	case "oauth2":
		return route{endpoint: EndpointAPI, rest: rest, serve: (*exchange).registryAuth}
	case "common":
		if rest == "discovery/instance" {
			return route{endpoint: EndpointInstance, serve: (*exchange).instance}
		}
		if i := strings.IndexByte(rest, '/'); i > 0 && strings.EqualFold(rest[:i], "userrealm") {
			return route{endpoint: EndpointUserRealm, rest: rest[i+1:], serve: (*exchange).userRealm}
		}
	}
	return tenantRoute(head, rest)
}

func tenantRoute(tenant, rest string) route {
	to := route{tenant: tenant, rest: rest}
	switch rest {
	case "v2.0/.well-known/openid-configuration":
		to.endpoint, to.serve = EndpointDiscovery, (*exchange).discovery
	case "oauth2/v2.0/authorize":
		to.endpoint, to.serve = EndpointAuthorize, (*exchange).authorize
	case "oauth2/v2.0/token":
		to.endpoint, to.serve = EndpointToken, (*exchange).token
	case "oauth2/v2.0/devicecode":
		to.endpoint, to.serve = EndpointDeviceCode, (*exchange).deviceCode
	case "oauth2/v2.0/logout":
		to.endpoint, to.serve = "page", (*exchange).logout
	case "discovery/v2.0/keys":
		to.endpoint, to.serve = EndpointJWKS, (*exchange).jwks
	default:
		to.endpoint, to.serve = "other", (*exchange).notFound
	}
	return to
}

func (x *exchange) notFound() {
	x.message(http.StatusNotFound, "Nothing here", "The emulator has no such address.")
}

// trap is where a redirect307 fault leads. That a request arrived is counted.
func (x *exchange) trap() {
	x.json(http.StatusOK, map[string]string{"note": "a redirect was followed"})
}

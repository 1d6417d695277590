// Package handshake holds what package sdk and the host's launcher must agree
// on before the first gRPC call. Only those two import it.
package handshake

// Version is the go-plugin protocol version: the major version of the proto
// package authlatch.flow.
const Version = 1

// CookieKey and CookieValue tell a flow binary that a host started it, as
// opposed to a person in a terminal. They are no secret and protect nothing.
const (
	CookieKey   = "AUTHLATCH_FLOW"
	CookieValue = "0f3c2a8e-authlatch-flow-v1"
)

// PluginName is the one entry of go-plugin's plugin map.
const PluginName = "flow"

// HostPIDKey names the variable in which the host tells the flow its own
// process id, so that the flow can watch for the host's death from the start.
const HostPIDKey = "AUTHLATCH_HOST_PID"

// NamePrefix begins the file name of every flow binary.
const NamePrefix = "authlatch-flow-"

// FlowNameKey names the variable that says which flow the host wants of a
// binary that holds several, its own among them (sdk.ServeIfFlow).
const FlowNameKey = "AUTHLATCH_FLOW_NAME"

// FlowDirKey names the variable that says where the verified files of a flow with
// a manifest are. Others do not get it.
const FlowDirKey = "AUTHLATCH_FLOW_DIR"

// CABundleKey names the variable that is "1" if the request that comes carries a
// CA bundle, so that the flow need not read the system's roots ahead.
const CABundleKey = "AUTHLATCH_FLOW_CA_BUNDLE"

// LoginUIDKey names the variable with the user id of who logged in to the session
// that the host belongs to, if that is known: another one than the process's
// after sudo. The flow cannot ask the system itself. (Linux)
const LoginUIDKey = "AUTHLATCH_LOGIN_UID"

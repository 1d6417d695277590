package kubectl

import (
	"fmt"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Program is the exec plugin's name.
const Program = "kubectl-authlatch"

// kind is what a user of a kubeconfig has for a credential.
type kind int

const (
	other   kind = iota // none of our business: certificates, another plugin
	ours                // kubectl-authlatch
	foreign             // a sign-in of Entra ID's by kubelogin or kubectl's former provider
	blank               // nothing
)

// kindOf looks at the value of "user".
func kindOf(user *yaml.Node) kind {
	exec := value(user, "exec")
	switch command := base(text(exec, "command")); {
	case command == Program:
		return ours
	case command == "kubelogin" && isEntra(texts(value(exec, "args"))):
		return foreign
	case text(value(user, "auth-provider"), "name") == "azure":
		return foreign
	case user == nil || user.Kind == yaml.MappingNode && len(user.Content) == 0:
		return blank
	}
	return other
}

// base is a program's name, whatever system the kubeconfig is of.
func base(command string) string {
	if i := strings.LastIndexByte(command, '\\'); i >= 0 {
		command = command[i+1:]
	}
	return strings.TrimSuffix(strings.ToLower(filepath.Base(command)), ".exe")
}

// isEntra tells Azure's kubelogin from the OpenID Connect one of the same name.
func isEntra(args []string) bool {
	if len(args) == 0 || args[0] != "get-token" {
		return false
	}
	for _, a := range args {
		if strings.HasPrefix(a, "--oidc-") {
			return false
		}
	}
	return true
}

// texts are a list's scalars.
func texts(list *yaml.Node) (all []string) {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	for _, n := range list.Content {
		all = append(all, n.Value)
	}
	return all
}

// signIn is what a foreign user says of how to sign in; what is empty it leaves open.
type signIn struct {
	cloud, authority   string
	tenant, clientID   string
	username, redirect string
	flow               string // of ours
	serverID           string
	noDiscovery        bool
	// notes are on what has no meaning here, and is gone.
	notes []string
}

func (s *signIn) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// untouched says why a user cannot be converted.
type untouched struct{ why string }

func (u untouched) Error() string { return u.why }

// read says how a foreign user signs in. Its error is an untouched.
func read(user *yaml.Node) (signIn, error) {
	if aliased(user) {
		return signIn{}, untouched{"it has YAML anchors or aliases"}
	}
	if p := value(user, "auth-provider"); text(p, "name") == "azure" {
		return readProvider(value(p, "config"))
	}
	return readKubelogin(value(user, "exec"))
}

// readProvider reads the stanza of the provider that left kubectl with 1.26, as "az
// aks get-credentials --format azure" writes it.
func readProvider(c *yaml.Node) (signIn, error) {
	s := signIn{
		cloud: text(c, "environment"), tenant: text(c, "tenant-id"), clientID: text(c, "client-id"),
		serverID: text(c, "apiserver-id"), flow: "devicecode",
	}
	if mode := text(c, "config-mode"); mode == "" || mode == "0" {
		s.note("config-mode 0 asked for an audience with \"spn:\" before it; a cluster that still wants that needs --server-id spn:%s", s.serverID)
	}
	if text(c, "access-token") != "" || text(c, "refresh-token") != "" {
		s.note("the tokens that stood in the kubeconfig are taken out; the backup beside it still has them until --undo or until you remove it")
	}
	err := s.check()
	return s, err
}

// check finds what no token can be asked for.
func (s *signIn) check() error {
	if s.serverID == "" {
		return untouched{"it names no server application (--server-id, apiserver-id)"}
	}
	return nil
}

package kubectl

import (
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/authlatch/authlatch/host/config"
)

// kubelogin are the flags of "kubelogin get-token", as its version 0.2 has them.
type kubelogin struct {
	login, serverID, clientID, tenant, environment, authorityHost string
	username, password, loginHint, redirect, popClaims            string
	cacheDir                                                      string
	pop, legacy, noDiscovery, terraform, noEnv                    bool
}

func (k *kubelogin) flags() *pflag.FlagSet {
	f := pflag.NewFlagSet("kubelogin", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVarP(&k.login, "login", "l", "devicecode", "")
	f.StringVar(&k.serverID, "server-id", "", "")
	f.StringVar(&k.clientID, "client-id", "", "")
	f.StringVarP(&k.tenant, "tenant-id", "t", "", "")
	f.StringVarP(&k.environment, "environment", "e", "", "")
	f.StringVar(&k.authorityHost, "authority-host", "", "")
	f.StringVar(&k.username, "username", "", "")
	f.StringVar(&k.password, "password", "", "")
	f.StringVar(&k.loginHint, "login-hint", "", "")
	f.StringVar(&k.redirect, "redirect-url", "", "")
	f.StringVar(&k.popClaims, "pop-claims", "", "")
	f.StringVar(&k.cacheDir, "cache-dir", "", "")
	f.StringVar(&k.cacheDir, "token-cache-dir", "", "")
	f.BoolVar(&k.pop, "pop-enabled", false, "")
	f.BoolVar(&k.legacy, "legacy", false, "")
	f.BoolVar(&k.noDiscovery, "disable-instance-discovery", false, "")
	f.BoolVar(&k.terraform, "use-azurerm-env-vars", false, "")
	f.BoolVar(&k.noEnv, "disable-environment-override", false, "")
	for _, name := range []string{ // of sign-ins that are no person's, and of az's
		"client-secret", "client-certificate", "client-certificate-password", "identity-resource-id",
		"federated-token-file", "azure-pipelines-service-connection-id", "timeout",
	} {
		f.String(name, "", "")
	}
	f.StringP("subscription", "s", "", "")
	f.StringP("v", "v", "", "") // the log's level
	f.Bool("logtostderr", false, "")
	return f
}

// variables are what kubelogin takes from its environment, over its flags. Others of
// these names say who a service is.
func (k *kubelogin) variables() map[string]*string {
	v := map[string]*string{
		"AAD_LOGIN_METHOD": &k.login, "AAD_USER_PRINCIPAL_NAME": &k.username, "AAD_USER_PRINCIPAL_PASSWORD": &k.password,
		"AAD_SERVICE_PRINCIPAL_CLIENT_ID": &k.clientID, "AZURE_CLIENT_ID": &k.clientID, "AZURE_TENANT_ID": &k.tenant,
		"AZURE_USERNAME": &k.username, "AZURE_PASSWORD": &k.password, "AZURE_AUTHORITY_HOST": &k.authorityHost,
		"KUBECACHEDIR": &k.cacheDir,
	}
	if k.terraform {
		delete(v, "AAD_SERVICE_PRINCIPAL_CLIENT_ID")
		delete(v, "AZURE_CLIENT_ID")
		delete(v, "AZURE_TENANT_ID")
		v["ARM_CLIENT_ID"], v["ARM_TENANT_ID"] = &k.clientID, &k.tenant
	}
	return v
}

// isKubelogins says that a variable in an exec section is for kubelogin alone.
func isKubelogins(name string) bool {
	return strings.HasPrefix(name, "AAD_") || strings.HasPrefix(name, "AZURE") || strings.HasPrefix(name, "ARM_") || name == "KUBECACHEDIR"
}

// notAPersons are the ways of signing in that a program has.
var notAPersons = []string{"spn", "msi", "workloadidentity", "azurepipelines"}

// flowOf is ours for a login mode of kubelogin's; "" leaves it to the profile.
var flowOf = map[string]string{"devicecode": "devicecode", "interactive": "browser", "ropc": "password", "azurecli": "", "azd": ""}

func readKubelogin(exec *yaml.Node) (signIn, error) {
	var k kubelogin
	flags := k.flags()
	args := texts(value(exec, "args"))
	var unknown *pflag.NotExistError
	switch err := flags.Parse(args[1:]); { // no argument itself is told: it may be a secret
	case errors.As(err, &unknown):
		return signIn{}, untouched{"it has a flag that is not known, " + strconv.Quote(unknown.GetSpecifiedName())}
	case err != nil || flags.NArg() > 0:
		return signIn{}, untouched{"its arguments are not kubelogin's"}
	}
	gone := k.environ(exec)
	flow, known := flowOf[k.login]
	switch {
	case slices.Contains(notAPersons, k.login):
		return signIn{}, untouched{"login " + k.login + " signs in a program and not a person"}
	case !known:
		return signIn{}, untouched{"login " + k.login + " is not known"}
	case k.pop || k.popClaims != "":
		return signIn{}, untouched{"it asks for a token with proof of possession (--pop-enabled), which kubectl-authlatch cannot give yet"}
	}
	s := signIn{
		cloud: k.environment, authority: strings.TrimSuffix(k.authorityHost, "/"), tenant: k.tenant, clientID: k.clientID,
		username: first(k.username, k.loginHint), flow: flow, serverID: k.serverID, noDiscovery: k.noDiscovery,
	}
	if flow == "" { // az and azd sign in to the Azure CLI's client, whatever --client-id says
		s.clientID = config.DefaultClientID
		s.note("login %s used the sign-in of another program; authlatch has one of its own, a person's", k.login)
	}
	if flow == "browser" && k.redirect != "" {
		if s.redirect = k.redirect; !loopback(k.redirect) {
			s.redirect = ""
			s.note("--redirect-url %s is not on this machine, and is left out", k.redirect)
		}
	}
	k.notes(&s, flags, gone)
	err := s.check()
	return s, err
}

// environ takes the exec section's variables over the flags, and returns the names
// of those that are for kubelogin alone.
func (k *kubelogin) environ(exec *yaml.Node) (gone []string) {
	env := value(exec, "env")
	if env == nil || env.Kind != yaml.SequenceNode {
		return nil
	}
	variables := k.variables()
	for _, n := range env.Content {
		name := text(n, "name")
		if !isKubelogins(name) {
			continue
		}
		if to := variables[name]; to != nil && !k.noEnv {
			*to = text(n, "value")
			continue
		}
		gone = append(gone, name)
	}
	return gone
}

// notes say what is left out.
func (k *kubelogin) notes(s *signIn, flags *pflag.FlagSet, gone []string) {
	if k.password != "" {
		s.note("the password that stood in the kubeconfig is taken out, and asked for; the backup beside it still has it, so change it")
	}
	if k.cacheDir != "" {
		s.note("the directory %s is of no use to authlatch, which has a store of its own; kubelogin's tokens in it can be removed", k.cacheDir)
	}
	if k.legacy {
		s.note("--legacy asked for an audience with \"spn:\" before it; a cluster that still wants that needs --server-id spn:%s", s.serverID)
	}
	flags.Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "client-secret", "client-certificate", "client-certificate-password", "identity-resource-id",
			"federated-token-file", "azure-pipelines-service-connection-id", "timeout", "subscription":
			gone = append(gone, "--"+f.Name)
		}
	})
	if len(gone) > 0 {
		s.note("left out, without meaning for a person's sign-in: %s", strings.Join(gone, ", "))
	}
}

// loopback says that a redirect URL is one to which a browser can return here.
func loopback(raw string) bool {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

func cloudOf(name string) string {
	c, _ := config.CloudByName(name)
	return c.Name
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

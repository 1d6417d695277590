package kubectl

import (
	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/config"
)

// checkServer keeps a profile that lists servers for them. A kubeconfig that
// hides its server gets nothing then; a person who tries by hand does. A cluster
// entry can come from another file than the user's, so it is not trusted further
// than its server's name and certificate.
func checkServer(s config.Settings, info execInfo, fromClient bool) error {
	cluster := info.Spec.Cluster
	switch {
	case len(s.Servers) == 0:
		return nil
	case cluster == nil && fromClient:
		return refused("profile "+s.Profile+" lists servers, and kubectl does not say which one asks",
			"set provideClusterInfo: true in the kubeconfig's exec section")
	case cluster == nil:
		return nil
	}
	for _, sent := range []struct {
		elsewhere bool
		field     string
	}{
		{cluster.SkipTLSVerify, "insecure-skip-tls-verify"},
		{cluster.ProxyURL != "", "proxy-url"},
		{cluster.TLSServerName != "", "tls-server-name"},
	} {
		if sent.elsewhere {
			return refused("profile "+s.Profile+" lists servers, and the cluster's "+sent.field+" may lead to another one",
				"remove "+sent.field+" from the kubeconfig's cluster, or servers from the profile")
		}
	}
	return s.CheckServer(cluster.Server)
}

// audience is the tenant and server application that the token is for: what the
// flags say, else what the cluster's exec extension says. Only a cluster that the
// profile lists may say so: any other could ask for a token of a service that it
// then uses in the user's name.
func audience(s config.Settings, info execInfo, f flags) (tenant, serverID string, err error) {
	tenant, serverID = f.tenant, f.serverID
	if info.Spec.Cluster == nil || info.Spec.Cluster.Config == nil {
		return tenant, serverID, nil
	}
	asked := info.Spec.Cluster.Config
	for _, setting := range []struct {
		value      *string
		asked      string
		name, flag string
	}{
		{&tenant, asked.Tenant, "tenant", "--tenant"},
		{&serverID, asked.ServerID, "server_id", "--server-id"},
	} {
		if *setting.value != "" || setting.asked == "" {
			continue
		}
		if len(s.Servers) == 0 {
			return "", "", refused("the cluster's exec extension sets "+setting.name+", but profile "+s.Profile+" does not list its server",
				"add the server to servers in [profiles."+s.Profile+"], or give "+setting.flag+" in the kubeconfig's exec section")
		}
		*setting.value = setting.asked
	}
	return tenant, serverID, nil
}

func refused(what, next string) error {
	return &report.Error{Code: report.Policy, What: what, Next: next}
}

package kubectl

import (
	"encoding/json"
	"time"

	"github.com/authlatch/authlatch/helper/report"
	"github.com/authlatch/authlatch/host/store"
)

// Versions of the ExecCredential that client-go asks for. The answer's must be
// the one asked. v1alpha1 left Kubernetes with 1.24.
const (
	group   = "client.authentication.k8s.io/"
	v1      = group + "v1"
	v1beta1 = group + "v1beta1"
)

// maxExecInfo bounds KUBERNETES_EXEC_INFO: a cluster with its CA is some
// kilobytes; no kernel lets one variable be larger.
const maxExecInfo = 1 << 20

// execInfo is what client-go says in KUBERNETES_EXEC_INFO. Fields that a later
// Kubernetes adds are none of our business.
type execInfo struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Spec       struct {
		Interactive *bool `json:"interactive"`
		// Cluster comes only with provideClusterInfo: true.
		Cluster *struct {
			Server string `json:"server"`
			// What sends a request elsewhere than Server's name says, or lets
			// anybody answer for it.
			ProxyURL      string `json:"proxy-url"`
			TLSServerName string `json:"tls-server-name"`
			SkipTLSVerify bool   `json:"insecure-skip-tls-verify"`
			// Config is the cluster's extension client.authentication.k8s.io/exec,
			// which may hold settings of others too.
			Config *struct {
				Tenant   string `json:"tenant"`
				ServerID string `json:"server_id"`
			} `json:"config"`
		} `json:"cluster"`
	} `json:"spec"`
}

// parseExecInfo reads KUBERNETES_EXEC_INFO. Without it, somebody is trying the
// command by hand and gets a v1 answer.
func parseExecInfo(text string) (info execInfo, err error) {
	if text == "" {
		info.APIVersion = v1
		return info, nil
	}
	bad := func(what, next string) (execInfo, error) {
		return execInfo{}, &report.Error{Code: report.Usage, What: "environment KUBERNETES_EXEC_INFO: " + what, Next: next}
	}
	if len(text) > maxExecInfo || json.Unmarshal([]byte(text), &info) != nil {
		return bad("is not an ExecCredential", "unset it to try the command by hand")
	}
	if info.Kind != "ExecCredential" {
		return bad("is of another kind than ExecCredential", "")
	}
	switch info.APIVersion {
	case v1, v1beta1:
		return info, nil
	case group + "v1alpha1":
		return bad("v1alpha1 is no longer supported", "set apiVersion: "+v1+" in the kubeconfig's exec section")
	}
	return bad("its apiVersion is not known", "set apiVersion: "+v1+" in the kubeconfig's exec section")
}

// credential is the answer.
type credential struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Status     status `json:"status"`
}

type status struct {
	ExpirationTimestamp string `json:"expirationTimestamp"`
	Token               string `json:"token"`
}

// answer makes the document for client-go, which uses a token until the very
// second that it is told: so it is told an earlier one, when this helper would
// no longer hand the token out either, if that has not passed.
func answer(apiVersion string, t store.Token, now time.Time) ([]byte, error) {
	until := t.ExpiresOn.Add(-t.Headroom())
	if !until.After(now) {
		until = t.ExpiresOn
	}
	b, err := json.Marshal(credential{
		APIVersion: apiVersion, Kind: "ExecCredential",
		Status: status{ExpirationTimestamp: until.UTC().Format(time.RFC3339), Token: t.Secret.Reveal()},
	})
	return append(b, '\n'), err
}

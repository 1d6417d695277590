package emulator

import (
	"net/http"
)

// kubernetes is as much of a Kubernetes API server as shows that a token is
// taken: kubectl get --raw /version, kubectl get namespaces, kubectl auth whoami.
func (x *exchange) kubernetes() {
	claims, denied := x.judge(AKSServer)
	if denied != nil {
		x.challenge(denied)
		x.kubeStatus(http.StatusUnauthorized, "Unauthorized", "Unauthorized")
		return
	}
	if x.to.rest == "apis/authentication.k8s.io/v1/selfsubjectreviews" {
		if x.r.Method == http.MethodPost {
			x.json(http.StatusCreated, selfSubjectReview(claims))
			return
		}
	} else if body, ok := kubeBody(x.to.rest); ok && (x.r.Method == http.MethodGet || x.r.Method == http.MethodHead) {
		x.json(http.StatusOK, body)
		return
	} else if ok {
		x.kubeStatus(http.StatusMethodNotAllowed, "MethodNotAllowed", "the server does not allow this method on the requested resource")
		return
	}
	x.kubeStatus(http.StatusNotFound, "NotFound", "the server could not find the requested resource")
}

func (x *exchange) kubeStatus(code int, reason, message string) {
	x.json(code, map[string]any{
		"kind": "Status", "apiVersion": "v1", "metadata": map[string]any{}, "status": "Failure",
		"message": message, "reason": reason, "code": code,
	})
}

func kubeBody(path string) (any, bool) {
	switch path {
	case "version":
		return map[string]string{"major": "1", "minor": "35", "gitVersion": "v1.35.0-emulator", "gitCommit": "", "gitTreeState": "clean", "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.26", "compiler": "gc", "platform": "linux/amd64"}, true
	case "healthz", "livez", "readyz":
		return "ok", true
	case "api":
		return map[string]any{"kind": "APIVersions", "versions": []string{"v1"}, "serverAddressByClientCIDRs": []any{}}, true
	case "apis":
		version := map[string]string{"groupVersion": "authentication.k8s.io/v1", "version": "v1"}
		return map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": []any{
			map[string]any{"name": "authentication.k8s.io", "versions": []any{version}, "preferredVersion": version},
		}}, true
	case "api/v1":
		return resourceList("v1", map[string]any{"name": "namespaces", "singularName": "namespace", "namespaced": false, "kind": "Namespace", "verbs": []string{"get", "list"}, "shortNames": []string{"ns"}}), true
	case "apis/authentication.k8s.io/v1":
		return resourceList("authentication.k8s.io/v1", map[string]any{"name": "selfsubjectreviews", "singularName": "selfsubjectreview", "namespaced": false, "kind": "SelfSubjectReview", "verbs": []string{"create"}}), true
	case "api/v1/namespaces":
		return map[string]any{"kind": "NamespaceList", "apiVersion": "v1", "metadata": map[string]string{"resourceVersion": "1"}, "items": []any{
			namespace("default"), namespace("kube-system"),
		}}, true
	case "api/v1/namespaces/default":
		return namespace("default"), true
	}
	return nil, false
}

func resourceList(version string, resource map[string]any) any {
	return map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": []any{resource}}
}

func namespace(name string) map[string]any {
	return map[string]any{
		"kind": "Namespace", "apiVersion": "v1",
		"metadata": map[string]string{"name": name, "uid": derivedGUID("namespace", name), "resourceVersion": "1", "creationTimestamp": "2026-01-01T00:00:00Z"},
		"status":   map[string]string{"phase": "Active"},
	}
}

func selfSubjectReview(claims *accessClaims) any {
	return map[string]any{
		"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
		"metadata": map[string]any{"creationTimestamp": nil},
		"status": map[string]any{"userInfo": map[string]any{
			"username": claims.UPN, "uid": claims.Object, "groups": []string{"system:authenticated"},
			"extra": map[string]any{"oid": []string{claims.Object}, "tid": []string{claims.Tenant}},
		}},
	}
}

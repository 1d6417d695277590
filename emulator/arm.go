package emulator

import "net/http"

// arm is as much of Azure Resource Manager as a sign-in reads: the tenants and
// the subscriptions of the token's user.
func (x *exchange) arm() {
	claims, denied := x.judge(ARMResource, "https://management.core.windows.net")
	if denied != nil {
		x.challenge(denied)
		code, text := "InvalidAuthenticationToken", denied.text
		if denied.code == "" {
			code, text = "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
		}
		x.armError(http.StatusUnauthorized, code, text)
		return
	}
	if !x.allow(http.MethodGet, http.MethodHead) {
		return
	}
	if x.r.URL.Query().Get("api-version") == "" {
		x.armError(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
		return
	}
	id := derivedGUID("subscription", claims.Tenant)
	subscription := map[string]any{
		"id": "/subscriptions/" + id, "subscriptionId": id, "tenantId": claims.Tenant, "displayName": "Emulated subscription",
		"state": "Enabled", "authorizationSource": "RoleBased",
		"subscriptionPolicies": map[string]string{"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
	}
	switch x.to.rest {
	case "subscriptions":
		x.json(http.StatusOK, map[string]any{"value": []any{subscription}, "count": map[string]any{"type": "Total", "value": 1}})
	case "subscriptions/" + id:
		x.json(http.StatusOK, subscription)
	case "subscriptions/" + id + "/resourcegroups":
		x.json(http.StatusOK, map[string]any{"value": []any{}})
	case "tenants":
		x.json(http.StatusOK, map[string]any{"value": x.s.tenantsOf(claims.UPN)})
	default:
		x.armError(http.StatusNotFound, "ResourceNotFound", "The emulator has no such resource.")
	}
}

func (x *exchange) armError(status int, code, message string) {
	x.json(status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}

func (s *Server) tenantsOf(username string) []any {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.member(username)
	if err != nil {
		return nil
	}
	var out []any
	for _, id := range append([]string{m.Tenant}, m.GuestTenants...) {
		out = append(out, map[string]string{"id": "/tenants/" + id, "tenantId": id, "tenantCategory": "Home"})
	}
	return out
}

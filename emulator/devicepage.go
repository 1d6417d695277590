package emulator

import (
	"net/http"
	"strings"
)

// devicePage is the verification_uri: the person types the user code here.
func (x *exchange) devicePage() {
	if x.r.Method != http.MethodPost {
		// RFC 8628's verification_uri_complete, for those who build one.
		x.show(codePage(x.r.URL.Query().Get("user_code"), ""))
		return
	}
	x.s.mu.Lock()
	// A person may type it in lower case or with the dash they were shown.
	entered := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(x.param("user_code")))
	d := x.s.userCodes[entered]
	if d == nil || d.approval != nil || d.refused != nil || !x.s.now().Before(d.expires) {
		x.s.mu.Unlock()
		x.show(codePage(x.param("user_code"), "That code didn't work. Check the code and try again."))
		return
	}
	x.s.counters.Prompts++
	// Entra never signs a device in silently: an account is always chosen.
	f := x.s.newFlow(x.browser(), &authRequest{app: d.app, tenant: d.tenant, scopes: d.scopes, prompt: "select_account"}, d)
	shown := x.pageOf(f, "")
	x.s.mu.Unlock()
	x.show(shown)
}

func codePage(entered, alert string) *page {
	return &page{
		Title: "Enter code", Action: "/device", Alert: alert,
		Lead:    "Enter the code displayed on your app or device.",
		Warning: "Continue only if you started this sign-in yourself, on a device you trust.",
		Fields:  []field{{Name: "user_code", Label: "Code", Type: "text", Value: entered, Autocomplete: "one-time-code"}},
		Buttons: []button{{"action", "next", "Next", true}},
	}
}

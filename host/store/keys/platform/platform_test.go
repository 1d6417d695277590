package platform

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
)

func names(all []store.KeyProvider) string {
	var text []string
	for _, p := range all {
		text = append(text, p.Name())
	}
	return strings.Join(text, " ")
}

func TestSet(t *testing.T) {
	want, ok := map[string]string{"linux": "secret-service keyring", "darwin": "keychain", "windows": "dpapi"}[runtime.GOOS]
	auto := Set("auto", "/k")
	if ok && names(auto.Make) != want {
		t.Errorf("auto is %q", names(auto.Make))
	}
	if names(auto.Read) != "file" {
		t.Errorf("must be named: %q", names(auto.Read))
	}
	for _, choice := range append(store.ProviderNames(), "auto", "memory") {
		here, cheap := Set(choice, "/k"), keys.Cheap(choice, "/k")
		if names(here.Make) != names(cheap.Make) || names(here.Read) != names(cheap.Read) {
			t.Errorf("%s: a helper reads with other providers than authlatch", choice)
		}
		for _, p := range here.All() {
			if _, ok := p.(store.Checker); !ok {
				t.Errorf("%s: %s cannot say whether it works", choice, p.Name())
			}
			if !slices.Contains(store.ProviderNames(), p.Name()) {
				t.Errorf("the store does not know %s", p.Name())
			}
		}
	}
}

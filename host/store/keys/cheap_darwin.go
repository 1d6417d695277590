package keys

import (
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys/file"
	"github.com/authlatch/authlatch/host/store/keys/keychain"
)

func cheap(keyFile string) (auto, named []store.KeyProvider) {
	return []store.KeyProvider{keychain.Provider{}}, []store.KeyProvider{file.Provider{Path: keyFile}}
}

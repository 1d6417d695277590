package keys

import (
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys/file"
	"github.com/authlatch/authlatch/host/store/keys/keyring"
	"github.com/authlatch/authlatch/host/store/keys/session"
)

func cheap(keyFile string) (auto, named []store.KeyProvider) {
	return []store.KeyProvider{session.Only("secret-service"), keyring.Provider{}},
		[]store.KeyProvider{file.Provider{Path: keyFile}}
}

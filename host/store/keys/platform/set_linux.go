package platform

import (
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
	"github.com/authlatch/authlatch/host/store/keys/file"
	"github.com/authlatch/authlatch/host/store/keys/keyring"
	"github.com/authlatch/authlatch/host/store/keys/secretservice"
	"github.com/authlatch/authlatch/host/store/keys/session"
)

func set(choice, keyFile string) keys.Set {
	return keys.Choose(choice,
		[]store.KeyProvider{session.Caching(secretservice.Provider{}), keyring.Provider{}},
		[]store.KeyProvider{file.Provider{Path: keyFile}})
}

//go:build !linux && !darwin && !windows

package keys

import (
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys/file"
)

func cheap(keyFile string) (auto, named []store.KeyProvider) {
	return nil, []store.KeyProvider{file.Provider{Path: keyFile}}
}

package keys

import (
	"path/filepath"

	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys/dpapi"
	"github.com/authlatch/authlatch/host/store/keys/file"
)

func cheap(keyFile string) (auto, named []store.KeyProvider) {
	dir := ""
	if keyFile != "" {
		dir = filepath.Dir(keyFile)
	}
	return []store.KeyProvider{dpapi.Provider{Dir: dir}}, []store.KeyProvider{file.Provider{Path: keyFile}}
}

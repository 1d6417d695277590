package cli

import (
	"log/slog"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
)

// storeOnly opens the store for a command without a profile, and says where it
// is. A config file that is bad or missing is warned of and does not stop it.
func (a *app) storeOnly() (*store.Store, config.Storage, error) {
	log, err := a.logger()
	if err != nil {
		return nil, config.Storage{}, err
	}
	where, err := a.storage(log)
	if err != nil {
		return nil, config.Storage{}, err
	}
	return a.openStore(where.Store, log), where, nil
}

// storage warns of a bad config file in one line.
func (a *app) storage(log *slog.Logger) (config.Storage, error) {
	where, err := config.LoadStorage(a.global.config, a.env)
	if err != nil {
		return config.Storage{}, err
	}
	switch {
	case where.Bad == nil:
	case where.Guessed && a.env("AUTHLATCH_STORE_DIR") == "":
		log.Warn(where.Bad.Error() + "; the store is taken to be " + orMemory(where.Dir))
	default:
		log.Warn(where.Bad.Error())
	}
	return where, nil
}

func orMemory(dir string) string {
	if dir == "" {
		return "memory"
	}
	return dir
}

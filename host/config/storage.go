package config

import "path/filepath"

// ResolveStore says where tokens are kept, for commands without a profile.
func ResolveStore(f *File, env Env) (Store, error) {
	return resolveStore(f, env, map[string]origin{})
}

// resolveStore: Dir is "" if there is no home directory, which means memory.
func resolveStore(f *File, env Env, origins map[string]origin) (Store, error) {
	s := Store{Key: "auto", Dir: under(stateDir(env), "authlatch", "store")}
	for _, v := range []struct {
		target         *string
		key, name, set string
		check          func(string) string
	}{
		{&s.Key, "store.key", "AUTHLATCH_STORE_KEY", f.Store.Key, checkStoreKey},
		{&s.Dir, "store.dir", "AUTHLATCH_STORE_DIR", f.Store.Dir, checkAbsolute},
		{&s.KeyFile, "store.key_file", "AUTHLATCH_STORE_KEY_FILE", f.Store.KeyFile, checkAbsolute},
	} {
		origins[v.key] = origin{words: "default"}
		if e := env(v.name); e != "" {
			if problem := v.check(e); problem != "" {
				return Store{}, &Error{Key: "environment " + v.name, Problem: problem}
			}
			*v.target, origins[v.key] = e, origin{words: "environment " + v.name}
		} else if v.set != "" {
			*v.target, origins[v.key] = v.set, origin{path: v.key}
		}
	}
	if s.KeyFile == "" && s.Dir != "" {
		s.KeyFile = filepath.Join(s.Dir, "key")
	}
	return s, nil
}

func checkAbsolute(s string) string {
	if !filepath.IsAbs(s) {
		return "must be an absolute path"
	}
	return checkText(s)
}

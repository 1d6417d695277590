package config

import "path/filepath"

// Storage is where tokens are kept, for commands that need nothing else of the
// config file.
type Storage struct {
	Store
	// File is empty if Bad.
	File *File
	// Bad is what is wrong with the file; nil if nothing is.
	Bad error
	// Guessed says that the file could not tell its [store]: where no variable says
	// otherwise, Store is the default.
	Guessed bool
}

// LoadStorage reads the file as Load does, but goes on where it is bad or missing:
// whoever wants to forget what is stored must not have to mend it first. Its error
// is about a variable.
func LoadStorage(path string, env Env) (Storage, error) {
	f, where, err := load(path, env)
	s := Storage{File: f, Bad: err, Guessed: where == nil}
	if err != nil {
		s.File = &File{}
	}
	from := s.File
	if err != nil && where != nil {
		from = &File{Store: *where}
	}
	s.Store, err = resolveStore(from, env, map[string]origin{})
	return s, err
}

// StateDir is where authlatch keeps what is neither configuration nor cache; "" if
// there is no home directory.
func StateDir(env Env) string { return under(stateDir(env), "authlatch") }

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
		return "must be an absolute path" + not(s)
	}
	return checkText(s)
}

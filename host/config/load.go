package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// maxSize of a config file: a thousand profiles fit, a mistaken path does not
// fill the memory.
const maxSize = 1 << 20

// Load reads the file at path, or at DefaultPath(env) if path is "". Only the
// default path may be missing; that gives an empty File. A file that somebody
// else could have written is refused: it says who gets to see a password.
func Load(path string, env Env) (*File, error) {
	f, _, err := load(path, env)
	return f, err
}

// load also gives [store] of a file that is bad elsewhere only; nil if that is not
// known.
func load(path string, env Env) (*File, *Store, error) {
	name, explicit, err := locateFile(path, env)
	if err != nil {
		return nil, nil, err
	}
	if name == "" {
		return &File{}, &Store{}, nil
	}
	data, err := read(name)
	if errors.Is(err, fs.ErrNotExist) && !explicit {
		return &File{}, &Store{}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	f, where, err := parseText(name, data, env)
	if clean := filepath.Clean(name); err == nil && clean != userPath(env) {
		f.other = clean
	}
	return f, where, err
}

// DefaultPath is AUTHLATCH_CONFIG, else authlatch/config.toml in the user's
// config directory; "" if there is no such directory.
func DefaultPath(env Env) string {
	if p := env("AUTHLATCH_CONFIG"); p != "" {
		return p
	}
	return userPath(env)
}

// userPath is where the user's own config file lies if nothing else is said.
func userPath(env Env) string {
	if dir := configDir(env); dir != "" {
		return filepath.Join(dir, "authlatch", "config.toml")
	}
	return ""
}

func locateFile(path string, env Env) (name string, explicit bool, err error) {
	if path != "" {
		// What a person names on the command line may be relative to where he is.
		abs, err := filepath.Abs(path)
		if err != nil {
			return "", true, &Error{Key: "--config", Problem: err.Error(), Err: err}
		}
		return abs, true, nil
	}
	name = DefaultPath(env)
	explicit = env("AUTHLATCH_CONFIG") != ""
	if explicit && !filepath.IsAbs(name) {
		return "", true, &Error{
			Key: "environment AUTHLATCH_CONFIG", Problem: "must be an absolute path" + not(name),
			Next: "nothing is ever read from the working directory; write the whole path",
		}
	}
	return name, explicit, nil
}

func read(name string) ([]byte, error) {
	fail := func(problem, next string, err error) error {
		return &Error{File: name, Problem: problem, Next: next, Err: err}
	}
	info, err := os.Stat(name) // before opening: a FIFO would block
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fail("there is no such file", "create it, or correct --config or AUTHLATCH_CONFIG", err)
	}
	if err != nil {
		return nil, fail("cannot be read: "+reason(err), "", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fail("is not a regular file", "", nil)
	}
	f, err := open(name)
	if err != nil {
		return nil, fail("cannot be read: "+reason(err), "", err)
	}
	defer f.Close()
	if problem, next := trusted(f, false); problem != "" {
		return nil, fail(problem, next, nil)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fail("cannot be read: "+reason(err), "", err)
	}
	if len(data) > maxSize {
		return nil, fail("is larger than 1 MiB", "", nil)
	}
	return data, nil
}

// reason is the error without the path, which the message has already.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// Home is the user's home directory, as os.UserHomeDir finds it; "" if nobody knows.
func Home(env Env) string {
	name := "HOME"
	if runtime.GOOS == "windows" {
		name = "USERPROFILE"
	}
	return absolute(env(name))
}

// configDir and stateDir follow os.UserConfigDir and the XDG base directories
// (relative paths are ignored), from env.
func configDir(env Env) string {
	switch runtime.GOOS {
	case "windows":
		return absolute(env("APPDATA"))
	case "darwin":
		if d := absolute(env("XDG_CONFIG_HOME")); d != "" {
			return d
		}
		return under(Home(env), "Library", "Application Support")
	}
	if d := absolute(env("XDG_CONFIG_HOME")); d != "" {
		return d
	}
	return under(Home(env), ".config")
}

func stateDir(env Env) string {
	switch runtime.GOOS {
	case "windows":
		return absolute(env("LOCALAPPDATA"))
	case "darwin":
		if d := absolute(env("XDG_STATE_HOME")); d != "" {
			return d
		}
		return under(Home(env), "Library", "Application Support")
	}
	if d := absolute(env("XDG_STATE_HOME")); d != "" {
		return d
	}
	return under(Home(env), ".local", "state")
}

func under(dir string, names ...string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(append([]string{dir}, names...)...)
}

func absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return ""
}

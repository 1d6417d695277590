package config

import (
	"io"
	"os"
	"strconv"
)

// Error is the error for a setting of the profile, such as "ca_file" or
// "flow.corp.proxy", located in the file if it is set there. Its text is that of
// every *Error.
func (s Settings) Error(key, problem, next string) *Error {
	path := "profiles." + s.Profile + "." + key
	if s.file == nil || !s.file.sets(path) {
		return &Error{Key: path, Problem: problem, Next: next}
	}
	return s.file.errorAt(path, problem, next)
}

// Origin says where a setting that Explain lists came from.
func (s Settings) Origin(key string) string { return s.origin(key) }

// ReadTrusted reads a file that a setting names and that decides whom to trust or
// is secret itself: as the config file, it may be written by nobody but the user
// and root; with secret it may not be read by others either. It may have limit
// bytes. Its error is an *Error for the setting.
func (s Settings) ReadTrusted(key, path string, limit int64, secret bool) ([]byte, error) {
	fail := func(problem, next string) ([]byte, error) { return nil, s.Error(key, path+" "+problem, next) }
	const correct = "correct the path, or remove the line"
	info, err := os.Stat(path) // before opening: a FIFO would block
	if err != nil {
		return fail("cannot be read: "+reason(err), correct)
	}
	if !info.Mode().IsRegular() {
		return fail("is not a regular file", correct)
	}
	f, err := open(path)
	if err != nil {
		return fail("cannot be read: "+reason(err), correct)
	}
	defer f.Close()
	if problem, next := trusted(f, secret); problem != "" {
		return fail(problem, next)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return fail("cannot be read: "+reason(err), correct)
	}
	if int64(len(b)) > limit {
		return fail("is larger than "+strconv.FormatInt(limit, 10)+" bytes", correct)
	}
	return b, nil
}

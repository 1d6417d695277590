package config

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestReadTrusted(t *testing.T) {
	s, err := Resolve(parse(t, "version = 1\n[profiles.work]\nca_file = \"/ca.pem\"\n"), Flags{}, environment())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, c := range []struct {
		name   string
		mode   os.FileMode
		uid    int
		secret bool
		want   string // "" is that it is read
		next   string
	}{
		{"certificates for all to read", 0o644, -1, false, "", ""},
		{"certificates that a group writes", 0o664, -1, false, " can be written by other users", "chmod go-w"},
		{"certificates that all write", 0o666, -1, false, " can be written by other users", "chmod go-w"},
		{"another user's", 0o644, 4242, false, " belongs to another user (uid 4242)", "of your own"},
		{"a secret", 0o600, -1, true, "", ""},
		{"a secret for a group to read", 0o640, -1, true, " can be read by other users", "chmod go-r"},
		{"a secret for all to read", 0o604, -1, true, " can be read by other users", "chmod go-r"},
		{"too large", 0o600, -1, false, " is larger than 8 bytes", "correct the path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if runtime.GOOS == "windows" && c.name != "too large" {
				t.Skip("access control lists are left to the user's directory")
			}
			if c.uid > 0 && os.Geteuid() != 0 {
				t.Skip("only root can give files away")
			}
			path, text := filepath.Join(dir, c.name), "12345678"
			if c.name == "too large" {
				text += "9"
			}
			if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, c.mode), os.Chown(path, c.uid, -1)); err != nil {
				t.Fatal(err)
			}
			b, err := s.ReadTrusted("ca_file", path, 8, c.secret)
			if c.want == "" {
				if err != nil || string(b) != text {
					t.Errorf("%q, %v", b, err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || err.Error() != "/etc/al.toml:3: profiles.work.ca_file: "+path+c.want || !strings.Contains(e.Next, c.next) || e.ExitCode() != 2 {
				t.Errorf("%v %+v", err, e)
			}
		})
	}
	for path, want := range map[string]string{filepath.Join(dir, "none"): " cannot be read: ", dir: " is not a regular file"} {
		if _, err := s.ReadTrusted("flow.corp.pin", path, 8, true); err == nil || !strings.HasPrefix(err.Error(), "profiles.work.flow.corp.pin: "+path+want) {
			t.Errorf("%v", err)
		}
	}
}

package git

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// hostile are the lines of host/service's table.
func hostile(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "host", "service", "servicetest", "hostile.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '"' {
			if line, err = strconv.Unquote(line); err != nil {
				t.Fatal(err)
			}
		}
		all = append(all, line)
	}
	return all
}

// forms are the messages in which a hostile address can come: as a host, as one
// with a path, and split as git splits a URL (credential.c, credential_from_url).
func forms(address string) map[string]string {
	all := map[string]string{
		"host":         "protocol=https\nhost=" + address + "\n",
		"bearer host":  "capability[]=authtype\nprotocol=https\nhost=" + address + "\n\n",
		"host by http": "protocol=http\nhost=" + address + "\n",
		"URL":          "protocol=https\nurl=https://" + address + "\n",
		"erase":        "protocol=https\nhost=" + address + "\npassword=tok.en\n",
	}
	protocol, rest, ok := strings.Cut(address, "://")
	if !ok {
		protocol, rest = "https", address
	}
	host, path, _ := strings.Cut(rest, "/")
	user := ""
	if before, after, ok := strings.Cut(host, "@"); ok {
		user, host = before, after
	}
	decode := func(s string) string {
		if plain, err := url.PathUnescape(s); err == nil {
			return plain
		}
		return s
	}
	all["split"] = "protocol=" + decode(protocol) + "\nusername=" + decode(user) + "\nhost=" + host + "\npath=" + decode(path) + "\n"
	return all
}

// No hostile host gets a token, nor makes anybody be asked for one, nor drops one.
func TestHostileHosts(t *testing.T) {
	lines := hostile(t)
	if len(lines) < 200 {
		t.Errorf("%d hostile hosts", len(lines))
	}
	for _, line := range append(lines, strings.Repeat("x", 100_000), "dev.azure.com/"+strings.Repeat("x/", 50_000)) {
		if strings.TrimSuffix(line, "\n") == "dev.azure.com" {
			continue // the line's end is the message's here
		}
		for form, in := range forms(line) {
			if form == "split" && ours(in) {
				continue
			}
			f := newFake(t)
			operation := "get"
			if form == "erase" {
				operation = "erase"
			}
			code, stdout, stderr := run(t, f, in, operation)
			if stdout != "" || f.asked != nil || f.rejected != nil || f.forgot != nil || strings.Contains(stderr, "tok.en") {
				t.Errorf("%s %.80q: code %d, asked %+v, rejected %v: %s%s", form, line, code, f.asked, f.rejected, stdout, stderr)
			}
			if code != 0 && stderr == "" || code == 0 && stderr != "" {
				t.Errorf("%s %.80q: code %d and %q", form, line, code, stderr)
			}
		}
	}
}

// ours says that git, having taken user, path and scheme out of a hostile URL,
// asks for a host of ours in plain words: that host is what git then talks to.
func ours(in string) bool {
	return strings.HasPrefix(in, "protocol=https\n") && strings.Contains(in, "\nhost=dev.azure.com\n")
}

// Only git's own reading of a message is ours, whatever the bytes.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		modern, devops + "path=a/b\nusername=u\n\nrest", "capability[]=\nwwwauth[]=Bearer x=y\nstate[]=authlatch:tenant:" + contoso + "\n",
		"host=a\r\n", "host=a\x00b\n", "=\n", "host\n", "host=a=b\n", "password=p\ncredential=c\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseMessage(text)
		if err != nil {
			return
		}
		for _, value := range append([]string{m.protocol, m.host, m.path, m.username, m.password, m.credential},
			append(append(m.capabilities, m.wwwAuth...), m.state...)...) {
			if strings.ContainsAny(value, "\r\n\x00") || !strings.Contains(string(text), value) {
				t.Errorf("%q was read out of %q", value, text)
			}
		}
		fake := &fake{token: newToken()}
		code, stdout, stderr := run(t, fake, string(text), "get")
		if fake.asked == nil {
			if stdout != "" {
				t.Errorf("an answer out of nothing: %q", stdout)
			}
			return
		}
		if host := strings.TrimSuffix(strings.ToLower(m.host), ":443"); code != 0 || host != "dev.azure.com" && host != "pkgs.dev.azure.com" && !strings.HasSuffix(host, ".visualstudio.com") {
			t.Errorf("%q got a token: %d %s", m.host, code, stderr)
		}
		if again, err := parseMessage([]byte(stdout)); err != nil || again.secret() != "tok.en" || strings.Contains(stdout, "\n\n") {
			t.Errorf("the answer is none: %v", err)
		}
	})
}

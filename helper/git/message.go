package git

import (
	"bytes"
	"io"
	"slices"
	"strings"
)

// Bounds on what git sends. Its longest lines are tokens and the server's
// WWW-Authenticate headers, of which curl takes 100 KiB each.
const (
	maxLine  = 128 << 10
	maxInput = 1 << 20
	// maxDrained is how much more is read, and thrown away, of an input that is
	// refused: git must not get a broken pipe, and nobody waits for ever.
	maxDrained = 64 << 20
)

// message is what git says of a credential: gitcredentials(7) and the section
// INPUT/OUTPUT FORMAT of git-credential(1). Attributes that are not known are
// ignored, as that page wants.
type message struct {
	protocol, host, path string
	username             string
	// password and credential are secrets: what to store or erase.
	password, credential string
	capabilities         []string
	wwwAuth              []string
	state                []string
}

func (m *message) can(capability string) bool { return slices.Contains(m.capabilities, capability) }

// secret is the token that the message is about; "" if it names none.
func (m *message) secret() string {
	if m.credential != "" {
		return m.credential
	}
	return m.password
}

// single is where the value of an attribute that may be there once goes.
func (m *message) single(key string) *string {
	switch key {
	case "protocol":
		return &m.protocol
	case "host":
		return &m.host
	case "path":
		return &m.path
	case "username":
		return &m.username
	case "password":
		return &m.password
	case "credential":
		return &m.credential
	}
	return nil
}

// list is where the values of an attribute with many go.
func (m *message) list(key string) *[]string {
	switch key {
	case "capability[]":
		return &m.capabilities
	case "wwwauth[]":
		return &m.wwwAuth
	case "state[]":
		return &m.state
	}
	return nil
}

// readMessage reads r to its end, also when it is refused: git writes all of it.
// The message ends with an empty line or the input. What two readers could read
// differently is refused: bytes that end lines for some, and a second value where
// one holds. Its errors quote no value, which may be a secret.
func readMessage(r io.Reader) (message, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return message{}, malformed("it cannot be read: " + err.Error())
	}
	if len(text) > maxInput {
		_, _ = io.CopyN(io.Discard, r, maxDrained) // its end is what matters
		return message{}, malformed("it is longer than 1 MiB")
	}
	return parseMessage(text)
}

func parseMessage(text []byte) (message, error) {
	var m message
	seen := map[string]bool{}
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte{'\n'})
		if len(line) == 0 {
			break
		}
		key, value, ok := strings.Cut(string(line), "=")
		switch {
		case len(line) > maxLine:
			return message{}, malformed("a line is longer than 128 KiB")
		case bytes.ContainsAny(line, "\r\x00"):
			return message{}, malformed("a line holds a carriage return or a zero byte")
		case !ok || key == "":
			return message{}, malformed("a line is not key=value")
		}
		if all := m.list(key); all != nil {
			*all = append(*all, value)
			if value == "" { // it takes back what came before
				*all = nil
			}
			continue
		}
		if one := m.single(key); one != nil {
			if seen[key] {
				return message{}, malformed(key + " is there twice")
			}
			*one, seen[key] = value, true
		}
	}
	return m, nil
}

package configure

import (
	"regexp"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/authlatch/authlatch/internal/sanitize"
)

// Diff is the plan as a unified diff, "" if nothing is to be changed. The files
// may hold other people's secrets near by: values under names that sound like one
// are left out.
func (p Plan) Diff() string {
	var b strings.Builder
	for _, c := range p.Changes {
		from, to := c.Path, c.Path
		if c.Old == nil {
			from = "/dev/null"
		}
		if c.New == nil {
			to = "/dev/null"
		}
		for line := range strings.Lines(udiff.Unified(from, to, hideSecrets(c.Old), hideSecrets(c.New))) {
			line = strings.TrimRight(line, "\r\n")
			text := strings.TrimLeft(line, " \t+-")
			b.WriteString(line[:len(line)-len(text)] + sanitize.Line(text, maxDiffLine) + "\n")
		}
	}
	return b.String()
}

// maxDiffLine is what a person can still make sense of; certificates are longer.
const maxDiffLine = 400

// secretValue is where YAML, JSON, TOML or INI give something a value that must
// not be shown: its name, and the value.
var secretValue = regexp.MustCompile(`(?i)(["']?[\w.-]*(?:secret|password|passwd|token|auth|authorization|key-data|api_?key|private_?key|credential)["']?\s*[:=]\s*)("[^"]*"?|'[^']*'?|[^\s"'{\[,][^,}]*)`)

// hidden stands for a secret.
const hidden = "(not shown)"

// plainValue is what such a name may have as a value without being a secret.
var plainValue = regexp.MustCompile(`^["']?(true|false|null|\d{1,4}|[a-z-]*authlatch[\w.-]*|https?://[^\s@]*|)["']?$`)

// naming is a name that says that its value is a secret.
const naming = `[\w.-]*(?:secret|password|passwd|token)`

var (
	// beside is a flag, or a variable of a list, with its secret on the same line.
	beside = regexp.MustCompile(`(?i)((?:(?:^|[\s"'\[,])--` + naming + `["']?(?:\s*,\s*|=|\s+)|name["']?\s*:\s*["']?` + naming + `["']?\s*,\s*["']?value["']?\s*:\s*))("[^"]*"|'[^']*'|[^\s,"'\]}]+)`)
	// above is one whose secret is on the next line.
	above = regexp.MustCompile(`(?i)(?:(?:^|[\s"'\[,])--` + naming + `|name["']?\s*:\s*["']?` + naming + `)["']?\s*,?\s*(?:#.*)?$`)
	// below is what the secret's line begins with.
	below = regexp.MustCompile(`^[\s-]*(?:["']?value["']?\s*:\s*)?`)
)

// hideSecrets looks at a whole file, since what makes a value a secret may stand on
// a line that the diff leaves out.
func hideSecrets(file []byte) string {
	var b strings.Builder
	secret := false
	for line := range strings.Lines(string(file)) {
		text := strings.TrimRight(line, "\r\n")
		end := line[len(text):]
		switch {
		case secret && strings.TrimSpace(text) != "":
			text = below.FindString(text) + hidden
			secret = false
		default:
			secret = secret || above.MatchString(text)
			text = secretValue.ReplaceAllStringFunc(beside.ReplaceAllString(text, "${1}"+hidden), hideValue)
		}
		b.WriteString(text + end)
	}
	return b.String()
}

func hideValue(found string) string {
	m := secretValue.FindStringSubmatch(found)
	if strings.HasPrefix(m[2], hidden) || plainValue.MatchString(m[2]) {
		return found
	}
	return m[1] + hidden
}

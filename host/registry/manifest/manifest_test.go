package manifest_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/registry/manifest"
)

const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// interpreter is an absolute path on this system.
func interpreter() string {
	if runtime.GOOS == "windows" {
		return `C:\Program Files\nodejs\node.exe`
	}
	return "/usr/bin/node"
}

func good() string {
	return fmt.Sprintf(`version = 1

[flow]
name = "corp"
version = "1.4.0"
command = "main.js"
features = ["entra", "pop"]

[interpreter]
path = '%s'
sha256 = "%s"
args = ["--jitless"]

[[option]]
name = "server"
required = true
help = "where to\u001b[2J sign in"

[[option]]
name = "pin"
kind = "string"
secret = true

[files]
"main.js" = "%[2]s"
"node_modules/@grpc/grpc-js/a b.js" = "%[2]s"
`, interpreter(), sum)
}

func TestParse(t *testing.T) {
	got, err := manifest.Parse([]byte(good()))
	if err != nil {
		t.Fatal(err)
	}
	want := &manifest.Manifest{
		Name: "corp", Version: "1.4.0", Command: "main.js",
		Interpreter: &manifest.Interpreter{Path: interpreter(), SHA256: sum, Args: []string{"--jitless"}},
		Features:    []string{"entra", "pop"},
		Options: []manifest.Option{
			{Name: "server", Kind: "string", Required: true, Help: "where to sign in"},
			{Name: "pin", Kind: "string", Secret: true},
		},
		Files: []manifest.File{{"main.js", sum}, {"node_modules/@grpc/grpc-js/a b.js", sum}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	file := func(path string) func(string) string {
		return func(s string) string { return s + fmt.Sprintf("%q = %q\n", path, sum) }
	}
	replace := func(from, to string) func(string) string {
		return func(s string) string { return strings.Replace(s, from, to, 1) }
	}
	for _, c := range []struct {
		name, want string
		change     func(string) string
	}{
		{"no TOML", "is not TOML", func(string) string { return "\x1b[31m" }},
		{"empty", "has no version = 1", func(string) string { return "" }},
		{"no version", "has no version = 1", replace("version = 1\n", "")},
		{"another version", "has no version = 1", replace("version = 1\n", "version = 0\n")},
		{"a newer version", "has version 2, which needs a newer authlatch", replace("version = 1\n", "version = 2\nnews = 1\n")},
		{"version as text", "is malformed", replace("version = 1\n", "version = \"1\"\n")},
		{"unknown key", "has an unknown key: trusted", replace("version = 1\n", "version = 1\ntrusted = true\n")},
		{"unknown key of the flow", "has an unknown key: flow.env", replace("command", "env = 1\ncommand")},
		{"unknown key of the interpreter", "has an unknown key: interpreter.env", replace("sha256", "env = 1\nsha256")},
		{"unknown key of an option", "has an unknown key: option.default", replace("required", "default = 1\nrequired")},
		{"a key in capitals", "has an unknown key: flow.Command", replace("command", "Command")},
		{"a key twice", "is not TOML", replace("command", "name = \"evil\"\ncommand")},
		{"a file twice", "is not TOML", file("main.js")},
		{"no name", "malformed flow.name", replace(`"corp"`, `""`)},
		{"name", "malformed flow.name", replace(`"corp"`, `"../corp"`)},
		{"flow version", "malformed flow.version", replace("1.4.0", `1\u001b[2J`)},
		{"no command", "has no flow.command", replace(`"main.js"`, `""`)},
		{"command outside", "does not list its command", replace(`"main.js"`, `"../main.js"`)},
		{"command not listed", "does not list its command", replace(`"main.js"`, `"other.js"`)},
		{"feature", "malformed feature", replace(`"pop"`, `"Pop"`)},
		{"relative interpreter", "interpreter.path that is not absolute", replace("'"+interpreter()+"'", `"node"`)},
		{"interpreter that climbs", "interpreter.path that is not absolute", replace("'"+interpreter()+"'", `"/usr/../tmp/node"`)},
		{"interpreter without a sum", "interpreter.sha256 that is not 64", replace(`sha256 = "`+sum+`"`, "")},
		{"interpreter's arguments", "malformed one of interpreter.args", replace("--jitless", `\u202e`)},
		{"many arguments", "more than 16 interpreter.args", replace(`"--jitless"`, strings.Repeat(`"-x",`, 17))},
		{"option's name", `malformed or repeated option "Pin"`, replace(`"pin"`, `"Pin"`)},
		{"option twice", `malformed or repeated option "server"`, replace(`"pin"`, `"server"`)},
		{"option's kind", "unknown kind", replace(`kind = "string"`, `kind = "file"`)},
		{"absolute file", "not relative, plain and inside", file("/etc/passwd")},
		{"file outside", "not relative, plain and inside", file("../x")},
		{"file that climbs", "not relative, plain and inside", file("a/../../x")},
		{"dot", "not relative, plain and inside", file("./x")},
		{"double slash", "not relative, plain and inside", file("a//x")},
		{"directory", "not relative, plain and inside", file("a/")},
		{"backslash", "not relative, plain and inside", file(`a\x`)},
		{"drive", "not relative, plain and inside", file("c:x")},
		{"final dot", "not relative, plain and inside", file("a./x")},
		{"control character", "not relative, plain and inside", file("a\x7fb")},
		{"no ASCII", "not relative, plain and inside", file("ä")},
		{"the manifest", "not relative, plain and inside", file("flow.toml")},
		{"the manifest in capitals", "not relative, plain and inside", file("Flow.TOML")},
		{"nothing", "not relative, plain and inside", file("")},
		{"deep", "not relative, plain and inside", file(strings.Repeat("a/", 32) + "x")},
		{"long", "not relative, plain and inside", file(strings.Repeat("a", 256))},
		{"capitals", "lists main.js twice", file("MAIN.js")},
		{"file and directory", "lists main.js as a file and as a directory", file("main.js/x")},
		{"sum", "lists main.js with a sum", replace(`"main.js" = "e3`, `"main.js" = "E3`)},
		{"no sum", "lists main.js with a sum", replace(`"main.js" = "`+sum+`"`, `"main.js" = ""`)},
		{"nested files", "is malformed", replace(`"main.js" = "`+sum+`"`, `main.js = "`+sum+`"`)},
		{"too large", "has more than 1048576 bytes", func(s string) string { return s + strings.Repeat("#", 1<<20) }},
		{"too many files", "lists more than 5000 files", func(s string) string {
			var b strings.Builder
			for i := range 5000 {
				fmt.Fprintf(&b, "f%d = %q\n", i, sum)
			}
			return s + b.String()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.change(good())
			if text == good() {
				t.Fatal("nothing was changed")
			}
			_, err := manifest.Parse([]byte(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if strings.ContainsAny(err.Error(), "\n\x1b\x7f") {
				t.Errorf("the text is not one clean line: %q", err)
			}
		})
	}
}

// Whatever is accepted names only files inside, each once, and nothing that a
// terminal obeys.
func FuzzParse(f *testing.F) {
	f.Add([]byte(good()))
	f.Add([]byte("version = 1\n[flow]\nname = \"a\"\ncommand = \"a\"\n[files]\na = \"" + sum + "\"\n"))
	f.Add([]byte("[files]\n\"../a\" = \"\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := manifest.Parse(b)
		if err != nil {
			if strings.ContainsFunc(err.Error(), control) {
				t.Errorf("the error is not clean: %q", err)
			}
			return
		}
		seen := make(map[string]bool)
		for _, file := range m.Files {
			path := filepath.Join("dir", filepath.FromSlash(file.Path))
			if !strings.HasPrefix(path, "dir"+string(filepath.Separator)) || seen[path] || len(file.SHA256) != 64 {
				t.Errorf("accepted %+v", file)
			}
			seen[path] = true
		}
		if !seen[filepath.Join("dir", filepath.FromSlash(m.Command))] {
			t.Errorf("the command %q is not listed", m.Command)
		}
		texts := []string{m.Name, m.Version}
		for _, o := range m.Options {
			texts = append(texts, o.Name, o.Help)
		}
		if i := m.Interpreter; i != nil {
			texts = append(append(texts, i.Path), i.Args...)
		}
		if s := strings.Join(texts, ""); strings.ContainsFunc(s, control) {
			t.Errorf("accepted %q", s)
		}
	})
}

func control(r rune) bool { return r < ' ' || r == 0x7f || r == 0x202e }

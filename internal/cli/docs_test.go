package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/registry/manifest"
)

var (
	tomlBlock  = regexp.MustCompile("(?s)```toml\n(.*?)```")
	codeBlock  = regexp.MustCompile("(?s)```(?:console|sh)\n(.*?)```")
	inlineCode = regexp.MustCompile("`([^`\n]+)`")
	pieces     = regexp.MustCompile(` ?… ?|, |: ?`) // an error is put together from these
	substitute = regexp.MustCompile(`\$\((authlatch [^)]*)\)`)
)

// absoluteDir is an absolute path on this system, in TOML.
var absoluteDir = map[bool]string{true: `C:\\bin\\`, false: "/usr/bin/"}[runtime.GOOS == "windows"]

// TestDocumentedConfig parses every config file, and every flow.toml, of the
// pages.
func TestDocumentedConfig(t *testing.T) {
	found := 0
	for name, text := range pages(t) {
		for _, block := range tomlBlock.FindAllStringSubmatch(text, -1) {
			found++
			source := block[1]
			if strings.Contains(source, "[flow]") {
				source = strings.ReplaceAll(source, "/usr/bin/", absoluteDir)
				if _, err := manifest.Parse([]byte(source)); err != nil {
					t.Errorf("%s: flow.toml %v\n%s", name, err, source)
				}
				continue
			}
			if !strings.Contains(source, "version") {
				source = "version = 1\n" + source
			}
			if _, err := config.Parse("/home/alice/config.toml", []byte(source), func(string) string { return "" }); err != nil {
				t.Errorf("%s: %v\n%s", name, err, source)
			}
		}
	}
	if found == 0 {
		t.Error("no config was found")
	}
}

// TestDocumentedCommands has every command of the pages parsed.
func TestDocumentedCommands(t *testing.T) {
	found := 0
	for name, text := range pages(t) {
		for _, command := range commandsOf(text) {
			found++
			root := newRootCmd(&app{Process: Process{Executable: os.Executable}})
			c, args, err := root.Find(strings.Fields(command)[1:])
			if err != nil {
				t.Errorf("%s: %s: %v", name, command, err)
				continue
			}
			if err := parsed(c, args); err != nil {
				t.Errorf("%s: %s: %v", name, command, err)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d commands were found", found)
	}
}

func parsed(c *cobra.Command, args []string) error {
	if err := c.ParseFlags(args); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

func commandsOf(text string) []string {
	var all []string
	add := func(line string) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		if i := strings.IndexAny(line, "#|<"); i >= 0 {
			line = line[:i]
		}
		if strings.HasPrefix(line, "authlatch ") && !strings.Contains(line, "…") {
			all = append(all, line)
		}
	}
	for _, block := range codeBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(block[1]) {
			add(line)
		}
	}
	for _, code := range inlineCode.FindAllStringSubmatch(text, -1) {
		add(code[1])
	}
	for _, s := range substitute.FindAllStringSubmatch(text, -1) {
		add(s[1])
	}
	return all
}

// TestDocumentedErrors looks for the words of every heading of the
// troubleshooting page among the sources.
func TestDocumentedErrors(t *testing.T) {
	var all strings.Builder
	root := filepath.Join("..", "..")
	for _, dir := range []string{"host", "internal/cli", "internal/aadsts", "helper", "plugins"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sources := all.String()
	for line := range strings.Lines(pages(t)["docs/troubleshooting.md"]) {
		heading, ok := strings.CutPrefix(strings.TrimSpace(line), "### ")
		if !ok {
			continue
		}
		for _, piece := range pieces.Split(strings.Trim(heading, "`"), -1) {
			if !strings.Contains(sources, piece) {
				t.Errorf("%s: nothing says %q", heading, piece)
			}
		}
	}
}

// pages are the user's pages by their names.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"README.md", "docs/config.md", "docs/flows.md", "docs/helpers.md", "docs/troubleshooting.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

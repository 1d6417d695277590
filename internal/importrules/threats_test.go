package importrules

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName   = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	scriptName = regexp.MustCompile("`testdata/([\\w./-]+)`")
)

// What docs/threat-model.md names as the proof of a promise is there.
func TestThreatModelNamesRealTests(t *testing.T) {
	page, err := os.ReadFile("../../docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	err = filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "bin"):
			return filepath.SkipDir
		case strings.Contains(path, "/testdata/"):
			_, name, _ := strings.Cut(path, "/testdata/")
			there[name] = true
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
				there[m[1]] = true
			}
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, names := range []*regexp.Regexp{testName, scriptName} {
		for _, m := range names.FindAllStringSubmatch(string(page), -1) {
			named++
			if !there[m[1]] {
				t.Errorf("docs/threat-model.md names %s, which is not there", m[1])
			}
		}
	}
	if named < 20 {
		t.Errorf("%d tests are named", named)
	}
}

//go:build unix

package main_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/authlatch/authlatch/sdk"
)

// The test binary doubles as a flow of somebody else's, corp.
func TestMain(m *testing.M) {
	runConfined()
	sdk.ServeIfFlow(corp{})
	os.Exit(m.Run())
}

// corp signs everybody in as zoe, without asking.
type corp struct{}

func (corp) Describe() sdk.Description {
	return sdk.Description{Name: "corp", Version: "1.4.0", Features: []string{"silent_without_account"}, Options: []sdk.Option{{Name: "server", Kind: sdk.OptionString, Help: "where to sign in"}}}
}

func (corp) GetToken(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error) {
	return &sdk.Token{Secret: sdk.NewSecret("corp-token"), ExpiresOn: time.Now().Add(time.Hour), Account: sdk.Account{ID: "zoe", Username: "zoe@corp.example"}}, nil
}

// corpManifest is of a flow whose interpreter is the test binary.
const corpManifest = `version = 1
[flow]
name = "corp"
version = "1.4.0"
command = "main.js"
features = ["silent_without_account"]
[interpreter]
path = %q
sha256 = %q
args = ["--safe"]
[[option]]
name = "server"
required = true
help = "where to sign in"
[files]
"main.js" = %q
`

// makeCorp is "corp-flow FILE [TEXT]", which makes the flow's executable with TEXT
// at its end, or "corp-flow DIR/", which makes it with a flow.toml. $SUM is what
// there is to trust.
func makeCorp(ts *testscript.TestScript, _ bool, args []string) {
	self, err := os.Executable()
	ts.Check(err)
	binary, err := os.ReadFile(self)
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	if args[0][len(args[0])-1] != '/' {
		for _, text := range args[1:] {
			binary = append(binary, text...)
		}
		ts.Check(os.WriteFile(path, binary, 0o700))
		ts.Setenv("SUM", sumOf(binary))
		return
	}
	ts.Check(os.MkdirAll(path, 0o700))
	interpreter := filepath.Join(filepath.Dir(path), "interpreter")
	ts.Check(os.WriteFile(interpreter, binary, 0o700))
	manifest := fmt.Appendf(nil, corpManifest, interpreter, sumOf(binary), sumOf(nil))
	ts.Check(os.WriteFile(filepath.Join(path, "main.js"), nil, 0o600))
	ts.Check(os.WriteFile(filepath.Join(path, "flow.toml"), manifest, 0o600))
	ts.Setenv("SUM", sumOf(manifest))
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

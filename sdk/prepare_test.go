//go:build unix

package sdk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/internal/handshake"
	"github.com/authlatch/authlatch/sdk"
)

// preparedFlow says as its version what it was told before there was a request.
type preparedFlow struct{ told chan sdk.Ahead }

func (f *preparedFlow) Prepare(ahead sdk.Ahead) { f.told <- ahead }

func (f *preparedFlow) Describe() sdk.Description {
	return sdk.Description{Name: "prepared", Version: fmt.Sprintf("%+v", <-f.told)}
}

func (*preparedFlow) GetToken(context.Context, *sdk.Request, sdk.Prompter) (*sdk.Token, error) {
	return goodToken(), nil
}

// A flow that can use the time before its request is told what is known by then.
func TestPrepare(t *testing.T) {
	for env, want := range map[string]string{
		handshake.CABundleKey + "=1": "{CABundle:true}",
		handshake.CABundleKey + "=":  "{CABundle:false}",
	} {
		line, _ := startFlow(t, roleEnv+"=prepared", env)
		if got := call(strings.Split(line, "|")[3]); got != want {
			t.Errorf("with %s: got %q, want %q", env, got, want)
		}
	}
}

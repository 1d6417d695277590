// Package browser is the flow "browser": the person signs in on the provider's
// page in a browser on this machine, which brings the answer to a loopback
// address (authorization code with PKCE; RFC 8252, RFC 7636). It is the flow that
// can do all that a tenant may ask for: second factors, consent, other accounts.
//
// cmd/authlatch-flow-browser is its binary; an embedder may register New with
// sdk.ServeIfFlow instead.
package browser

import (
	"context"

	"github.com/authlatch/authlatch/internal/version"
	"github.com/authlatch/authlatch/plugins/internal/entra"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

type flow struct{ opts []entra.Option }

// New returns the flow.
func New() sdk.Flow { return flow{} }

// Prepare is sdk.Preparer's.
func (flow) Prepare(ahead sdk.Ahead) { entra.Prepare(ahead) }

func (flow) Describe() sdk.Description {
	return sdk.Description{
		Name:     "browser",
		Version:  version.String(),
		Features: []string{flowv1.FeatureEntra, flowv1.FeaturePoP, flowv1.FeatureIDToken},
		Options:  declared,
	}
}

func (f flow) GetToken(ctx context.Context, req *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
	s, err := readSettings(req)
	if err != nil {
		return nil, err
	}
	return entra.GetToken(ctx, req, func(ctx context.Context, c *entra.Client) (*sdk.Token, error) {
		return signIn(ctx, c, req, s, p)
	}, f.opts...)
}

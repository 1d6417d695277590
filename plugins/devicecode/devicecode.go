// Package devicecode is the flow "devicecode": the person signs in on any device
// that has a browser, with a code that is shown here (RFC 8628). It needs no
// browser on this machine and no way back to it.
//
// cmd/authlatch-flow-devicecode is its binary; an embedder may register New with
// sdk.ServeIfFlow instead.
package devicecode

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authlatch/authlatch/internal/version"
	"github.com/authlatch/authlatch/plugins/internal/entra"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// optionTimeout is how long the person has; the code's own life may be shorter.
const optionTimeout = "timeout"

type flow struct{ opts []entra.Option }

// New returns the flow.
func New() sdk.Flow { return flow{} }

// Prepare is sdk.Preparer's.
func (flow) Prepare(ahead sdk.Ahead) { entra.Prepare(ahead) }

func (flow) Describe() sdk.Description {
	return sdk.Description{
		Name:     "devicecode",
		Version:  version.String(),
		Features: []string{flowv1.FeatureEntra, flowv1.FeaturePoP, flowv1.FeatureIDToken},
		Options: []sdk.Option{{
			Name: optionTimeout,
			Kind: sdk.OptionDuration,
			Help: "how long to wait for the sign-in; the code's own life, usually 15 minutes, if it is not set",
		}},
	}
}

func (f flow) GetToken(ctx context.Context, req *sdk.Request, p sdk.Prompter) (*sdk.Token, error) {
	timeout, err := timeoutOf(req)
	if err != nil {
		return nil, err
	}
	return entra.GetToken(ctx, req, func(ctx context.Context, c *entra.Client) (*sdk.Token, error) {
		return c.DeviceCode(ctx, timeout, func(d sdk.DeviceAuthorization) error { return show(ctx, p, d) })
	}, f.opts...)
}

func timeoutOf(req *sdk.Request) (time.Duration, error) {
	v := req.Options[optionTimeout]
	if v == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(v)
	if err != nil || d <= 0 {
		return 0, &sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: fmt.Sprintf("option %s is %q, which is no duration such as 5m", optionTimeout, v)}
	}
	return d, nil
}

// show degrades to a notice on a host that does not know device authorizations.
func show(ctx context.Context, p sdk.Prompter, d sdk.DeviceAuthorization) error {
	err := p.ShowDeviceAuthorization(ctx, d)
	if !errors.Is(err, sdk.ErrUnsupported) {
		return err
	}
	return p.Notice(ctx, fmt.Sprintf("To sign in, open %s and enter the code %s. Continue only if you started this.", d.VerificationURI, d.UserCode))
}

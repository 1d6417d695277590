//go:build unix

package launch_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/authlatch/authlatch/sdk"
)

// sdkFakes return the token's text.
var sdkFakes = map[string]func(context.Context, *sdk.Request, sdk.Prompter) (string, error){
	"good": func(ctx context.Context, r *sdk.Request, p sdk.Prompter) (string, error) {
		if r.Mode == sdk.Never {
			return "silent-" + string(r.State), nil
		}
		if err := p.Notice(ctx, "hello"); err != nil {
			return "", err
		}
		if err := p.OpenURL(ctx, "https://login.example/", ""); err != nil {
			return "", err
		}
		otp, err := p.Secret(ctx, "otp", "one-time code")
		if err != nil {
			return "", err
		}
		return "token-" + otp.Reveal(), nil
	},
	"waits": func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (string, error) {
		err := p.ShowDeviceAuthorization(ctx, sdk.DeviceAuthorization{UserCode: "ABC", VerificationURI: "https://login.example/"})
		if err != nil {
			return "", err
		}
		<-ctx.Done()
		return "", ctx.Err()
	},
	"ignores-cancel": func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (string, error) {
		_ = p.Notice(ctx, "on my way")
		forever()
		return "", nil
	},
	"panics": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		panic("hunter2")
	},
	"prints": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		for range 5000 {
			fmt.Println(strings.Repeat("out ", 100))
			fmt.Fprintln(os.Stderr, strings.Repeat("err ", 100))
		}
		return "printed", nil
	},
	"reads-stdin": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		b, err := io.ReadAll(os.Stdin)
		return fmt.Sprintf("%d-bytes", len(b)), err
	},
	"environ": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		return "x" + strings.Join(strings.Fields(strings.Join(os.Environ(), ";")), ""), nil
	},
	"unavailable": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		return "", fmt.Errorf("open a browser: %w", sdk.ErrUnavailable)
	},
	"plain-error": func(context.Context, *sdk.Request, sdk.Prompter) (string, error) {
		return "", errors.New("index\x1b[31m broken")
	},
	"never-asks": func(ctx context.Context, _ *sdk.Request, p sdk.Prompter) (string, error) {
		_, err := p.Input(ctx, "otp", "one-time code")
		return "", fmt.Errorf("ask: %w", err)
	},
}

package sdk

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"time"

	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// conversation is the Prompter that a flow gets.
var _ Prompter = (*conversation)(nil)

func (c *conversation) Notice(ctx context.Context, message string) error {
	_, err := c.ask(ctx, &flowv1.Interaction{Kind: &flowv1.Interaction_Notice{
		Notice: &flowv1.Notice{Message: message}}})
	return err
}

func (c *conversation) OpenURL(ctx context.Context, address, message string) error {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("open a page: only https addresses can be opened")
	}
	_, err := c.ask(ctx, &flowv1.Interaction{Kind: &flowv1.Interaction_OpenUrl{
		OpenUrl: &flowv1.OpenURL{Url: address, Message: message}}})
	return err
}

func (c *conversation) ShowDeviceAuthorization(ctx context.Context, d DeviceAuthorization) error {
	_, err := c.ask(ctx, &flowv1.Interaction{Kind: &flowv1.Interaction_DeviceAuthorization{
		DeviceAuthorization: &flowv1.DeviceAuthorization{
			UserCode:                d.UserCode,
			VerificationUri:         d.VerificationURI,
			VerificationUriComplete: d.VerificationURIComplete,
			ExpiresIn:               int64(d.ExpiresIn / time.Second),
			Interval:                seconds(d.Interval),
			Message:                 d.Message,
		}}})
	return err
}

func (c *conversation) Input(ctx context.Context, name, label string) (string, error) {
	return c.input(ctx, name, label, false)
}

func (c *conversation) Secret(ctx context.Context, name, label string) (Secret, error) {
	text, err := c.input(ctx, name, label, true)
	return NewSecret(text), err
}

func (c *conversation) input(ctx context.Context, name, label string, secret bool) (string, error) {
	return c.ask(ctx, &flowv1.Interaction{Kind: &flowv1.Interaction_Input{
		Input: &flowv1.Input{Name: name, Label: label, Secret: secret}}})
}

func (c *conversation) Confirm(ctx context.Context, message string) error {
	_, err := c.ask(ctx, &flowv1.Interaction{Kind: &flowv1.Interaction_Confirm{
		Confirm: &flowv1.Confirm{Message: message}}})
	return err
}

// seconds rounds up, so that no wait becomes shorter on the wire.
func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

package launch

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/authlatch/authlatch/internal/sanitize"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

const (
	// maxSecret bounds a token, in bytes. It travels in an HTTP header, and the
	// most generous servers take 64 KiB of those.
	maxSecret = 64 << 10
	// maxLifetime bounds a token's expiry: beyond it the flow has mixed up its
	// units.
	maxLifetime = 10 * 365 * 24 * time.Hour
	// maxList bounds repeated fields.
	maxList = 256
	// maxText bounds what a person is shown at once, in bytes; a screen has
	// fewer.
	maxText = 8 << 10
	// maxURL bounds an address, in bytes: what browsers and their command lines
	// take, with state and claims in it.
	maxURL = 16 << 10
	// maxShortText bounds codes, names and labels, in bytes.
	maxShortText = 1 << 10
)

// checkToken reports what is wrong with a flow's answer to start.
func checkToken(t *flowv1.Token, start *flowv1.Start, now time.Time) error {
	switch secret := t.GetSecret(); {
	case secret == "":
		return errors.New("returned an empty token")
	case len(secret) > maxSecret:
		return fmt.Errorf("returned a token of %d bytes, more than %d", len(secret), maxSecret)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("returned a token with characters that no token has")
	}
	if got, want := tokenType(t.GetTokenType()), tokenType(start.GetTokenType()); got != want {
		return fmt.Errorf("returned a token of type %q, not %q", sanitize.Line(got, 20), want)
	}
	expires, refresh := t.GetExpiresOn(), t.GetRefreshOn()
	switch {
	case expires <= now.Unix():
		return errors.New("returned a token that has expired")
	case expires > now.Add(maxLifetime).Unix():
		return fmt.Errorf("returned a token that expires in more than %.0f years", maxLifetime.Hours()/24/365)
	case refresh < 0 || refresh > expires:
		return errors.New("returned a token to be renewed after it has expired")
	}
	if n := len(t.GetState()); n > flowv1.MaxStateSize {
		return fmt.Errorf("returned a state of %d bytes, more than %d", n, flowv1.MaxStateSize)
	}
	if err := checkScopes(t, start); err != nil {
		return err
	}
	return checkAccount(t.GetAccount())
}

func tokenType(s string) string {
	if s == "" {
		return "bearer"
	}
	return strings.ToLower(s)
}

func checkAccount(a *flowv1.Account) error {
	if a.GetId() == "" {
		return errors.New("returned a token without an account id")
	}
	return checkStrings("account field", []string{a.GetId(), a.GetUsername(), a.GetTenant(), a.GetEnvironment()})
}

// checkStrings holds identifiers to one clean line.
func checkStrings(what string, list []string) error {
	if len(list) > maxList {
		return fmt.Errorf("returned %d %ss, more than %d", len(list), what, maxList)
	}
	for _, s := range list {
		if len(s) > maxShortText || sanitize.Line(s, math.MaxInt32/32) != s {
			return fmt.Errorf("returned a malformed %s: %q", what, sanitize.Line(s, 80))
		}
	}
	return nil
}

// A flow's names, and the codes that are their reasons, begin with a letter and
// have at most maxName characters. They are not regular expressions because
// compiling those would be a third of what this package costs each process.
const (
	maxName = 64
	lower   = "abcdefghijklmnopqrstuvwxyz"
	upper   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

func isOptionName(s string) bool  { return isName(s, lower, digits+"_") }
func isFeatureName(s string) bool { return isName(s, lower, digits+"_.-") }

// isReason reports whether s is a code of OAuth in upper snake case.
func isReason(s string) bool { return isName(s, upper, digits+"_") }

// isName reports whether s is one of letters and then some of letters and more.
func isName(s, letters, more string) bool {
	return s != "" && len(s) <= maxName && strings.IndexByte(letters, s[0]) >= 0 && strings.Trim(s, letters+more) == ""
}

// CheckDescription reports what is wrong with d, a description of the flow name
// that was kept, and cleans its texts. Describe has done it for its answers.
func CheckDescription(d *flowv1.DescribeResponse, name string) error {
	return checkDescription(d, name)
}

// checkDescription reports what is wrong with d and cleans its texts.
func checkDescription(d *flowv1.DescribeResponse, name string) error {
	if d.GetName() != name {
		return fmt.Errorf("says that its name is %q", sanitize.Line(d.GetName(), 80))
	}
	if len(d.GetFeatures()) > maxList || len(d.GetOptions()) > maxList {
		return fmt.Errorf("declares more than %d features or options", maxList)
	}
	for _, f := range d.GetFeatures() {
		if !isFeatureName(f) {
			return fmt.Errorf("declares the malformed feature %q", sanitize.Line(f, 80))
		}
	}
	seen := make(map[string]bool)
	for _, o := range d.GetOptions() {
		if !isOptionName(o.GetName()) || seen[o.GetName()] {
			return fmt.Errorf("declares the malformed or repeated option %q", sanitize.Line(o.GetName(), 80))
		}
		seen[o.GetName()] = true
		o.Help = sanitize.Line(o.GetHelp(), maxShortText)
		o.DefaultValue = sanitize.Line(o.GetDefaultValue(), maxShortText)
	}
	d.Version = sanitize.Line(d.GetVersion(), 64)
	return nil
}

// checkInteraction reports what is wrong with i; known says whether this host
// knows its kind. Texts stay as they are: the prompters clean them.
func checkInteraction(i *flowv1.Interaction, mode flowv1.InteractionMode) (known bool, err error) {
	if i.GetId() == 0 {
		return false, errors.New("sent an interaction without an id")
	}
	var texts []string
	switch k := i.GetKind().(type) {
	case nil:
		return false, nil
	case *flowv1.Interaction_Notice:
		return true, checkTexts(maxText, k.Notice.GetMessage())
	case *flowv1.Interaction_OpenUrl:
		if err := checkURL(k.OpenUrl.GetUrl()); err != nil {
			return true, err
		}
		texts = []string{k.OpenUrl.GetMessage()}
	case *flowv1.Interaction_DeviceAuthorization:
		d := k.DeviceAuthorization
		if err := checkDeviceAuthorization(d); err != nil {
			return true, err
		}
		texts = []string{d.GetMessage()}
	case *flowv1.Interaction_Input:
		if !isOptionName(k.Input.GetName()) {
			return true, fmt.Errorf("asks for an input with the malformed name %q", sanitize.Line(k.Input.GetName(), 80))
		}
		if err := checkTexts(maxShortText, k.Input.GetLabel()); err != nil {
			return true, err
		}
	case *flowv1.Interaction_Confirm:
		texts = []string{k.Confirm.GetMessage()}
	}
	if mode == flowv1.InteractionMode_INTERACTION_MODE_NEVER {
		return true, errors.New("asks the person although it was told not to")
	}
	return true, checkTexts(maxText, texts...)
}

func checkDeviceAuthorization(d *flowv1.DeviceAuthorization) error {
	if d.GetUserCode() == "" || d.GetExpiresIn() < 0 || d.GetInterval() < 0 {
		return errors.New("shows a malformed device authorization")
	}
	if err := checkTexts(maxShortText, d.GetUserCode()); err != nil {
		return err
	}
	if err := checkURL(d.GetVerificationUri()); err != nil {
		return err
	}
	if d.GetVerificationUriComplete() == "" {
		return nil
	}
	return checkURL(d.GetVerificationUriComplete())
}

func checkTexts(max int, texts ...string) error {
	for _, s := range texts {
		if len(s) > max {
			return fmt.Errorf("sent a text of %d bytes, more than %d", len(s), max)
		}
	}
	return nil
}

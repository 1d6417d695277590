package browser

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authlatch/authlatch/plugins/internal/loopback"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
	"github.com/authlatch/authlatch/sdk"
)

// The flow's options.
const (
	optionRedirectPort = flowv1.OptionRedirectPort
	optionRedirectURI  = flowv1.OptionRedirectURI
	optionTimeout      = "timeout"
	optionPrompt       = "prompt"
	optionDomainHint   = "domain_hint"
)

// defaultTimeout is azure-identity's: time to find the phone with the second
// factor, not to forget the tab.
const defaultTimeout = 5 * time.Minute

// prompts are OpenID Connect's and "create" (Initiating User Registration 1.0).
var prompts = []string{"select_account", "login", "consent", "none", "create"}

var declared = []sdk.Option{
	{Name: optionRedirectPort, Kind: sdk.OptionInteger, Help: "the port of http://localhost to which the browser returns, such as one that a container publishes; any free one if it is not set"},
	{Name: optionRedirectURI, Kind: sdk.OptionString, Help: "the loopback redirect URI of the app registration, if it is not http://localhost; without a port any free one is taken"},
	{Name: optionTimeout, Kind: sdk.OptionDuration, Default: "5m", Help: "how long to wait for the sign-in in the browser"},
	{Name: optionPrompt, Kind: sdk.OptionString, Default: prompts[0], Help: "what the page asks in any case: " + strings.Join(prompts, ", ")},
	{Name: optionDomainHint, Kind: sdk.OptionString, Help: "the domain or tenant whose sign-in page is shown at once, such as contoso.com"},
}

type settings struct {
	target       loopback.Target
	targetOption string // the option that fixed the target's port
	timeout      time.Duration
	prompt       string
	domainHint   string
}

func readSettings(req *sdk.Request) (settings, error) {
	s := settings{timeout: defaultTimeout, prompt: prompts[0], domainHint: req.Options[optionDomainHint]}
	port, uri := req.Options[optionRedirectPort], req.Options[optionRedirectURI]
	switch {
	case port != "" && uri != "":
		return s, invalidOption("options %s and %s exclude each other: put the port into the URI", optionRedirectPort, optionRedirectURI)
	case port != "":
		n, err := strconv.Atoi(port)
		if err != nil || n < 1 || n > 65535 {
			return s, invalidOption("option %s is %q, which is no port between 1 and 65535", optionRedirectPort, port)
		}
		s.target, s.targetOption = loopback.Target{Port: n}, optionRedirectPort
	case uri != "":
		t, err := loopback.ParseTarget(uri)
		if err != nil {
			return s, invalidOption("option %s is %q, which cannot be used: %w", optionRedirectURI, uri, err)
		}
		s.target, s.targetOption = t, optionRedirectURI
	}
	if v := req.Options[optionTimeout]; v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return s, invalidOption("option %s is %q, which is no duration such as 5m", optionTimeout, v)
		}
		s.timeout = d
	}
	if v := req.Options[optionPrompt]; v != "" {
		if !slices.Contains(prompts, v) {
			return s, invalidOption("option %s is %q, which is none of %s", optionPrompt, v, strings.Join(prompts, ", "))
		}
		s.prompt = v
	}
	return s, nil
}

func invalidOption(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &sdk.Error{Reason: flowv1.ReasonInvalidRequest, Message: err.Error(), Err: err}
}

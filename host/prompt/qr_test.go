package prompt_test

import (
	"regexp"
	"strings"
	"testing"

	"rsc.io/qr"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/prompt"
)

func TestQRCode(t *testing.T) {
	rich := prompt.Style{Control: true, Color: true, Unicode: true}
	cases := []struct {
		name          string
		style         prompt.Style
		width, height int
		kind          host.DeviceAuthorization
		drawn         bool
	}{
		{"it fits", rich, 80, 50, device, true},
		{"too narrow", rich, 30, 50, device, false},
		{"too low", rich, 80, 20, device, false},
		{"no size", rich, 0, 0, device, false},
		{"no colour", prompt.Style{Control: true, Unicode: true}, 80, 50, device, false},
		{"no Unicode", prompt.Style{Control: true, Color: true}, 80, 50, device, false},
		{"without the complete address", rich, 80, 50, host.DeviceAuthorization{UserCode: "A", VerificationURI: "https://idp.example/device"}, true},
		{"an address that no code holds", rich, 200, 200, host.DeviceAuthorization{UserCode: "A", VerificationURI: "https://idp.example/" + strings.Repeat("a", 4000)}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := &screen{width: c.width, height: c.height}
			term := quiet(s)
			term.Style = c.style
			if _, err := term.Prompt(t.Context(), ask(c.kind)); err != nil {
				t.Fatal(err)
			}
			term.Finish()
			if drawn := strings.Contains(s.shown(), "▀"); drawn != c.drawn {
				t.Errorf("drawn: %t\n%s", drawn, s.shown())
			}
		})
	}
}

// The picture, read back module by module, is the code with a light margin.
func TestQRCodeIsTheCode(t *testing.T) {
	s := &screen{width: 80, height: 50}
	term := quiet(s)
	term.Style = prompt.Style{Control: true, Color: true, Unicode: true}
	if _, err := term.Prompt(t.Context(), ask(device)); err != nil {
		t.Fatal(err)
	}
	term.Finish()
	code, err := qr.Encode(device.VerificationURIComplete, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	const margin = 2
	rows := regexp.MustCompile("\x1b\\[30;107m(.*)\x1b\\[0m").FindAllStringSubmatch(s.shown(), -1)
	if len(rows) != (code.Size+2*margin+1)/2 {
		t.Fatalf("%d rows for %d modules", len(rows), code.Size)
	}
	for i, row := range rows {
		for x, block := range []rune(row[1]) {
			upper, lower := strings.ContainsRune("█▀", block), strings.ContainsRune("█▄", block)
			if upper != code.Black(x-margin, 2*i-margin) || lower != code.Black(x-margin, 2*i-margin+1) {
				t.Fatalf("row %d, column %d is %q", i, x, block)
			}
		}
	}
}

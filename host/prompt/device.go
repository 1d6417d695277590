package prompt

import (
	"strings"

	"rsc.io/qr"

	"github.com/authlatch/authlatch/host"
)

// showDevice shows where to enter which code (RFC 8628 section 3.3).
func (t *Terminal) showDevice(i host.Interaction, d host.DeviceAuthorization) {
	code := clean(d.UserCode)
	t.say(i, "To sign in"+where(i)+", open this page on any device:")
	t.lines(t.strong(clean(d.VerificationURI)), "and enter the code", t.strong(code))
	if d.Message != "" && !strings.Contains(d.Message, d.UserCode) { // else it says the same
		t.say(i, d.Message)
	}
	page := d.VerificationURIComplete
	if page == "" {
		page = d.VerificationURI
	}
	t.lines(t.qr(page)...)
	t.lines(ownSignIn)
}

// quietZone is the margin of a QR code, in modules: ISO/IEC 18004 wants four;
// readers do with two, and terminals are small.
const quietZone = 2

// qr draws a QR code in half blocks, two modules a character; nothing if it does
// not fit or cannot be read. Colours are set, because a reader needs dark on
// light whatever the terminal's theme.
func (t *Terminal) qr(text string) []string {
	if !t.Style.Color || !t.Style.Unicode {
		return nil
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return nil
	}
	size := code.Size + 2*quietZone
	width, height := t.Device.Size()
	if width < size+4 || height < size/2+10 { // the text around it must stay in view
		return nil
	}
	var lines []string
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		var b strings.Builder
		for x := -quietZone; x < code.Size+quietZone; x++ {
			b.WriteString(halfBlock(code.Black(x, y), code.Black(x, y+1)))
		}
		lines = append(lines, t.paint("30;107", b.String())) // black on bright white
	}
	return lines
}

// halfBlock is a character of an upper and a lower module, black ones in the
// foreground's colour. Outside its size a code's modules are white.
func halfBlock(upper, lower bool) string {
	switch {
	case upper && lower:
		return "█"
	case upper:
		return "▀"
	case lower:
		return "▄"
	}
	return " "
}

// Package sanitize makes text that others wrote fit to be shown to a person or
// written to a log: no control, escape or invisible characters, nothing that
// reorders what stands beside it, and not too long. It does not judge what the
// text says. The launcher and the host's prompters use it.
package sanitize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis stands where text was cut.
const ellipsis = '…'

// maxMarks is how many combining marks may follow one another: more than any
// script needs, fewer than what paints over the lines around it.
const maxMarks = 4

// maxString bounds a terminal control string (a title, a link), so that many
// unfinished ones cost no quadratic search.
const maxString = 1024

// maxInput bounds what is read of s: what is longer is hostile, and most of it
// would be removed anyway.
func maxInput(max int) int { return 16*max + 4*maxString }

// Line returns s as one line of at most max characters (runes). Line breaks and
// every kind of white space become one space each, leading and trailing space
// goes; terminal escape sequences, control, format (bidirectional, zero-width),
// private and invalid characters are removed. Text that is too long is cut and
// ends in an ellipsis.
func Line(s string, max int) string { return clean(s, max, false) }

// Text is Line for text of more than one line: line breaks of all kinds become
// \n and stay.
func Text(s string, max int) string { return clean(s, max, true) }

func clean(s string, max int, multiline bool) string {
	if max <= 0 {
		return ""
	}
	var b strings.Builder
	n, marks := 0, 0
	if limit := maxInput(max); len(s) > limit {
		s = s[:limit]
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if escape := escapeLen(s[i:], r, size); escape > 0 {
			i += escape
			continue
		}
		invalid := r == utf8.RuneError && size == 1
		i += size
		if r == '\r' && strings.HasPrefix(s[i:], "\n") {
			continue
		}
		r = plain(r, multiline)
		if invalid || r < 0 || n == 0 && (r == ' ' || r == '\n') {
			continue
		}
		if unicode.IsMark(r) {
			if marks++; marks > maxMarks {
				continue
			}
		} else {
			marks = 0
		}
		if n == max {
			return cut(b.String())
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimRight(b.String(), " \n")
}

// cut replaces the last character by the ellipsis.
func cut(s string) string {
	_, size := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-size] + string(ellipsis)
}

// plain returns what to write for r, or -1 for nothing.
func plain(r rune, multiline bool) rune {
	switch r {
	case '\n', '\r', '\v', '\f', '\u0085', '\u2028', '\u2029':
		if multiline {
			return '\n'
		}
		return ' '
	case '\t':
		return ' '
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800':
		return -1 // letters and symbols by category, but blank: they hide text
	}
	switch {
	case unicode.IsPrint(r):
		return r
	case unicode.Is(unicode.Zs, r):
		return ' '
	}
	return -1
}

// escapeLen returns the length of the terminal escape sequence (ECMA-48) that s
// begins with r, or 0. An unfinished sequence ends at the end of its line, so
// that it cannot hide what follows.
func escapeLen(s string, r rune, size int) int {
	var kind rune
	i := size
	switch {
	case r == '\x1b':
		if i == len(s) {
			return i
		}
		kind = rune(s[i])
		if kind < ' ' || kind > '~' {
			return i
		}
		i++
	case r >= '\u0080' && r <= '\u009f' && r != '\u0085':
		kind = r - 0x40 // the C1 form of ESC kind
	default:
		return 0
	}
	switch kind {
	case '[': // CSI: parameters, then one final byte
		for i < len(s) && s[i] >= ' ' && s[i] <= '?' {
			i++
		}
		if i < len(s) && s[i] >= '@' && s[i] <= '~' {
			i++
		}
	case ']', 'P', 'X', '^', '_': // OSC, DCS, SOS, PM, APC: text up to BEL or ST
		return i + stringLen(s[i:])
	default: // intermediates, then one final byte
		for i < len(s) && kind >= ' ' && kind <= '/' {
			kind = rune(s[i])
			if kind < ' ' || kind > '~' {
				break
			}
			i++
		}
	}
	return i
}

// stringLen returns the length of a control string with its terminator; without
// one the string is not hidden, and 0 is returned.
func stringLen(s string) int {
	for i := 0; i < len(s) && i < maxString; i++ {
		switch {
		case s[i] == '\a':
			return i + 1
		case strings.HasPrefix(s[i:], "\x1b\\"), strings.HasPrefix(s[i:], "\u009c"):
			return i + 2
		case s[i] == '\n' || s[i] == '\r':
			return 0
		}
	}
	return 0
}

package sanitize

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Sign in to Contoso", "Sign in to Contoso"},
		{"other scripts", "Anmeldung für Zoë 日本語 العربية", "Anmeldung für Zoë 日本語 العربية"},
		{"line breaks", "a\r\nb\nc\rd\u2028e", "a b c d e"},
		{"white space", " \t a\u00a0b\u3000 ", "a b"},
		{"colour", "\x1b[31mred\x1b[0m", "red"},
		{"cursor and erase", "a\x1b[2K\x1b[1Gb", "ab"},
		{"C1 form", "a\u009b31mb", "ab"},
		{"window title", "a\x1b]0;title\ab", "ab"},
		{"hyperlink", "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "here"},
		{"unfinished title hides nothing", "\x1b]0;shown", "0;shown"},
		{"charset", "\x1b(Bok", "ok"},
		{"lone escape", "ok\x1b", "ok"},
		{"controls", "a\x00b\x07c\x08d\x7fe", "abcde"},
		{"bidi override", "code \u202e4321\u202c\u2066x\u2069", "code 4321x"},
		{"zero width", "a\u200bb\ufeffc\u200dd\u00ade", "abcde"},
		{"tags", "a\U000e0041b", "ab"},
		{"blank letters", "a\u3164\u2800b", "ab"},
		{"invalid UTF-8", "a\xff\xfeb", "ab"},
		{"many marks", "e" + strings.Repeat("\u0301", 50), "e" + strings.Repeat("\u0301", maxMarks)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Line(c.in, 100); got != c.want {
				t.Errorf("Line(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestText(t *testing.T) {
	in := "\n\nfirst\r\n\x1b[1msecond\x1b[0m\rthird\u2029fourth\n"
	if got, want := Text(in, 100), "first\nsecond\nthird\nfourth"; got != want {
		t.Errorf("Text(%q) = %q, want %q", in, got, want)
	}
}

func TestLength(t *testing.T) {
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"äöüß", 3, "äö…"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
		{"", 3, ""},
	} {
		if got := Line(c.in, c.max); got != c.want {
			t.Errorf("Line(%q, %d) = %q, want %q", c.in, c.max, got, c.want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"plain", "\x1b[31m", "\x1b]0;x\a", "\u202e", "\xff", "a\r\n\tb", "\u009b1m", "\x1b(", "\u0301\u0301"} {
		f.Add(s, 10)
	}
	f.Fuzz(func(t *testing.T, s string, max int) {
		max %= 1 << 16
		for name, got := range map[string]string{"Line": Line(s, max), "Text": Text(s, max)} {
			if n := utf8.RuneCountInString(got); n > 0 && n > max {
				t.Errorf("%s: %d characters, allowed %d", name, n, max)
			}
			for _, r := range got {
				if r == '\n' && name == "Text" {
					continue
				}
				if r == utf8.RuneError && !strings.ContainsRune(s, utf8.RuneError) || !unicode.IsPrint(r) {
					t.Errorf("%s(%q) holds %U", name, s, r)
				}
			}
		}
	})
}

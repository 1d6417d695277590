package launch

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

type records []string

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) WithGroup(string) slog.Handler            { return r }
func (r *records) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *records) Handle(_ context.Context, rec slog.Record) error {
	*r = append(*r, rec.Level.String()+" "+rec.Message)
	return nil
}

func TestOutput(t *testing.T) {
	for _, c := range []struct {
		name   string
		writes []string
		want   []string
	}{
		{"lines", []string{"a\nb\n"}, []string{"DEBUG a", "DEBUG b"}},
		{"in pieces", []string{"a", "b\nc", "d"}, []string{"DEBUG ab", "DEBUG cd"}},
		{"blank lines", []string{"\n\r\n \n"}, nil},
		{"escapes", []string{"\x1b[31mred\n"}, []string{"DEBUG red"}},
		{"hclog", []string{`{"@level":"error","@message":"m","@timestamp":"t","b":1,"a":"x"}` + "\n"}, []string{`ERROR m a="x" b=1`}},
		{"trace", []string{`{"@level":"trace","@message":"m"}` + "\n"}, []string{"DEBUG-4 m"}},
		{"no level", []string{`{"@message":"m"}` + "\n"}, []string{"DEBUG m"}},
		{"no message", []string{`{"a":1}` + "\n"}, []string{`DEBUG {"a":1}`}},
		{"message of another type", []string{`{"@message":1}` + "\n"}, []string{`DEBUG {"@message":1}`}},
		{"long line", []string{strings.Repeat("x", 10000), strings.Repeat("y", 10000) + "\nz\n"},
			[]string{"DEBUG " + strings.Repeat("x", maxLogLine), "DEBUG z"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got records
			w := (&output{log: slog.New(&got)}).writer("stderr")
			for _, s := range c.writes {
				if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
					t.Fatalf("Write: %d, %v", n, err)
				}
			}
			w.flush()
			if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOutputIsBounded(t *testing.T) {
	var got records
	o := &output{log: slog.New(&got)}
	a, b := o.writer("stderr"), o.writer("stdout")
	for range maxLogLines {
		_, _ = a.Write([]byte("a\n"))
		_, _ = b.Write([]byte("b\n"))
	}
	if len(got) != maxLogLines+1 {
		t.Errorf("%d records, want %d and one that says so", len(got), maxLogLines)
	}
	if last := got[len(got)-1]; !strings.HasPrefix(last, "WARN ") {
		t.Errorf("the last record is %q", last)
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{`{"@message":1}`, `{"@message":"m","@level":"warn","k":{"a":[1]}}`, "text", "{", "\x1b]0;x\a", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		level, text := parseLine(line)
		if level < slog.LevelDebug-4 || level > slog.LevelError {
			t.Errorf("at the level %v", level)
		}
		if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxLogLine || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
			t.Errorf("not one clean line: %q", text)
		}
	})
}

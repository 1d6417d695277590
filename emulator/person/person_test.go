package person

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Sign-ins against the emulator itself are in its own tests; these are about
// pages that misbehave.

func TestParse(t *testing.T) {
	p := parse(`<main data-outcome="done"><h1>Hello  there</h1><p>A <b>lead</b></p><p role=alert>Bad
		input</p><form method=POST action=/next><input type=hidden name=a value="1&amp;2"><input name=b>
		<noscript><button name=action value=go>Go</button></noscript></form></main>`)
	if p.outcome != "done" || p.alert != "Bad input" || p.text() != "Hello there: A lead" {
		t.Errorf("read %+v", p)
	}
	if p.form == nil || p.form.method != "POST" || p.form.action != "/next" || len(p.form.inputs) != 2 || p.form.inputs[0].value != "1&2" {
		t.Fatalf("the form is %+v", p.form)
	}
	if b, ok := p.form.press(false); !ok || b.value != "go" {
		t.Errorf("pressed %+v", b)
	}
	if _, ok := p.form.press(true); ok {
		t.Error("found a way to cancel where there is none")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`<form><button></form>`)
	f.Add("{}")
	f.Fuzz(func(_ *testing.T, body string) {
		if p := parse(body); p.form != nil {
			p.form.press(true)
		}
	})
}

func TestWalkEnds(t *testing.T) {
	for _, c := range []struct{ name, page string }{
		{"a form without end", `<form method=post action=/again><input name=username><button>Next</button></form>`},
		{"a form that leads to plain HTTP elsewhere", `<form method=post action=http://evil.example/><input name=password type=password></form>`},
		{"an alert", `<p role=alert>No.</p>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, c.page) }))
			defer server.Close()
			_, _, err := New(server.Client(), "u", "p").SignIn(t.Context(), server.URL)
			if !errors.Is(err, ErrRefused) || strings.Contains(err.Error(), "password") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	server := httptest.NewTLSServer(http.RedirectHandler("/", http.StatusFound))
	defer server.Close()
	if _, _, err := New(server.Client(), "u", "p").SignIn(t.Context(), server.URL); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}

func TestContextEndsIt(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := New(server.Client(), "u", "p").EnterCode(ctx, server.URL, "CODE"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
)

func signInByBrowser(ctx context.Context, w *world) error {
	title("Browser: authorization code with PKCE on a loopback redirect")
	// BROWSER opens the page in a scripted browser, which signs alice in.
	return w.signIn(ctx, "browser", terminal{screen: show})
}

var (
	userCode = regexp.MustCompile(`\b[A-Z0-9]{9}\b|\b[A-Z0-9]{4}-[A-Z0-9]{4}\b`)
	address  = regexp.MustCompile(`https://\S+/device\b`)
)

func signInByDeviceCode(ctx context.Context, w *world) error {
	title("Device code: RFC 8628, on another device")
	var where string
	var entering errgroup.Group
	screen := func(line string) {
		show(line)
		if found := address.FindString(line); found != "" {
			where = found
		}
		if code := userCode.FindString(line); where != "" && code != "" {
			page := where
			where = "" // once
			entering.Go(func() error { return w.alice().EnterCode(ctx, page, code) })
		}
	}
	err := w.signIn(ctx, "devicecode", terminal{screen: screen})
	return errors.Join(err, entering.Wait())
}

func signInByPassword(ctx context.Context, w *world) error {
	title("Password: discouraged, for where nothing else can work")
	return w.signIn(ctx, "password", terminal{typed: strings.NewReader(password() + "\n"), screen: show}, "--password-stdin")
}

// signIn signs in with the profile of that name, shows the token, and shows that
// asking again starts no flow and sends nothing.
func (w *world) signIn(ctx context.Context, flow string, term terminal, flags ...string) error {
	in, err := w.run(ctx, term, w.program("authlatch"), append([]string{"login", "-p", flow}, flags...)...)
	if err != nil {
		return err
	}
	if err := w.isolated(in, flow); err != nil {
		return err
	}
	before, err := w.counters(ctx)
	if err != nil {
		return err
	}
	alone, err := w.alone("authlatch")
	if err != nil {
		return err
	}
	say("the next call is of a copy of authlatch that has no flow beside it, so it can launch none")
	again, err := w.run(ctx, terminal{}, alone, "token", "-p", flow, "-o", "json")
	if err != nil {
		return err
	}
	if err := describeToken(again.stdout); err != nil {
		return err
	}
	return w.silent(ctx, before, again)
}

// isolated fails unless one flow ran, and that in isolation.
func (w *world) isolated(r result, flow string) error {
	if len(r.flows) != 1 || r.flows[0].name != flow {
		return fmt.Errorf("expected one process of the flow %s, but the log names %v", flow, r.flows)
	}
	f := r.flows[0]
	if err := f.isolated(r.pid, w.program("authlatch-flow-"+flow), w.program("authlatch")); err != nil {
		return err
	}
	say("host is process %d, flow %s is process %d", r.pid, f.name, f.pid)
	say("%s", f.witness())
	return nil
}

// silent fails if the call started a flow, or the emulator was asked anything
// since before.
func (w *world) silent(ctx context.Context, before emulator.Counters, r result) error {
	after, err := w.counters(ctx)
	if err != nil {
		return err
	}
	if len(r.flows) != 0 || after.Total != before.Total {
		return fmt.Errorf("the second call started %s and sent %s", count(len(r.flows), "flow"), count(after.Total-before.Total, "request"))
	}
	say("that call started no flow and sent no request: %s before it and %d after it", count(before.Total, "request"), after.Total)
	return nil
}

func (w *world) alice() *person.Person {
	return person.New(w.http, username, password())
}

// password is the emulator's own for this user, no secret at all.
func password() string {
	for _, u := range emulator.DefaultUsers() {
		if u.Username == username {
			return u.Password
		}
	}
	return ""
}

func title(text string)              { fmt.Printf("\n%s\n", text) }
func say(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) }
func show(line string)               { fmt.Printf("  | %s\n", line) }

package secretservice

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/desktop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// on is a Provider on a bus.
func on(address string) Provider {
	return Provider{Env: func(name string) string {
		if name == "DBUS_SESSION_BUS_ADDRESS" {
			return address
		}
		return ""
	}}
}

func TestKeepLoadForget(t *testing.T) {
	d := desktop.Start(t)
	d.Unlock(t)
	p, k, other := on(d.Address), store.NewKey(), store.NewKey()
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Load(k.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("before: %v", err)
	}
	for _, key := range []store.Key{k, k, other} { // twice is once
		if got, err := p.Keep(key); err != nil || got.ID() != key.ID() {
			t.Fatal(err)
		}
	}
	if got, err := p.Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
		t.Errorf("%v", err)
	}
	// It outlives the daemon, and a desktop's other socket leads to it as well.
	d.Unlock(t)
	if got, err := (Provider{Env: d.Env}).Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
		t.Errorf("%v", err)
	}
	for range 2 {
		if err := p.Forget(k.ID()); err != nil {
			t.Error(err)
		}
	}
	if _, err := p.Load(k.ID()); !errors.Is(err, store.ErrNoKey) {
		t.Errorf("after: %v", err)
	}
	if _, err := p.Load(other.ID()); err != nil {
		t.Errorf("the other: %v", err)
	}
}

// The numbers that both sides derive their key from begin with zeros now and
// then, which must be counted: in 512 sessions there are some.
func TestManySessions(t *testing.T) {
	d := desktop.Start(t)
	d.Unlock(t)
	p := on(d.Address)
	k, err := p.Keep(store.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	sessions := 512
	if testing.Short() {
		sessions = 8
	}
	for range sessions {
		if got, err := p.Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
			t.Fatal(err)
		}
	}
}

// Who reads along on the bus sees no key.
func TestOnTheBusNothingIsReadable(t *testing.T) {
	d := desktop.Start(t)
	d.Unlock(t)
	proxy := d.Proxy(t)
	p := on(proxy.Address)
	k, err := p.Keep(store.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
		t.Fatal(err)
	}
	said, secret := proxy.Said(), k.Reveal()
	for _, must := range []string{k.ID().String(), "GetSecret", "CreateItem", algorithm} {
		if !bytes.Contains(said, []byte(must)) {
			t.Errorf("the record does not hold %q", must)
		}
	}
	text := []byte(hex.EncodeToString(secret[:]))
	for i := 0; i+8 <= len(text); i += 8 {
		if bytes.Contains(said, text[i:i+8]) || bytes.Contains(said, secret[i/2:i/2+4]) {
			t.Fatal("a part of the key is readable")
		}
	}
	if bytes.Contains(said, []byte("\x05\x00\x00\x00plain\x00")) {
		t.Error("a plain session was asked for")
	}
}

// What is not there or does not answer is never taken for a key that is gone, and
// each says in words what is the matter.
func TestUnavailable(t *testing.T) {
	d := desktop.Start(t)
	k := store.NewKey()
	for _, c := range []struct {
		name  string
		setUp func() Provider
		says  string
	}{
		{"no bus", func() Provider { return on("") }, "there is no D-Bus session bus"},
		{"a bus that would be started", func() Provider { return on("autolaunch:") }, "there is no D-Bus session bus"},
		{"a bus that is gone", func() Provider { return on("unix:path=/nowhere/bus") }, "no such file or directory"},
		{"a bus elsewhere", func() Provider { return on("tcp:host=127.0.0.1,port=1") }, "names no Unix socket"},
		{"a bus that is silent", func() Provider { return on(desktop.Silent(t, d)) }, "did not answer within 3s"},
		{"no service", func() Provider { return on(d.Address) }, "no Secret Service runs"},
		{"no collection", func() Provider { d.Lock(t); return on(d.Address) }, "no default collection"},
		{"locked", func() Provider {
			d.Unlock(t)
			if _, err := on(d.Address).Keep(k); err != nil {
				t.Fatal(err)
			}
			d.Lock(t)
			return on(d.Address)
		}, "is locked; unlock it"},
		{"hung", func() Provider { d.Unlock(t); d.Hang(t); return on(d.Address) }, "did not answer within 3s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.setUp()
			for what, do := range map[string]func() error{
				"Load":   func() error { _, err := p.Load(k.ID()); return err },
				"Keep":   func() error { _, err := p.Keep(store.NewKey()); return err },
				"Forget": func() error { return p.Forget(k.ID()) },
				"Check":  p.Check,
			} {
				err := do()
				if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNoKey) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s: %v", what, err)
				}
				if strings.Contains(c.says, "3s") {
					break // it has been waited for once
				}
			}
		})
	}
	d.Resume(t)
	if got, err := on(d.Address).Load(k.ID()); err != nil || got.Reveal() != k.Reveal() {
		t.Errorf("when it is well again: %v", err)
	}
}

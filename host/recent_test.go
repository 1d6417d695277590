package host_test

import (
	"context"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys"
)

// onDisk gives w's hosts a store with files, as another process opens it too.
func (w *world) onDisk(t *testing.T) (another func() *store.Store) {
	dir := t.TempDir()
	open := func() *store.Store {
		o := keys.Cheap("file", filepath.Join(dir, "key")).Options(filepath.Join(dir, "store"))
		o.Now = w.now
		return store.Open(o)
	}
	w.Store = open()
	return open
}

// What was handed out a moment ago is handed out again at once, and never when it
// must not be.
func TestATokenHandedOutAgain(t *testing.T) {
	req := host.TokenRequest{Scopes: []string{"https://graph.microsoft.com/.default"}}
	for name, c := range map[string]struct {
		do   func(t *testing.T, w *world, h *host.Host, another *store.Store, token *host.Token)
		same bool
	}{
		"nothing has happened": {func(*testing.T, *world, *host.Host, *store.Store, *host.Token) {}, true},
		"it has expired":       {func(_ *testing.T, w *world, _ *host.Host, _ *store.Store, _ *host.Token) { w.pass(2 * time.Hour) }, false},
		"the clock was set back": {func(_ *testing.T, w *world, _ *host.Host, _ *store.Store, _ *host.Token) {
			w.pass(-2 * time.Hour) // before it was obtained
		}, false},
		"it was rejected": {func(_ *testing.T, _ *world, h *host.Host, _ *store.Store, token *host.Token) {
			_, _ = h.Reject(req, token.Secret)
		}, false},
		"another process has had it rejected": {func(t *testing.T, _ *world, _ *host.Host, another *store.Store, token *host.Token) {
			for _, b := range another.Accounts() {
				if !another.Reject(store.TokenKey{Identity: b.Identity, Scopes: req.Scopes, Capabilities: []string{"cp1"}}, token.Secret.Reveal()) {
					t.Error("it is not there")
				}
			}
		}, false},
		"signed out": {func(t *testing.T, _ *world, h *host.Host, _ *store.Store, _ *host.Token) {
			if err := h.SignOut(t.Context(), false); err != nil {
				t.Error(err)
			}
		}, false},
		"another process has signed out": {func(t *testing.T, _ *world, _ *host.Host, another *store.Store, _ *host.Token) {
			for _, b := range another.Accounts() {
				if err := another.Remove(b.Identity); err != nil {
					t.Error(err)
				}
			}
		}, false},
		"another process has removed everything": {func(t *testing.T, _ *world, _ *host.Host, another *store.Store, _ *host.Token) {
			if err := another.RemoveAll(); err != nil {
				t.Error(err)
			}
		}, false},
		"a request with claims has replaced it": {func(t *testing.T, _ *world, h *host.Host, _ *store.Store, _ *host.Token) {
			with := req
			with.Claims = `{"access_token":{"nbf":{"essential":true}}}`
			if _, err := h.GetToken(t.Context(), with); err != nil {
				t.Error(err)
			}
		}, false},
		"the person has signed in anew": {func(t *testing.T, _ *world, h *host.Host, _ *store.Store, _ *host.Token) {
			if _, err := h.SignIn(t.Context(), req); err != nil {
				t.Error(err)
			}
		}, false},
	} {
		for _, kept := range []string{"memory", "disk"} {
			t.Run(name+", in "+kept, func(t *testing.T) {
				w := newWorld(t)
				var another *store.Store
				if kept == "disk" {
					another = w.onDisk(t)()
				} else {
					another = w.Store
				}
				h := w.host()
				defer h.Close()
				get := func() *host.Token {
					t.Helper()
					got, err := h.GetToken(t.Context(), req)
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				get() // signs in
				get() // notes the use on the disk: this world's clock is not the disk's
				token := get()
				if get() != token {
					t.Fatal("it is another Token each time")
				}
				c.do(t, w, h, another, token)
				if got := get(); (got == token) != c.same || (got.Secret == token.Secret) != c.same {
					t.Errorf("the same token again: %t, want %t", got == token, c.same)
				}
			})
		}
	}
}

// Requests that differ in anything get what is theirs.
func TestWhatIsHandedOutAgainIsTheirs(t *testing.T) {
	w := newWorld(t)
	w.Settings = settings(t, "tenant = \"contoso.example\"\nadditionally_allowed_tenants = [\"*\"]\n")
	h := w.host()
	defer h.Close()
	a, b := "https://a.example/.default", "https://b.example/.default"
	requests := []host.TokenRequest{
		{Scopes: []string{a}}, {Scopes: []string{b}}, {Scopes: []string{a}, Tenant: "fabrikam.example"},
		{Scopes: []string{a}, IDToken: true}, {Scopes: []string{a}, TokenType: "pop", ReqCnf: "x", KeyID: "1"},
		{Scopes: []string{a}, TokenType: "pop", ReqCnf: "y", KeyID: "2"},
	}
	seen := map[host.Secret]int{}
	for round := range 3 {
		for i, req := range requests {
			got, err := h.GetToken(t.Context(), req)
			if err != nil {
				t.Fatal(err)
			}
			if before, ok := seen[got.Secret]; ok != (round > 0) || ok && before != i {
				t.Errorf("round %d: request %d got the token of %d", round, i, before)
			}
			seen[got.Secret] = i
		}
	}
	for _, bad := range []host.TokenRequest{{Scopes: []string{a}, Flow: "absent"}, {Scopes: []string{a}, Interaction: 9}, {Scopes: []string{a}, TokenType: "pop"}} {
		if _, err := h.GetToken(t.Context(), bad); err == nil {
			t.Errorf("%+v got a token", bad)
		}
	}
	// What the caller does to its own request changes nobody's answer.
	scopes := []string{a}
	if _, err := h.GetToken(t.Context(), host.TokenRequest{Scopes: scopes}); err != nil {
		t.Fatal(err)
	}
	scopes[0] = b
	got, err := h.GetToken(t.Context(), host.TokenRequest{Scopes: scopes})
	if err != nil || seen[got.Secret] != 1 {
		t.Errorf("got the token of %d, %v", seen[got.Secret], err)
	}
}

// Whatever a request may come to have: another value of any field is another
// request, but for claims and Force, which are never answered so.
func TestEveryFieldCounts(t *testing.T) {
	base := reflect.TypeFor[host.TokenRequest]()
	for i := range base.NumField() {
		field := base.Field(i)
		var one host.TokenRequest
		other := one
		v := reflect.ValueOf(&other).Elem().Field(i)
		switch v.Kind() {
		case reflect.String:
			v.SetString("x")
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Int:
			v.SetInt(1)
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"x"}))
		default:
			t.Fatalf("%s is of a kind that this test does not know", field.Name)
		}
		if host.SameRequest(one, other) != (field.Name == "Claims") {
			t.Errorf("requests that differ in %s are taken for the same", field.Name)
		}
		if !host.SameRequest(other, other) {
			t.Errorf("a request with %s is not the same as itself", field.Name)
		}
	}
}

// A cached call allocates nothing, in memory and on disk.
func TestACachedCallAllocatesNothing(t *testing.T) {
	for _, kept := range []string{"memory", "disk"} {
		t.Run(kept, func(t *testing.T) {
			h, req := cachedHost(t, kept)
			ctx := context.Background()
			if n := testing.AllocsPerRun(1000, func() { _, _ = h.GetToken(ctx, req) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func BenchmarkCachedGetToken(b *testing.B) {
	for _, kept := range []string{"memory", "disk"} {
		b.Run(kept, func(b *testing.B) {
			h, req := cachedHost(b, kept)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.GetToken(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// cachedHost has handed its one token out before.
func cachedHost(t testing.TB, kept string) (*host.Host, host.TokenRequest) {
	t.Helper()
	w := newWorld(t)
	w.Now = time.Now
	if kept == "disk" {
		dir := t.TempDir()
		w.Store = store.Open(keys.Cheap("file", filepath.Join(dir, "key")).Options(filepath.Join(dir, "store")))
	} else {
		w.Store = nil
	}
	w.time = time.Now()
	h, err := host.New(w.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	req := host.TokenRequest{Scopes: []string{"https://graph.microsoft.com/.default"}}
	for range 3 {
		if _, err := h.GetToken(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	return h, req
}

// Callers and a store that changes under them never see a token that was taken
// back before they asked.
func TestHandingOutWhileTheStoreChanges(t *testing.T) {
	w := newWorld(t)
	another := w.onDisk(t)()
	h := w.host()
	defer h.Close()
	req := host.TokenRequest{Scopes: []string{"https://graph.microsoft.com/.default"}}
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := h.GetToken(t.Context(), req); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	defer callers.Wait()
	defer close(stop)
	for range 100 {
		token, err := h.GetToken(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range another.Accounts() {
			another.Reject(store.TokenKey{Identity: b.Identity, Scopes: req.Scopes, Capabilities: []string{"cp1"}}, token.Secret.Reveal())
		}
		if again, err := h.GetToken(t.Context(), req); err != nil || again.Secret == token.Secret {
			t.Fatalf("a rejected token was handed out again: %v", err)
		}
	}
}

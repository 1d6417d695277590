package store_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys/file"
)

// TestMain is also a process that uses a store, to be killed.
func TestMain(m *testing.M) {
	if act, ok := acts[os.Getenv("STORE_TEST_ACT")]; ok {
		s := open(os.Getenv("STORE_TEST_DIR"), func(w string) { fmt.Fprintln(os.Stderr, w) })
		if os.Getenv("STORE_TEST_IN_ORDER") != "" { // the same system calls in each run
			runtime.LockOSThread()
			s.InOrder()
		}
		act(s, os.Stdout)
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// acts are what such a process may do.
var acts = map[string]func(*store.Store, io.Writer){
	"answer": func(s *store.Store, _ io.Writer) { s.PutAnswer(answer(0, "new")) },
	"renew":  func(s *store.Store, _ io.Writer) { s.PutToken(answer(0, "").Key, answer(0, "new").Token) },
	"read":   func(s *store.Store, _ io.Writer) { s.Token(answer(0, "").Key) },
	"reject": func(s *store.Store, _ io.Writer) { s.Reject(answer(0, "").Key, "old") },
	"remove": func(s *store.Store, _ io.Writer) { complain(s.Remove(answer(0, "").Binding.Identity)) },
	"removeall": func(s *store.Store, _ io.Writer) {
		complain(s.RemoveAll())
	},
	"rekey": func(s *store.Store, _ io.Writer) {
		_, err := s.Rekey(context.Background(), nil)
		complain(err)
	},
	"load":     load,
	"sections": enterSections,
	"hold":     hold,
	"rekeys": func(s *store.Store, out io.Writer) {
		for {
			_, err := s.Rekey(context.Background(), nil)
			complain(err)
			fmt.Fprintln(out, "0 0")
		}
	},
}

func complain(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// child is a process that does one of the acts on the store in dir.
func child(ctx context.Context, act, dir string, before ...string) *exec.Cmd {
	args := slices.Concat(before, os.Args[:1])
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "STORE_TEST_ACT="+act, "STORE_TEST_DIR="+dir)
	return cmd
}

// open is a new process's view of the store in dir/store, whose key is in a file
// beside it.
func open(dir string, warn func(string)) *store.Store { return openAt(dir, warn, time.Now) }

func openAt(dir string, warn func(string), now func() time.Time) *store.Store {
	return store.Open(store.Options{
		Dir: filepath.Join(dir, "store"), Keys: keysIn(dir), Explicit: true, Warn: warn, Now: now,
	})
}

func keysIn(dir string) []store.KeyProvider {
	return []store.KeyProvider{file.Provider{Path: filepath.Join(dir, "key")}}
}

// answer is what a sign-in of the user with that number brings, with one text in
// the state, the binding and the token.
func answer(user int, text string) store.Answer {
	i := store.Identity{Authority: "https://login.example", Tenant: "contoso.com", ClientID: "c", Username: fmt.Sprint("user", user)}
	account := store.Account{ID: i.Username}
	return store.Answer{
		Binding: store.Binding{Identity: i, Account: store.Account{ID: i.Username, Username: text}, Flow: "browser"}, Bind: true,
		State: []byte(text),
		Key:   store.TokenKey{Identity: i, Scopes: []string{"s"}},
		Token: store.Token{Secret: store.NewSecret(text), ExpiresOn: time.Now().Add(time.Hour), Account: account},
	}
}

// kept is what the store has of an answer: "" is none.
func kept(s *store.Store, user int) (state, binding, token string) {
	a := answer(user, "")
	b, _ := s.State(a.Binding.StateKey())
	bound, _ := s.Binding(a.Binding.Identity)
	t, _ := s.Token(a.Key)
	return string(b), bound.Account.Username, t.Secret.Reveal()
}

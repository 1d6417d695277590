package store

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
)

func TestOneOfAllClaimsARenewal(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	var claimed atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if ClaimRenewal(f.dir, adaKey, noon) {
				claimed.Add(1)
			}
		})
	}
	all.Wait()
	if claimed.Load() != 1 || f.open().ClaimRenewal(adaKey) {
		t.Errorf("%d claimed it", claimed.Load())
	}
	other := adaKey
	other.Scopes = []string{"other"}
	if !ClaimRenewal(f.dir, other, noon) {
		t.Error("another token waits for it")
	}
}

// The pause grows while none works, also if the one that claimed was killed, and
// is never longer than ten minutes, whatever the clock does.
func TestThePauseBetweenRenewals(t *testing.T) {
	for name, f := range map[string]*fixture{"on disk": newFixture(t), "in memory": {t: t}} {
		t.Run(name, func(t *testing.T) {
			f.now = noon
			s := f.open()
			s.PutToken(adaKey, adaTok)
			for _, pause := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute} {
				if !s.ClaimRenewal(adaKey) {
					t.Fatalf("not claimed before the pause of %v", pause)
				}
				f.now = f.now.Add(pause - time.Second)
				if s.ClaimRenewal(adaKey) {
					t.Fatalf("claimed within the pause of %v", pause)
				}
				f.now = f.now.Add(time.Second)
			}
			if !s.ClaimRenewal(adaKey) {
				t.Error("not claimed")
			}
			s.EndRenewal(adaKey, "TEMPORARILY_UNAVAILABLE")
			if r := s.Tokens(ada)[0].Renewal; r.Tries != 8 || r.Failed != "TEMPORARILY_UNAVAILABLE" || !r.Next().Equal(f.now.Add(10*time.Minute)) {
				t.Errorf("on record: %+v", r)
			}
			f.now = f.now.Add(-24 * time.Hour)
			if !s.ClaimRenewal(adaKey) {
				t.Error("not claimed after the clock was set back")
			}
			s.EndRenewal(adaKey, "")
			if r := s.Tokens(ada)[0].Renewal; r != (Renewal{}) || !s.ClaimRenewal(adaKey) {
				t.Errorf("after a success: %+v", r)
			}
		})
	}
}

func TestARecordOfARenewalThatIsNone(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	path := f.path(location{path: adaKey.location().renewal()})
	for name, content := range map[string]string{
		"empty": "", "garbage": "{", "newer": `{"version":2,"started_on":1767268800,"tries":9}`,
		"negative": `{"version":1,"started_on":1767268800,"tries":-5}`, "huge": string(make([]byte, maxEntry+1)),
		"far away": `{"version":1,"started_on":9223372036854775807,"tries":9223372036854775807}`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if !ClaimRenewal(f.dir, adaKey, noon) {
			t.Errorf("%s: not claimed", name)
		}
		if ClaimRenewal(f.dir, adaKey, noon) {
			t.Errorf("%s: claimed twice", name)
		}
	}
	f.warned("")
}

// Who cannot write there can neither keep what a renewal brings.
func TestNobodyClaimsWhereNothingCanBeKept(t *testing.T) {
	f := newFixture(t)
	if ClaimRenewal(f.dir, adaKey, noon) {
		t.Error("claimed in a store that is not there")
	}
	f.open().PutToken(adaKey, adaTok)
	if err := os.Chmod(f.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if ClaimRenewal(f.dir, adaKey, noon) {
		t.Error("claimed in a store that is open to others")
	}
}

// The record goes with the identity.
func TestSigningOutRemovesTheRecord(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutBinding(adaBinding)
	s.PutToken(adaKey, adaTok)
	if !s.ClaimRenewal(adaKey) {
		t.Fatal("not claimed")
	}
	if err := s.Remove(ada); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(f.dir, accountsDir, "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// Whichever way a new token came, what is on record was of the old one.
func TestANewTokenHasNoRecord(t *testing.T) {
	for name, f := range map[string]*fixture{"on disk": newFixture(t), "in memory": {t: t}} {
		t.Run(name, func(t *testing.T) {
			s := f.open()
			s.PutAnswer(Answer{Binding: adaBinding, Bind: true, State: []byte("s"), Key: adaKey, Token: adaTok})
			if !s.ClaimRenewal(adaKey) {
				t.Fatal("not claimed")
			}
			s.EndRenewal(adaKey, "TEMPORARILY_UNAVAILABLE")
			s.PutAnswer(Answer{Binding: adaBinding, State: []byte("t"), Key: adaKey, Token: adaTok})
			if r := s.Tokens(ada)[0].Renewal; r != (Renewal{}) || !s.ClaimRenewal(adaKey) {
				t.Errorf("on record: %+v", r)
			}
		})
	}
}

// How a renewal ended is noted though one of many helpers looks just then.
func TestAnOutcomeWaitsForALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		s := f.open()
		s.PutToken(adaKey, adaTok)
		if !s.ClaimRenewal(adaKey) {
			t.Fatal("not claimed")
		}
		looks := flock.New(lockPath(f.dir, "renewal of "+adaKey.LockName()))
		if err := looks.Lock(); err != nil {
			t.Fatal(err)
		}
		if ClaimRenewal(f.dir, adaKey, noon.Add(time.Hour)) {
			t.Error("claimed while another one looks")
		}
		go s.EndRenewal(adaKey, "TEMPORARILY_UNAVAILABLE")
		synctest.Wait()
		if err := looks.Unlock(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // of the bubble's clock
		synctest.Wait()
		if r := s.Tokens(ada)[0].Renewal; r.Failed != "TEMPORARILY_UNAVAILABLE" {
			t.Errorf("on record: %+v", r)
		}
	})
}

// The record is shown to people, and anybody may have written it.
func TestARecordIsShownCleanAndBounded(t *testing.T) {
	f := newFixture(t)
	s := f.open()
	s.PutToken(adaKey, adaTok)
	content := `{"version":1,"started_on":1,"tries":9223372036854775807,"failed":"\u001b[2J\u202e` + strings.Repeat("x", 1000) + `"}`
	if err := os.WriteFile(f.path(location{path: adaKey.location().renewal()}), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	r := s.Tokens(ada)[0].Renewal
	if r.Tries != manyTries || len([]rune(r.Failed)) > maxReason || strings.ContainsAny(r.Failed, "\x1b\u202e") {
		t.Errorf("%+v", r)
	}
}

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestOneKeyHoweverManyBegin(t *testing.T) {
	f := newFixture(t)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			k := adaKey
			k.Scopes = []string{fmt.Sprint(i)}
			Open(Options{Dir: f.dir, Keys: f.keys}).PutToken(k, adaTok)
		})
	}
	all.Wait()
	if n := len(f.keys[0].(*fakeKeys).kept); n != 1 {
		t.Errorf("%d keys", n)
	}
	for i := range 16 {
		k := adaKey
		k.Scopes = []string{fmt.Sprint(i)}
		if _, ok := ReadToken(f.dir, f.keys, k); !ok {
			t.Errorf("token %d is lost", i)
		}
	}
}

// A reader sees the old entry or the new one, never a part or none.
func TestReadersAmongWriters(t *testing.T) {
	f := newFixture(t)
	f.open().PutToken(adaKey, adaTok)
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for i := range 4 {
		writers.Go(func() {
			s := Open(Options{Dir: f.dir, Keys: f.keys})
			for range 25 {
				tok := adaTok
				tok.Secret = NewSecret(strings.Repeat(fmt.Sprint(i), 100+i*1000))
				s.PutToken(adaKey, tok)
			}
		})
	}
	for range 4 {
		readers.Go(func() {
			s := Open(Options{Dir: f.dir, Keys: f.keys, Warn: func(w string) { t.Error(w) }})
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, ok := s.Token(adaKey); !ok {
					t.Error("no token")
					return
				}
				if _, ok := ReadToken(f.dir, f.keys, adaKey); !ok {
					t.Error("no warm token")
					return
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	if entries, _ := os.ReadDir(filepath.Dir(f.path(adaKey.location()))); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

//go:build unix

package launch_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
)

// swapper changes a file all the time between two contents.
type swapper struct {
	stop chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	runs int
}

func (s *swapper) start(t *testing.T, swap func(evil bool) error) {
	s.stop = make(chan struct{})
	s.done.Go(func() {
		for evil := true; ; evil = !evil {
			select {
			case <-s.stop:
				return
			default:
			}
			if err := swap(evil); err != nil {
				t.Error(err)
				return
			}
			s.mu.Lock()
			s.runs++
			s.mu.Unlock()
		}
	})
}

func (s *swapper) end() int {
	close(s.stop)
	s.done.Wait()
	return s.runs
}

// TestSwap lets somebody swap a pinned flow between check and start, many times
// during each launch: what runs is what was pinned, or nothing.
func TestSwap(t *testing.T) {
	for name, swap := range map[string]func(path, evil string) func(bool) error{
		"by renaming": func(path, evil string) func(bool) error {
			good := path + ".good"
			if err := os.Link(path, good); err != nil {
				t.Fatal(err)
			}
			return func(bad bool) error {
				from := good
				if bad {
					from = evil
				}
				return errors.Join(os.Link(from, path+".new"), os.Rename(path+".new", path), removeLeft(path+".new"))
			}
		},
		"in place": func(path, _ string) func(bool) error {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			return func(bad bool) error {
				f, err := os.OpenFile(path, os.O_WRONLY, 0)
				if err != nil {
					return err
				}
				if bad {
					_, err = f.WriteAt([]byte("evil"), info.Size())
				} else {
					err = f.Truncate(info.Size())
				}
				return errors.Join(err, f.Close())
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			dir := t.TempDir()
			b := r.pinned(filepath.Join(dir, "authlatch-flow-plain"))
			evil := r.pinned(filepath.Join(dir, "evil")).Path
			f, err := os.OpenFile(evil, os.O_WRONLY|os.O_APPEND, 0)
			must(t, err)
			_, err = f.WriteString("evil")
			must(t, errors.Join(err, f.Close()))

			var s swapper
			s.start(t, swap(b.Path, evil))
			ran, refused := 0, 0
			for range 12 {
				got, err := r.whatRuns(b)
				var changed *launch.ChangedError
				switch {
				case errors.As(err, &changed):
					refused++
				case err != nil:
					t.Errorf("got %v", err)
				case got.Exe != b.SHA256:
					t.Errorf("what ran has sha256 %s, not %s", got.Exe, b.SHA256)
				default:
					ran++
				}
			}
			t.Logf("%d ran, %d were refused, %d swaps", ran, refused, s.end())
		})
	}
}

// removeLeft removes what renaming a link onto another to the same file leaves
// (rename(2): nothing is done then).
func removeLeft(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

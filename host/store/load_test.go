package store_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

// loadUsers is how many users a writing process has of its own.
const loadUsers = 3

// load writes answers with growing numbers for users of its own, and says of each
// when it is kept. What it finds at first must be what it was told of last.
func load(s *store.Store, out io.Writer) {
	first, err := strconv.Atoi(os.Getenv("STORE_TEST_USER"))
	complain(err)
	next := 1
	for user := first; user < first+loadUsers; user++ {
		for _, text := range []string{second(kept(s, user)), third(kept(s, user))} {
			if n, _, _ := strings.Cut(text, " "); n != "" {
				number, err := strconv.Atoi(n)
				complain(err)
				next = max(next, number+1)
			}
		}
	}
	for ; ; next++ {
		user := first + next%loadUsers
		s.PutAnswer(answer(user, fmt.Sprint(next, strings.Repeat(" x", next%4000))))
		if _, _, token := kept(s, user); !strings.HasPrefix(token, fmt.Sprint(next)) {
			fmt.Fprintln(os.Stderr, "not found what was just kept")
		}
		fmt.Fprintln(out, user, next)
	}
}

func second(_, s, _ string) string { return s }
func third(_, _, s string) string  { return s }

// acked is what the processes have said to be kept, by user.
type acked struct {
	mu   sync.Mutex
	last map[int]int
}

func (a *acked) note(user, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last[user] = max(a.last[user], n)
}

func (a *acked) of(user int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last[user]
}

// Processes that write, and one that rekeys all the time, are killed at random.
// What one of them has said to be kept is there or a newer one, for readers at any
// time, and nobody is ever warned of anything.
func TestKilledAtRandomUnderLoad(t *testing.T) {
	const writers = 2
	kills := store.Scale(60, 1000)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dir := t.TempDir()
	said := &acked{last: map[int]int{}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var readers, killers sync.WaitGroup
	var reads, killed atomic.Int64
	for range 2 {
		readers.Go(func() {
			for ctx.Err() == nil {
				for user := range writers * loadUsers {
					least := said.of(user)
					s := open(dir, func(w string) { t.Error(w) })
					for _, text := range []string{first(kept(s, user)), second(kept(s, user)), third(kept(s, user))} {
						if n, _ := strconv.Atoi(strings.SplitN(text, " ", 2)[0]); n < least {
							t.Errorf("user %d has %.20q, after %d was kept", user, text, least)
						}
					}
					if tok, ok := store.ReadToken(filepath.Join(dir, "store"), keysIn(dir), answer(user, "").Key); least > 0 && !ok {
						t.Errorf("user %d: a helper finds %v", user, tok)
					}
					reads.Add(1)
				}
			}
		})
	}
	for i := range writers + 1 {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		killers.Go(func() {
			for killed.Add(1) <= int64(kills) {
				act := "load"
				if i == writers {
					act = "rekeys"
				}
				if err := killLater(ctx, dir, act, i*loadUsers, said, time.Duration(random.IntN(25_000))*time.Microsecond); err != nil {
					t.Error(err)
				}
			}
		})
	}
	killers.Wait()
	stop()
	readers.Wait()

	done, err := open(dir, func(w string) { t.Error(w) }).Rekey(t.Context(), nil)
	if err != nil || done.Left > 0 || len(done.Kept) > 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if st := open(dir, nil).Status(); st.Entries.Aside+st.Entries.OtherKey+st.Entries.Unreadable > 0 || st.Entries.Readable != 3*writers*loadUsers {
		t.Errorf("%+v", st.Entries)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "key")); strings.Count(string(b), "\n") != 1 {
		t.Error("keys are left")
	}
	written := 0
	for _, n := range said.last {
		written += n
	}
	t.Logf("%d kills, %d reads, about %d answers written", kills, reads.Load(), written/loadUsers)
}

func first(s, _, _ string) string { return s }

// killLater starts a process and kills it some time after its first word.
func killLater(ctx context.Context, dir, act string, user int, said *acked, later time.Duration) error {
	cmd := child(ctx, act, dir)
	cmd.Env = append(cmd.Env, fmt.Sprint("STORE_TEST_USER=", user))
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var shot *time.Timer
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var u, n int
		if _, err := fmt.Sscan(lines.Text(), &u, &n); err != nil {
			return err // half a line is no word: pipes take short ones whole
		}
		if act == "load" {
			said.note(u, n)
		}
		if shot == nil {
			shot = time.AfterFunc(later, func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // it was killed
	if complaints.Len() > 0 {
		return fmt.Errorf("%s: %s", act, complaints.String())
	}
	return nil
}

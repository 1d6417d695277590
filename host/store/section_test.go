package store_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/authlatch/authlatch/host/store"
)

const criticalLock = "critical"

// sections is how often each process is in the critical section.
func sections() int { return store.Scale(1000, 100_000) }

// enterSections enters the critical section again and again.
func enterSections(s *store.Store, _ io.Writer) {
	counter, err := os.OpenFile(filepath.Join(os.Getenv("STORE_TEST_DIR"), "counter"), os.O_RDWR, 0)
	if err != nil {
		complain(err)
		return
	}
	for range sections() {
		unlock, err := s.Lock(context.Background(), criticalLock)
		if err != nil {
			complain(err)
			return
		}
		complain(inside(counter))
		unlock()
	}
}

// inside is the critical section: it says that somebody is in it, counts, and
// says that nobody is. Who meets somebody, or loses a count, was not alone.
func inside(counter *os.File) error {
	var page [16]byte
	if _, err := counter.ReadAt(page[:], 0); err != nil {
		return err
	}
	if other := binary.LittleEndian.Uint64(page[8:]); other != 0 {
		return fmt.Errorf("process %d is in it too", other)
	}
	binary.LittleEndian.PutUint64(page[:], binary.LittleEndian.Uint64(page[:])+1)
	binary.LittleEndian.PutUint64(page[8:], uint64(os.Getpid()))
	if _, err := counter.WriteAt(page[:], 0); err != nil {
		return err
	}
	_, err := counter.WriteAt(make([]byte, 8), 8)
	return err
}

// hold takes the lock and keeps it until stdin ends, or until it is killed.
func hold(s *store.Store, out io.Writer) {
	if _, err := s.Lock(context.Background(), criticalLock); err != nil {
		complain(err)
		return
	}
	fmt.Fprintln(out, "held")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

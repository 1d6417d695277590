package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// lostKey is said once where entries are found whose key is gone for good.
const lostKey = "the key of the store is gone (after a reboot, a kernel keyring's is); sign in once more"

// ErrNoProvider says that nothing here can keep a key.
var ErrNoProvider = errors.New(`sign-ins are kept only until this process ends, because no keyring is available here; to keep them, set [store] key = "file" or AUTHLATCH_STORE_KEY=file`)

// errMemory: the user wants no files.
var errMemory = errors.New(`the store is memory only, as [store] key = "memory" or AUTHLATCH_STORE_KEY says`)

// record is store.json: which provider keeps the current key.
type record struct {
	Version  int    `json:"version"`
	Provider string `json:"provider"`
	KeyID    string `json:"key_id"`
}

// writeKey is the key of new entries, once it has been settled.
type writeKey struct {
	key      Key
	provider byte
	err      error
	settled  bool
}

// makeTimeout bounds the wait for another process that makes the key; it takes
// that one milliseconds.
const makeTimeout = 10 * time.Second

// writeKey settles the key once in a process. A store that cannot be used may be
// put right while the process runs; only who waited in vain for another does not
// wait again. s.mu is held.
func (s *Store) writeKey() (writeKey, error) {
	if !s.write.settled {
		p, key, err := s.settleKey()
		s.write = writeKey{key: key, err: err, settled: err == nil || errors.Is(err, context.DeadlineExceeded)}
		if err == nil {
			s.write.provider = providerNumbers[p.Name()]
			s.keys[key.ID()] = key
		}
	}
	return s.write, s.write.err
}

func (s *Store) settleKey() (KeyProvider, Key, error) {
	if s.opt.Dir == "" && len(s.opt.Keys) > 0 {
		return nil, Key{}, errors.New("there is no home directory; set AUTHLATCH_STORE_DIR")
	}
	if s.opt.Dir == "" || s.opt.Explicit && len(s.opt.Keys) == 0 {
		return nil, Key{}, errMemory
	}
	if err := makeDir(s.opt.Dir); err != nil {
		return nil, Key{}, err
	}
	p, key, err := s.recordedKey()
	if err == nil || !errors.Is(err, ErrNoKey) {
		return p, key, err
	}
	// There is no store yet, or its key is gone: one process makes a new one.
	ctx, cancel := context.WithTimeout(context.Background(), makeTimeout)
	defer cancel()
	unlock, err := lockFile(ctx, filepath.Join(s.opt.Dir, locksDir), "key")
	if err != nil {
		return nil, Key{}, fmt.Errorf("locking the store: %w", err)
	}
	defer unlock()
	if p, key, err := s.recordedKey(); err == nil || !errors.Is(err, ErrNoKey) {
		return p, key, err
	}
	return s.makeKey()
}

// recordedKey is the key that store.json names. ErrNoKey means: make one.
func (s *Store) recordedKey() (KeyProvider, Key, error) {
	r, err := s.readRecord()
	if err != nil {
		return nil, Key{}, err
	}
	if s.opt.Explicit && s.opt.Keys[0].Name() != r.Provider {
		return nil, Key{}, ErrNoKey // the user has chosen another
	}
	keyID, err := ParseKeyID(r.KeyID)
	if err != nil {
		return nil, Key{}, ErrNoKey
	}
	for _, p := range slices.Concat(s.opt.Keys, s.opt.ReadKeys) {
		if p.Name() != r.Provider {
			continue
		}
		key, err := p.Load(keyID)
		if errors.Is(err, ErrNoKey) {
			s.warn("lost", lostKey)
		}
		return p, key, err
	}
	return nil, Key{}, fmt.Errorf("%w (it is kept by: %s)", ErrUnavailable, r.Provider)
}

func (s *Store) readRecord() (record, error) {
	b, err := readFile(filepath.Join(s.opt.Dir, recordName))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDamaged) {
		return record{}, ErrNoKey
	}
	if err != nil {
		return record{}, err
	}
	var r record
	if json.Unmarshal(b, &r) != nil || r.Version < 1 {
		return record{}, ErrNoKey
	}
	if r.Version > format {
		return record{}, errNewer
	}
	return r, nil
}

// makeKey makes a key with the first provider that works, and records it.
func (s *Store) makeKey() (KeyProvider, Key, error) {
	if s.made.bytes == nil {
		s.made = NewKey() // the same at every try, so that a keyring gets only one
	}
	var failed error
	for _, p := range s.opt.Keys {
		key, err := p.Keep(s.made)
		if err != nil {
			failed = err
			continue
		}
		r := record{Version: format, Provider: p.Name(), KeyID: key.ID().String()}
		return p, key, writeFile(filepath.Join(s.opt.Dir, recordName), append(encode(r), '\n'))
	}
	if failed != nil && s.opt.Explicit {
		return nil, Key{}, failed
	}
	return nil, Key{}, ErrNoProvider
}

// key finds the key of an entry and keeps it for the next. s.mu is held.
func (s *Store) key(h header) (Key, error) {
	if key, ok := s.keys[h.keyID]; ok {
		return key, nil
	}
	key, err := loadKey(slices.Concat(s.opt.Keys, s.opt.ReadKeys), h)
	if err == nil {
		s.keys[h.keyID] = key
	}
	return key, err
}

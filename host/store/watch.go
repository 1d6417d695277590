package store

import "path/filepath"

// Watch tells whether what was read of a token's entry still is what the store
// holds, without reading it again: who replaces or removes an entry makes another
// file, or none, and this one knows that it was the entry. It holds that file open
// until Close. The zero Watch and nil are of nothing that could be watched.
type Watch struct {
	store   *Store
	changes uint64
	file    watched // of an entry on disk
}

// Watch watches a token's entry, to be called before the token is read. It is nil
// where only reading again can tell: the entry is not there, is kept in memory
// because the disk is not to be had, or the system (Windows) keeps others from
// replacing a file that is open.
func (s *Store) Watch(k TokenKey) *Watch {
	w := &Watch{store: s, changes: s.changes.Load()}
	if s.opt.Dir == "" {
		return w
	}
	var ok bool
	if w.file, ok = watch(filepath.Join(s.opt.Dir, k.location().path)); !ok {
		return nil
	}
	return w
}

// Current is whether neither this Store nor another process has changed the entry
// since Watch. It allocates nothing and is safe for concurrent use, but not
// beside Close.
func (w *Watch) Current() bool {
	return w != nil && w.store.changes.Load() == w.changes && (w.store.opt.Dir == "" || w.file.current())
}

// Close lets the file go.
func (w *Watch) Close() {
	if w != nil && w.store.opt.Dir != "" {
		w.file.close()
	}
}

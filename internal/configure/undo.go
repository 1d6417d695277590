package configure

import (
	"errors"
	"io/fs"
	"os"
	"slices"
)

// PlanUndo says what takes back all that has been applied for the tool: a file
// that is as it was written becomes as it was before; one that others have changed
// since loses what was changed for the tool, if undoer knows how (nil: it does
// not). No change means that nothing was applied, or that it is taken back already.
func (a Applier) PlanUndo(undoer Undoer) (Plan, error) {
	r, err := a.read()
	if err != nil {
		return Plan{}, err
	}
	var p Plan
	for _, f := range slices.Backward(r.Files) {
		c, changed, err := f.undo(undoer)
		if err != nil {
			return Plan{}, err
		}
		if changed {
			p.Changes = append(p.Changes, c)
		}
	}
	return p, nil
}

// undo is the change that takes a file's changes back, if there are any.
func (f recordedFile) undo(undoer Undoer) (c Change, changed bool, err error) {
	c = Change{Path: f.Path, Lock: f.Lock}
	var before []byte
	if f.Backup != "" {
		if before, err = os.ReadFile(f.Backup); err != nil {
			return c, false, &Error{Code: 1, What: "cannot read " + f.Backup + ", which says how " + f.Path + " was", Why: reason(err), Next: "undo the change of " + f.Path + " by hand", Err: err}
		}
	}
	c.Old, err = os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		c.Old, err = nil, nil
	}
	switch {
	case err != nil:
		return c, false, cannot("read", f.Path, err)
	case sum(c.Old) == f.SHA256:
		c.New = before
	case c.Old == nil:
		return c, false, nil // somebody has removed it; it stays so
	case undoer == nil:
		return c, false, f.changedSince("")
	default:
		if c.New, err = undoer.Undo(f.Path, before, c.Old); err != nil {
			return c, false, f.changedSince(err.Error())
		}
	}
	return c, sum(c.Old) != sum(c.New), nil
}

func (f recordedFile) changedSince(why string) error {
	next := "undo it by hand"
	if f.Backup != "" {
		next += "; as it was before, it is in " + f.Backup
	}
	return &Error{Code: 1, What: f.Path + " has been changed since, and is left alone", Why: why, Next: next}
}

// Undo carries out what PlanUndo has said, and forgets what was remembered.
func (a Applier) Undo(p Plan) error {
	r, err := a.read()
	if err != nil {
		return err
	}
	for _, c := range p.Changes {
		t, err := resolve(c)
		if err != nil {
			return err
		}
		err = t.replace()
		t.unlock()
		if err != nil {
			return err
		}
	}
	files := r.Files
	r.Files = nil
	if err := a.write(r); err != nil {
		return err
	}
	for _, f := range files {
		if f.Backup != "" {
			_ = os.Remove(f.Backup) // of no use any more, and no harm
		}
	}
	return nil
}

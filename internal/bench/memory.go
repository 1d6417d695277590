package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// maxResident is the budget of a warm helper's memory.
const maxResident = 12 << 20

// memory looks at the most that a warm helper had of the machine's memory.
func (b *bench) memory(ctx context.Context) error {
	const what = "memory of a warm kubectl-authlatch, at its most"
	if !canPeak {
		b.table.without(what, "this system does not tell")
		return nil
	}
	// Until it runs its own program a child counts its parent's memory as its
	// own, so the parent has to be a small one.
	peak := filepath.Join(b.world.dir, executable("peak"))
	if err := b.world.build(ctx, peak, "peak"); err != nil {
		return err
	}
	most := 0
	for range 10 {
		get := b.few.getToken(ctx)
		cmd := exec.CommandContext(ctx, peak, get.Args...)
		cmd.Env, cmd.Dir, cmd.Stderr = get.Env, get.Dir, os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("peak: %w", err)
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(out)))
		if err != nil {
			return fmt.Errorf("peak: %w", err)
		}
		most = max(most, n)
	}
	b.table.add(row{
		what: what, figure: fmt.Sprintf("%.1f MiB", float64(most)/(1<<20)),
		budget: fmt.Sprintf("≤ %d MiB", maxResident>>20), over: most > maxResident,
	})
	return nil
}

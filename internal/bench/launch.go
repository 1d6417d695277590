package main

import (
	"context"
	"time"

	"github.com/authlatch/authlatch/host/launch"
)

// launch compares a flow that is started, asked what it is, and ended, in its
// sandbox and without one, with a process that prints one line.
func (b *bench) launch(ctx context.Context) error {
	flow := launch.Binary{Name: "password", Path: b.world.program("authlatch-flow-password")}
	describe := func(name string, l *launch.Launcher) subject {
		return subject{name, func(ctx context.Context) (cost, error) {
			start := time.Now()
			_, err := l.Describe(ctx, flow)
			return cost{wall: time.Since(start)}, err
		}}
	}
	const what, loose = "a flow launched for Describe", "the same without the sandbox"
	all, err := measure(ctx, max(b.rounds/2, 10), b.world.bareProgram(),
		describe(what, &launch.Launcher{TempDir: b.world.dir}),
		describe(loose, &launch.Launcher{TempDir: b.world.dir, Loosen: launch.Loosening{Off: true}}))
	if err != nil {
		return err
	}
	b.table.compare(what, nameBare, all[what], all[nameBare], 0)
	b.table.compare(what, loose, all[what], all[loose], 0)
	return nil
}

package main

import (
	"context"
	"time"

	"github.com/authlatch/authlatch/host/launch"
)

// launch compares a flow that is started, asked what it is, and ended with a
// process that prints one line.
func (b *bench) launch(ctx context.Context) error {
	l := &launch.Launcher{TempDir: b.world.dir}
	flow := launch.Binary{Name: "password", Path: b.world.program("authlatch-flow-password")}
	const what = "a flow launched for Describe"
	all, err := measure(ctx, max(b.rounds/2, 10), b.world.bareProgram(), subject{what, func(ctx context.Context) (cost, error) {
		start := time.Now()
		_, err := l.Describe(ctx, flow)
		return cost{wall: time.Since(start)}, err
	}})
	if err != nil {
		return err
	}
	b.table.compare(what, nameBare, all[what], all[nameBare], 0)
	return nil
}

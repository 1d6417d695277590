package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// herd runs a hundred helpers at once on an empty store.
func (b *bench) herd(ctx context.Context) error {
	const helpers = 100
	h, err := b.world.newHome("herd", keySources[0].key)
	if err != nil {
		return err
	}
	before, err := b.world.tokenRequests(ctx)
	if err != nil {
		return err
	}
	var all errgroup.Group
	start := time.Now()
	for range helpers {
		all.Go(func() error {
			_, err := program("kubectl-authlatch", nil, h.getToken).do(ctx)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	took := time.Since(start)
	after, err := b.world.tokenRequests(ctx)
	if err != nil {
		return err
	}
	n := after - before
	b.table.add(row{
		what:   fmt.Sprintf("%d helpers at once, empty store", helpers),
		figure: fmt.Sprintf("%d token request(s)", n), ratio: "all served in " + short(took),
		budget: "1", over: n != 1,
	})
	return nil
}

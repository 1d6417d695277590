package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// Budgets of design and README, as ratios.
const (
	warmBudget = 1.5
	coldBudget = 1.0
)

const (
	nameBare      = "a bare Go program"
	nameKubelogin = "kubelogin"
	manyEntries   = 10_000
)

func (w *world) bareProgram() subject {
	return program(nameBare, nil, func(ctx context.Context) *exec.Cmd { return exec.CommandContext(ctx, w.bare) })
}

// warm compares calls that are answered from what is kept.
func (b *bench) warm(ctx context.Context) error {
	subjects, ours := []subject{b.world.bareProgram()}, []string{}
	add := func(what string, h *home) {
		what = "warm kubectl-authlatch, " + what
		subjects, ours = append(subjects, program(what, nil, h.getToken)), append(ours, what)
	}
	for _, source := range keySources {
		h, err := b.world.newHome("warm-"+source.key, source.key)
		if err != nil {
			return err
		}
		if err := h.signIn(ctx); errors.Is(err, errNotKept) {
			b.table.without("warm kubectl-authlatch, "+source.name, err.Error())
			continue
		} else if err != nil {
			return err
		}
		if b.few == nil {
			b.few = h
		}
		add(source.name, h)
	}
	many, err := b.world.newHome("many", keySources[0].key)
	if err != nil {
		return err
	}
	if err := many.signIn(ctx); err != nil {
		return err
	}
	if err := many.fill(manyEntries); err != nil {
		return err
	}
	b.many = many
	add(fmt.Sprintf("%d entries", manyEntries), many)
	if k := b.kubelogin; k != nil {
		subjects = append(subjects, program(nameKubelogin, nil, k.getToken))
	}

	all, err := measure(ctx, b.rounds, subjects...)
	if err != nil {
		return err
	}
	bare := all[nameBare]
	b.table.add(row{what: nameBare, figure: short(bare.wall())})
	for _, name := range ours {
		b.table.compare(name, nameBare, all[name], bare, warmBudget)
	}
	if s, ok := all[nameKubelogin]; ok {
		b.table.compare("warm kubelogin", nameBare, s, bare, 0)
	}
	return nil
}

// cold compares sign-ins from nothing: no store, no cache.
func (b *bench) cold(ctx context.Context) error {
	const theirs = "cold password sign-in, kubelogin"
	var subjects []subject
	var ours []string
	for _, profile := range []string{"roots", "ca_file"} {
		h, err := b.world.newHome("cold-"+profile, keySources[0].key)
		if err != nil {
			return err
		}
		h.profile = profile
		name := "cold password sign-in, kubectl-authlatch, " + coldNames[profile]
		ours, subjects = append(ours, name), append(subjects, program(name, h.forget, h.getToken))
	}
	if k := b.kubelogin; k != nil {
		subjects = append(subjects, program(theirs, k.forget, k.getToken))
	}
	all, err := measure(ctx, max(b.rounds/2, 10), subjects...)
	if err != nil {
		return err
	}
	base, ok := all[theirs]
	if ok {
		b.table.add(row{what: theirs, figure: short(base.wall())})
	}
	for _, name := range ours {
		if ok {
			b.table.compare(name, "cold kubelogin", all[name], base, coldBudget)
		} else {
			b.table.add(row{what: name, figure: short(all[name].wall())})
		}
	}
	return nil
}

// coldNames say where each profile finds the emulator's root.
var coldNames = map[string]string{"roots": "system's roots", "ca_file": "ca_file"}

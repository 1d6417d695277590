package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"time"
)

// cost is what one run took.
type cost struct {
	wall time.Duration
	cpu  time.Duration // user and system, of the process and its children
}

// subject is what is measured: something that can be done again and again.
type subject struct {
	name string
	do   func(context.Context) (cost, error)
}

// program is a subject that runs a process to its end. prepare, if any, comes
// before each run and is not counted.
func program(name string, prepare func() error, command func(context.Context) *exec.Cmd) subject {
	return subject{name, func(ctx context.Context) (cost, error) {
		if prepare != nil {
			if err := prepare(); err != nil {
				return cost{}, err
			}
		}
		cmd := command(ctx)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		start := time.Now()
		err := cmd.Run()
		took := cost{wall: time.Since(start)}
		if err != nil {
			return cost{}, fmt.Errorf("%s: %w\n%s", name, err, stderr.Bytes())
		}
		if stdout.Len() == 0 {
			return cost{}, errors.New(name + " printed nothing")
		}
		took.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		return took, nil
	}}
}

// warmUps are runs that do not count: page cache, first sign-ins.
const warmUps = 3

// measure runs the subjects by turns. The costs of one round stand at one index
// of each sample.
func measure(ctx context.Context, rounds int, subjects ...subject) (map[string]sample, error) {
	all := map[string]sample{}
	for n := range rounds + warmUps {
		for i := range subjects {
			s := subjects[(i+n)%len(subjects)] // nobody always comes after the same one
			c, err := s.do(ctx)
			if err != nil {
				return nil, err
			}
			if n >= warmUps {
				all[s.name] = append(all[s.name], c)
			}
		}
	}
	return all, nil
}

type sample []cost

// wall is the median.
func (s sample) wall() time.Duration { return time.Duration(s.spread(cost.wallOf).median) }

func (c cost) wallOf() float64 { return float64(c.wall) }
func (c cost) cpuOf() float64  { return float64(c.cpu) }

func (s sample) spread(of func(cost) float64) spread {
	values := make([]float64, len(s))
	for i, c := range s {
		values[i] = of(c)
	}
	return spreadOf(values)
}

// times is how many times as much as base s costs, round by round: what slows a
// machine down for a while slows both.
func (s sample) times(base sample, of func(cost) float64) spread {
	values := make([]float64, 0, len(s))
	for i := range min(len(s), len(base)) {
		if b := of(base[i]); b > 0 {
			values = append(values, of(s[i])/b)
		}
	}
	return spreadOf(values)
}

// spread is a median with the middle half around it.
type spread struct{ low, median, high float64 }

// spreadOf sorts values.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	slices.Sort(values)
	at := func(q float64) float64 { return values[int(q*float64(len(values)-1)+0.5)] }
	return spread{at(0.25), at(0.5), at(0.75)}
}

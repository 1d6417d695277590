// Command bench measures what design and README promise about cost: "make bench"
// runs it. It compares whole processes with each other, in one run on one
// machine, and says ratios: absolute times are the machine's.
//
// What is compared runs by turns, so that whatever else the machine does hits
// all of it alike; the figures are medians, the spread is that of the middle
// half. Nothing here fails a build, unless BENCH_STRICT is set: then the exit
// code is 1 if anything costs more than it may.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// limit bounds it all: it takes about a minute on two idle cores.
const limit = 10 * time.Minute

func main() {
	if dir := os.Getenv(workerDir); dir != "" {
		contend(dir)
		return
	}
	over, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1)
	}
	if over && os.Getenv("BENCH_STRICT") != "" {
		os.Exit(1)
	}
}

func run() (over bool, err error) {
	bin := flag.String("bin", "bin", "directory with the built programs")
	only := flag.String("only", "", "one part alone: "+strings.Join(partNames(), ", "))
	rounds := flag.Int("rounds", 100, "how often each of the cheap things is measured; the dear ones are less often")
	flag.Parse()
	if *rounds < 10 {
		return false, errors.New("-rounds must be at least 10")
	}
	if *only != "" && !slices.Contains(partNames(), *only) {
		return false, fmt.Errorf("-only %q is none of %s", *only, strings.Join(partNames(), ", "))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	w, err := newWorld(ctx, *bin)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, w.close(ctx)) }()
	b := &bench{world: w, rounds: *rounds}
	if b.kubelogin, err = w.newKubelogin(ctx); errors.Is(err, errNoKubelogin) {
		b.table.without("kubelogin", err.Error())
	} else if err != nil {
		return false, err
	}
	fmt.Fprintln(os.Stderr, "bench: this takes a minute; other work on this machine widens the spread")
	for _, p := range parts {
		if *only != "" && *only != p.name {
			continue
		}
		for _, measure := range p.measure {
			if err := measure(b, ctx); err != nil {
				return false, err
			}
		}
	}
	return b.table.print(os.Stdout)
}

// parts are what can be measured without the others.
var parts = []struct {
	name    string
	measure []func(*bench, context.Context) error
}{
	{"warm", []func(*bench, context.Context) error{(*bench).warm, (*bench).systemCalls, (*bench).memory}},
	{"helpers", []func(*bench, context.Context) error{(*bench).helpers}},
	{"cold", []func(*bench, context.Context) error{(*bench).cold}},
	{"az", []func(*bench, context.Context) error{(*bench).azureCLI}},
	{"launch", []func(*bench, context.Context) error{(*bench).launch}},
	{"embedded", []func(*bench, context.Context) error{(*bench).embedded}},
	{"herd", []func(*bench, context.Context) error{(*bench).herd}},
	{"locks", []func(*bench, context.Context) error{(*bench).locks}},
}

func partNames() []string {
	names := make([]string, 0, len(parts))
	for _, p := range parts {
		names = append(names, p.name)
	}
	return names
}

// bench is one run.
type bench struct {
	world     *world
	kubelogin *kubelogin // nil if there is none
	rounds    int
	table     table

	few, many *home // warm, with few entries and with many
}

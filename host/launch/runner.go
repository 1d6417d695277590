package launch

import (
	"context"
	"io"
	"strconv"
	"strings"
)

// What go-plugin asks of a runner.Runner besides Start.

// Stdout is the one line that go-plugin may see.
func (p *process) Stdout() io.ReadCloser { return io.NopCloser(strings.NewReader(p.line + "\n")) }

// Stderr is empty: go-plugin 1.8.0's parser panics on a hostile line.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

func (p *process) Name() string { return p.binary.Name }

// ID is empty before the fork, which tells go-plugin that there is nothing to
// kill.
func (p *process) ID() string {
	if p.pid == 0 {
		return ""
	}
	return strconv.Itoa(p.pid)
}

func (p *process) Wait(context.Context) error { <-p.gone; return nil }

func (p *process) Kill(context.Context) error { p.kill(); return nil }

func (p *process) Diagnose(context.Context) string { return "" }

func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

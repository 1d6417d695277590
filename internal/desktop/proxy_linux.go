package desktop

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
)

// Proxy is a socket before the bus that counts who comes and records what is
// said, both ways.
type Proxy struct {
	// Address leads to the bus through it.
	Address string

	listener net.Listener
	bus      string
	all      sync.WaitGroup

	mu    sync.Mutex
	conns int
	said  bytes.Buffer
}

// Proxy starts one.
func (d *Desktop) Proxy(t T) *Proxy {
	t.Helper()
	path := filepath.Join(d.dir, "proxy")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	socket, _, _ := strings.Cut(strings.TrimPrefix(d.Address, "unix:path="), ",")
	p := &Proxy{Address: "unix:path=" + path, listener: listener, bus: socket}
	p.all.Go(p.serve)
	t.Cleanup(func() {
		listener.Close()
		p.all.Wait()
	})
	return p
}

// Connections is how many there have been.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns
}

// Said is all that went through so far, both ways mixed.
func (p *Proxy) Said() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.said.Bytes())
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conns++
		p.mu.Unlock()
		p.all.Go(func() { p.carry(client) })
	}
}

func (p *Proxy) carry(client net.Conn) {
	defer client.Close()
	bus, err := net.Dial("unix", p.bus)
	if err != nil {
		return
	}
	defer bus.Close()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(client, io.TeeReader(bus, p))
		client.Close()
	})
	_, _ = io.Copy(bus, io.TeeReader(client, p))
	bus.Close()
	back.Wait()
}

// Write records.
func (p *Proxy) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

// Silent is the address of a bus that takes everybody in and never says a word.
func Silent(t T, d *Desktop) string {
	t.Helper()
	path := filepath.Join(d.dir, "silent")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() }) // the kernel connects without Accept
	return "unix:path=" + path
}

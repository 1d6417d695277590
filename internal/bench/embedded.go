package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// instant is a registry and a launcher whose flow answers at once, without a
// process.
type instant struct{ launches atomic.Int64 }

func (*instant) Find(name string) (launch.Binary, error) {
	return launch.Binary{Name: name, Path: "/nowhere/" + name}, nil
}

func (*instant) Describe(_ context.Context, b launch.Binary) (*flowv1.DescribeResponse, error) {
	return &flowv1.DescribeResponse{Name: b.Name, Features: []string{flowv1.FeatureSilentWithoutAccount}}, nil
}

func (i *instant) GetToken(_ context.Context, _ launch.Binary, _ *flowv1.Start, _ launch.Interactor) (*flowv1.Token, error) {
	i.launches.Add(1)
	return &flowv1.Token{
		Secret: "token", ExpiresOn: time.Now().Add(time.Hour).Unix(), State: []byte("state"),
		Account: &flowv1.Account{Id: "1", Username: username},
	}, nil
}

// embedded measures what an embedding program pays: within one process, the
// store in memory.
func (b *bench) embedded(ctx context.Context) (err error) {
	flow := &instant{}
	settings, err := config.Resolve(&config.File{}, config.Flags{Flow: "instant", Authority: "https://login.example", ClientID: emulator.OwnClient}, func(string) string { return "" })
	if err != nil {
		return err
	}
	h, err := host.New(host.Config{Settings: settings, Registry: flow, Launcher: flow})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	req := host.TokenRequest{Scopes: []string{"api://x/.default"}}

	const callers = 10_000
	var all sync.WaitGroup
	var failed atomic.Pointer[error]
	for range callers {
		all.Go(func() {
			if _, err := h.GetToken(ctx, req); err != nil {
				failed.Store(&err)
			}
		})
	}
	all.Wait()
	if f := failed.Load(); f != nil {
		return *f
	}
	n := flow.launches.Load()
	b.table.add(row{what: fmt.Sprintf("%d goroutines, no token yet", callers), figure: fmt.Sprintf("%d flow launch(es)", n), budget: "1", over: n != 1})

	const calls = 100_000
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for range calls {
		if _, err := h.GetToken(ctx, req); err != nil {
			return err
		}
	}
	took := time.Since(start) / calls
	runtime.ReadMemStats(&after)
	allocated := (after.Mallocs - before.Mallocs) / calls
	b.table.add(row{
		what: "GetToken in an embedding program, cached", figure: short(took), ratio: fmt.Sprintf("%d allocations", allocated),
		budget: "< 1 µs, 0 allocations", over: took >= time.Microsecond || allocated > 0,
	})
	return nil
}

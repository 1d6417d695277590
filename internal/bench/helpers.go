package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// helpers compares the warm calls of the other helpers with a bare program: each is
// asked once, which gets its token, and then measured.
func (b *bench) helpers(ctx context.Context) error {
	h, err := b.world.newHome("helpers", keySources[0].key)
	if err != nil {
		return err
	}
	h.profile = "ca_file"
	login := h.command(ctx, h.program("authlatch"), "login")
	if out, err := login.CombinedOutput(); err != nil {
		return fmt.Errorf("login: %w\n%s", err, out)
	}
	const feed = "https://pkgs.dev.azure.com/contoso/"
	registry := strings.TrimPrefix(b.world.url, "https://")
	subjects, ours := []subject{b.world.bareProgram()}, []string{}
	for _, c := range []struct{ program, stdin, args string }{
		{"docker-credential-authlatch", registry, "get"},
		{"git-credential-authlatch", "protocol=https\nhost=dev.azure.com\n\n", "get"},
		{"authlatch-bazel-helper", `{"uri":"` + feed + `"}`, "get"},
		{"cargo-credential-authlatch", `{"v":1,"registry":{"index-url":"sparse+` + feed + `"},"kind":"get","operation":"read"}` + "\n", "--cargo-plugin"},
		{"authlatch-keyring", "", "get " + feed + " alice"},
		{"authlatch-pnpm-helper", "", ""},
	} {
		name := "warm " + c.program
		call := program(name, nil, func(ctx context.Context) *exec.Cmd {
			cmd := h.command(ctx, h.program(c.program), strings.Fields(c.args)...)
			cmd.Stdin = strings.NewReader(c.stdin)
			return cmd
		})
		if _, err := call.do(ctx); err != nil {
			return err
		}
		subjects, ours = append(subjects, call), append(ours, name)
	}
	all, err := measure(ctx, b.rounds, subjects...)
	if err != nil {
		return err
	}
	for _, name := range ours {
		b.table.compare(name, nameBare, all[name], all[nameBare], warmBudget)
	}
	return nil
}

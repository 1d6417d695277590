package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/authlatch/authlatch/emulator"
)

// serve runs the emulator until ctx ends.
func serve(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("entra-emulator", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:8443", "address to listen on; keep it on the loopback interface")
	caFile := flags.String("ca-file", "", "write the CA's certificate (PEM) here; clients must trust it")
	usersFile := flags.String("users", "", "JSON array of users that replaces the built-in ones: username, password, and\noptionally id, tenant, name, guest_tenants, mfa_required, consent_missing,\npersonal, federated, disabled, device_required")
	hosts := flags.String("hosts", "", "further host names, separated by commas, that the certificate is made for")
	life := flags.Duration("token-lifetime", 0, "of access tokens (default 59m59s)")
	refreshLife := flags.Duration("refresh-token-lifetime", 0, "of refresh tokens (default 2160h)")
	codeLife := flags.Duration("device-code-lifetime", 0, "of device codes (default 15m)")
	interval := flags.Duration("device-interval", 0, "between a device flow's polls (default 5s)")
	verbose := flags.Bool("verbose", false, "log each request to stderr")
	if err := parse(flags, usage, args, stdout); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%w: unknown command %q", errUsage, flags.Arg(0))
	}
	opts := emulator.Options{Addr: *addr, AccessTokenLifetime: *life, RefreshTokenLifetime: *refreshLife,
		DeviceCodeLifetime: *codeLife, DeviceCodeInterval: *interval}
	for _, d := range []time.Duration{*life, *refreshLife, *codeLife, *interval} {
		if d < 0 {
			return fmt.Errorf("%w: a duration is negative", errUsage)
		}
	}
	if *hosts != "" {
		opts.Hosts = strings.Split(*hosts, ",")
	}
	if *usersFile != "" {
		if opts.Users, err = readUsers(*usersFile); err != nil {
			return err
		}
	}
	if *verbose {
		opts.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	server, err := emulator.Start(opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	ready := "entra-emulator: " + server.URL()
	if *caFile != "" {
		if err := writeFile(*caFile, server.CAPEM()); err != nil {
			return fmt.Errorf("write the CA: %w", err)
		}
		ready += " (CA in " + *caFile + ")"
	}
	// One line, written when clients may come: scripts wait for it.
	if _, err := fmt.Fprintln(stdout, ready); err != nil {
		return fmt.Errorf("say that the server is ready: %w", err)
	}
	<-ctx.Done()
	return nil
}

func readUsers(name string) ([]emulator.User, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the users: %w", err)
	}
	var users []emulator.User
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&users); err != nil {
		return nil, fmt.Errorf("%s is not a JSON array of users: %w", name, err)
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("%s has no users", name)
	}
	return users, nil
}

// writeFile replaces a file in one step, so that a client which waits for it
// never reads half of it. Everybody may read it: it is a certificate.
func writeFile(name string, content []byte) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(name), ".entra-emulator-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}

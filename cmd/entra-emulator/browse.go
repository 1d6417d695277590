package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
)

// browseTime is how long a scripted person takes at most, the slow faults of
// the emulator included.
const browseTime = 2 * time.Minute

// personFlags are what browse and enter-code have in common.
type personFlags struct {
	user, passwordFile, caFile *string
	cancel                     *bool
}

func addPersonFlags(flags *flag.FlagSet) personFlags {
	return personFlags{
		user:         flags.String("user", "alice@contoso.example", "who signs in"),
		passwordFile: flags.String("password-file", "", "file with the password; the built-in users need none"),
		caFile:       flags.String("ca-file", "", "the emulator's CA (PEM); the system's roots if empty"),
		cancel:       flags.Bool("cancel", false, "press Cancel instead of signing in"),
	}
}

func (f personFlags) person() (*person.Person, error) {
	password, err := f.password()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	if *f.caFile != "" {
		pem, err := os.ReadFile(*f.caFile)
		if err != nil {
			return nil, fmt.Errorf("read the CA: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", *f.caFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return person.New(&http.Client{Transport: transport}, *f.user, password), nil
}

// password never comes from the command line, where every process can see it.
func (f personFlags) password() (string, error) {
	if *f.passwordFile != "" {
		raw, err := os.ReadFile(*f.passwordFile)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(string(raw), "\r\n"), nil
	}
	for _, u := range emulator.DefaultUsers() {
		if strings.EqualFold(u.Username, *f.user) {
			return u.Password, nil
		}
	}
	return "", fmt.Errorf("%w: %s is not a built-in user: --password-file is needed", errUsage, *f.user)
}

// browse signs in at an authorization URL. It prints nothing on success: it
// stands where a browser would.
func browse(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := flag.NewFlagSet("browse", flag.ContinueOnError)
	return play(ctx, flags, "URL", args, stdout, func(ctx context.Context, p *person.Person, url string, cancel bool) (err error) {
		if cancel {
			_, _, err = p.CancelSignIn(ctx, url)
		} else {
			_, _, err = p.SignIn(ctx, url)
		}
		return err
	})
}

// enterCode signs a device in.
func enterCode(ctx context.Context, args []string, stdout, _ io.Writer) error {
	flags := flag.NewFlagSet("enter-code", flag.ContinueOnError)
	uri := flags.String("url", "https://localhost:8443/device", "the verification URI")
	return play(ctx, flags, "CODE", args, stdout, func(ctx context.Context, p *person.Person, code string, cancel bool) error {
		if cancel {
			return p.DeclineCode(ctx, *uri, code)
		}
		return p.EnterCode(ctx, *uri, code)
	})
}

// play reads the command line of a subcommand, which takes one operand, and lets
// the person do what it is for, in browseTime.
func play(ctx context.Context, flags *flag.FlagSet, operand string, args []string, stdout io.Writer,
	do func(ctx context.Context, p *person.Person, operand string, cancel bool) error,
) error {
	who := addPersonFlags(flags)
	if err := parse(flags, "Usage: entra-emulator "+flags.Name()+" [flags] "+operand, args, stdout); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("%w: %s takes one %s", errUsage, flags.Name(), operand)
	}
	p, err := who.person()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, browseTime)
	defer cancel()
	return do(ctx, p, flags.Arg(0), *who.cancel)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"

	"github.com/authlatch/authlatch/emulator"
)

const playgroundText = `
An emulated Entra ID is running at %[1]s
  its CA            %[2]s
  device codes      %[1]s/device
  what it was asked %[1]s/_emulator/counters

In another terminal, first:

  export AUTHLATCH_CONFIG=%[3]s
  export AUTHLATCH_STORE_DIR=%[4]s
  export PATH=%[5]s:$PATH

then, for example:

  authlatch login -p browser        your own browser, which has to accept the emulator's CA
  authlatch login -p devicecode     a code to enter at the address above
  authlatch login -p password       the password is below
  authlatch token -p browser -o json
  authlatch accounts
  authlatch config explain
  kubectl --kubeconfig %[6]s get --raw /version

To have the browser's part played by a script:

  export BROWSER="entra-emulator browse --ca-file %[2]s"

People who can sign in (these passwords are no secrets):

`

// playground runs the emulator until the person presses Ctrl-C.
func playground(ctx context.Context, bin string) (err error) {
	w, err := newWorld(context.WithoutCancel(ctx), bin, "--addr", freeAddress(ctx))
	if err != nil {
		return err
	}
	w.untidy = true
	defer func() { err = errors.Join(err, w.close()) }()
	kube, err := w.writeKubeconfig(w.program("kubectl-authlatch"))
	if err != nil {
		return err
	}
	fmt.Printf(playgroundText, w.url, w.caFile, w.configFile(), filepath.Join(w.dir, "state", "store"), w.bin, kube)
	for _, u := range emulator.DefaultUsers() {
		fmt.Printf("  %-28s %-26s %s\n", u.Username, u.Password, particular(u))
	}
	fmt.Println("\nCtrl-C ends it and removes the directory.")
	<-ctx.Done()
	return nil
}

// freeAddress is the emulator's usual one, or any if that is taken.
func freeAddress(ctx context.Context) string {
	const usual = "127.0.0.1:8443"
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", usual)
	if err != nil {
		return "127.0.0.1:0"
	}
	_ = l.Close()
	return usual
}

// particular says what is special about a user.
func particular(u emulator.User) string {
	switch {
	case u.MFARequired:
		return "has to confirm a second factor"
	case u.ConsentMissing:
		return "has not consented yet"
	case u.Federated:
		return "signs in at a federated domain"
	case u.Disabled:
		return "is disabled"
	case u.DeviceRequired:
		return "needs a managed device"
	case u.Personal:
		return "is a personal account"
	case len(u.GuestTenants) > 0:
		return "is a guest in another tenant"
	}
	return ""
}

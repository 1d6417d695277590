// Command authlatch-flow-password is the flow "password". An authlatch host
// starts it; it does nothing by itself.
package main

import (
	"github.com/authlatch/authlatch/plugins/password"
	"github.com/authlatch/authlatch/sdk"
)

func main() { sdk.Serve(password.New()) }

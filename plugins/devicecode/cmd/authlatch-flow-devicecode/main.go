// Command authlatch-flow-devicecode is the flow "devicecode". An authlatch host
// starts it; it does nothing by itself.
package main

import (
	"github.com/authlatch/authlatch/plugins/devicecode"
	"github.com/authlatch/authlatch/sdk"
)

func main() { sdk.Serve(devicecode.New()) }

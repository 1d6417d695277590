// Command authlatch-flow-browser is the flow "browser". An authlatch host starts
// it; it does nothing by itself.
package main

import (
	"github.com/authlatch/authlatch/plugins/browser"
	"github.com/authlatch/authlatch/sdk"
)

func main() { sdk.Serve(browser.New()) }

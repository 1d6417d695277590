//go:build !linux

package main

// protectSelf has nothing to do: elsewhere what could be done would be inherited
// by the person's browser.
func protectSelf() {}

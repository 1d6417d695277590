//go:build !linux

package platform

import "github.com/authlatch/authlatch/host/store/keys"

// set: elsewhere the cheap ones are all that there are.
func set(choice, keyFile string) keys.Set { return keys.Cheap(choice, keyFile) }

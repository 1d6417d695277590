//go:build !linux

package loopback

import "net"

// fromStranger reports whether another user of this machine sends what comes
// over c. This system does not tell.
func fromStranger(net.Conn) bool { return false }

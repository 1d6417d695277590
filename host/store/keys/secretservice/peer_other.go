//go:build !linux

package secretservice

import "net"

// checkPeer: no package of a platform but Linux's uses a Secret Service.
func checkPeer(net.Conn) error { return nil }

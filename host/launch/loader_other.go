//go:build !linux

package launch

// checkLoader: the system's own loader is the only one here.
func (*image) checkLoader() error { return nil }

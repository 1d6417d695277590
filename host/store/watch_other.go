//go:build !unix

package store

type watched struct{}

func watch(string) (watched, bool) { return watched{}, false }

func (watched) current() bool { return false }
func (watched) close()        {}

// Package docker has tests only: docker's and others' own programs pull from and
// push to Debian's registry, which the emulator guards as Azure's is guarded, with
// the credentials of docker-credential-authlatch. make e2e runs them.
package docker

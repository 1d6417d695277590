// Package git has tests only: the real git clones from and pushes to its own
// http-backend, which the emulator guards as Azure DevOps is guarded, with the
// credentials of git-credential-authlatch. make e2e runs them.
package git

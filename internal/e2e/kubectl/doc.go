// Package kubectl has tests only: the real kubectl asks a Kubernetes-like server of
// the emulator, which judges its tokens, with kubectl-authlatch as its exec plugin in
// kubeconfigs that "authlatch configure kubectl" has made. make e2e runs them.
package kubectl

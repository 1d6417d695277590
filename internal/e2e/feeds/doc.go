// Package feeds has tests only: the programs that give tokens for package feeds to
// Bazel, cargo, pip, uv and pnpm, called as scripts, IDEs and builds call them: again
// and again and all at once. make e2e runs them.
package feeds

#!/bin/sh
# Runs every fuzz target of the module for FUZZTIME each (10s). What fails is kept
# in the package's testdata/fuzz, to be committed with its fix.
set -u
failed=0
for file in $(git ls-files -- '*_test.go' | xargs grep -l '^func Fuzz'); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		echo "$(dirname "$file") $target"
		${GO:-go} test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "./$(dirname "$file")" || failed=1
	done
done
exit $failed

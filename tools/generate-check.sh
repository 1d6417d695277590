#!/bin/sh
# Fails if the generated code in proto/ is not what buf makes of the .proto
# files. It generates into a temporary directory and leaves the tree alone.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
buf generate -o "$tmp"

drift=0
# Both sides are listed, so that a file that should be gone is seen too.
for file in $( (find proto -name '*.pb.go'; cd "$tmp" && find proto -name '*.pb.go') | sort -u); do
	diff -uN "$file" "$tmp/$file" || drift=1
done
if [ $drift -ne 0 ]; then
	echo "generate-check: the generated code is out of date; run make generate" >&2
	exit 1
fi

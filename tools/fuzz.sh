#!/bin/sh
# Runs every fuzz target of the module: FUZZTIME (10s) for what reads what a flow
# says, FUZZTIME_ELSE (FUZZTIME) for the rest. Each package is built once, and as
# many targets run at a time as FUZZJOBS (2) says. What fails is printed and kept in
# the package's testdata/fuzz, to be committed with its fix.
#
# With FUZZKEEP=n, up to n inputs a target, of at most 512 bytes, that the fuzzer
# found interesting are kept there as well: every go test then runs them.
set -u
cd "$(dirname "$0")/.." || exit
root=$PWD
go=${GO:-go}
long=${FUZZTIME:-10s}
short=${FUZZTIME_ELSE:-$long}
work=$(mktemp -d) || exit
trap 'rm -rf "$work"' EXIT
cache=$("$go" env GOCACHE)/fuzz
module=$("$go" list -m) || exit

# one BINARY DIRECTORY TARGET TIME
cat >"$work/one" <<'EOF'
cd "$2" || exit 1
log=$1.$3.log
start=$(date +%s)
if "$1" -test.run '^$' -test.fuzz "^$3\$" -test.fuzztime "$4" -test.fuzzminimizetime 1s \
	-test.parallel 1 -test.timeout 10m -test.fuzzcachedir "$5/$2" >"$log" 2>&1; then
	ended=0
elif grep -qx ' *context deadline exceeded' "$log" && ! grep -q 'Failing input' "$log"; then
	# The fuzzer's time was over while an input ran, which it takes for a failure
	# now and then (golang/go#48591).
	ended=0
else
	ended=1
fi
if [ $ended -eq 0 ]; then
	last=$(sed -n 's/.*\(execs: [0-9]*\).*/\1/p' "$log" | tail -n 1)
	echo "ok   $2 $3: $last, $(($(date +%s) - start)) s"
else
	echo "FAIL $2 $3"
	cat "$log"
	exit 1
fi
EOF

git ls-files -- '*_test.go' | xargs grep -l '^func Fuzz' | xargs -n 1 dirname | sort -u >"$work/packages"
n=0
while IFS= read -r dir; do
	n=$((n + 1))
	"$go" test -c -fuzz . -o "$work/$n.test" "./$dir" || exit
	for target in $(cat "$dir"/*_test.go | sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p'); do
		case $dir in
		host/launch) echo "1 $work/$n.test $dir $target $long $cache/$module" ;;
		*) echo "2 $work/$n.test $dir $target $short $cache/$module" ;;
		esac
	done
done <"$work/packages" >"$work/unsorted"
[ -s "$work/unsorted" ] || { echo "no fuzz target was found" >&2; exit 1; }
sort "$work/unsorted" | cut -d ' ' -f 2- >"$work/targets"

failed=0
xargs -P "${FUZZJOBS:-2}" -n 5 sh "$work/one" <"$work/targets" || failed=1

keep() {
	while read -r _ dir target _ _; do
		found=$cache/$module/$dir/$target kept=$root/$dir/testdata/fuzz/$target
		[ -d "$found" ] || continue
		mkdir -p "$kept"
		# Spread over the sizes: the shortest alone are all alike.
		find "$found" -type f -size -513c -printf '%s %p\n' | sort -n | cut -d ' ' -f 2- >"$work/found"
		step=$((($(wc -l <"$work/found") + FUZZKEEP - 1) / FUZZKEEP))
		[ "$step" -gt 0 ] || continue
		awk -v step="$step" 'NR % step == 0' "$work/found" | while IFS= read -r input; do cp "$input" "$kept/"; done
	done <"$work/targets"
}
[ -z "${FUZZKEEP:-}" ] || keep
exit $failed

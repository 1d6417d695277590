package store_test

import (
	"regexp"
	"strings"

	"github.com/authlatch/authlatch/host/store"
)

// call is a system call that concerns the store.
type call struct {
	name string
	n    int // counted from 1 among its thread's calls of that name
	// what is its name and paths, in words that are the same in each run.
	what   string
	killed bool
}

var (
	traced    = regexp.MustCompile(`^(\d+) +(\w+)\((.*)`)
	tempNames = regexp.MustCompile(`\.tmp-\d+`)
	changing  = regexp.MustCompile(`O_CREAT|^(?:write|fsync|rename|unlink|mkdir|link|utime|flock|close|ftruncate|fchmod)`)
)

// callsOn lists the calls of a log that concern dir; unless the whole proof is
// asked for only those between which something may have changed.
func callsOn(log, dir string) []call {
	path := regexp.MustCompile(regexp.QuoteMeta(dir) + `[^">]*`)
	count := map[string]int{}
	var all []call
	for line := range strings.Lines(log) {
		m := traced.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		count[m[1]+m[2]]++
		args, result, _ := strings.Cut(m[3], ") = ")
		paths := path.FindAllString(args, -1)
		if len(paths) == 0 || store.Scale(0, 1) == 0 && !changing.MatchString(m[2]+" "+args) {
			continue
		}
		text := tempNames.ReplaceAllString(strings.Join(paths, " "), ".tmp-*")
		all = append(all, call{
			name: m[2], n: count[m[1]+m[2]], what: m[2] + strings.ReplaceAll(" "+text, dir, ""),
			killed: strings.HasPrefix(result, "?") || strings.Contains(line, "<unfinished"),
		})
	}
	return all
}

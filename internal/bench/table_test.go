package main

import (
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	if got := spreadOf([]float64{9, 1, 3, 2, 100}); got != (spread{2, 3, 9}) {
		t.Errorf("%+v", got)
	}
	if got := spreadOf(nil); got != (spread{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

// A round in which everything was slow says as much as any other.
func TestRatiosAreRoundByRound(t *testing.T) {
	base := sample{{wall: 10}, {wall: 1000}, {wall: 10}}
	twice := sample{{wall: 20}, {wall: 2000}, {wall: 20}}
	if got := twice.times(base, cost.wallOf); got != (spread{2, 2, 2}) {
		t.Errorf("%+v", got)
	}
	if got := twice.times(base, cost.cpuOf); got != (spread{}) {
		t.Errorf("a base that costs nothing: %+v", got)
	}
}

func TestVerdicts(t *testing.T) {
	base, dear := sample{{wall: time.Millisecond}}, sample{{wall: 2 * time.Millisecond}}
	for _, c := range []struct {
		name    string
		allowed float64
		over    bool
		verdict string
	}{{"no budget", 0, false, ""}, {"within", 2, false, "ok"}, {"over", 1.9, true, "OVER"}} {
		var tab table
		tab.compare("x", "base", dear, base, c.allowed)
		tab.without("y", "it is not there")
		var b strings.Builder
		over, err := tab.print(&b)
		lines := strings.Split(b.String(), "\n")
		if err != nil || over != c.over || !strings.HasSuffix(strings.TrimSpace(lines[1]), c.verdict) {
			t.Errorf("%s: over %v, error %v\n%s", c.name, over, err, b.String())
		}
		if !strings.Contains(lines[1], "2 ms") || !strings.Contains(lines[1], "2.00 (2.00–2.00)") || lines[2] != "y: not measured: it is not there" {
			t.Errorf("%s:\n%s", c.name, b.String())
		}
	}
}

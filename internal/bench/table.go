package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// row is one figure.
type row struct {
	what   string
	figure string
	ratio  string // with its spread; "" if it is none
	of     string // what the ratio compares with
	budget string // "" if there is none
	over   bool
}

// table is what was found out, in order.
type table struct {
	rows  []row
	notes []string // what was not measured, and why
}

func (t *table) add(r row) { t.rows = append(t.rows, r) }

// without says what is not in the table.
func (t *table) without(what, why string) { t.notes = append(t.notes, what+": not measured: "+why) }

// compare adds how many times base what costs. allowed is the budget; 0 is none.
func (t *table) compare(what, of string, s, base sample, allowed float64) {
	wall, cpu := s.times(base, cost.wallOf), s.times(base, cost.cpuOf)
	r := row{what: what, figure: short(s.wall()), of: of, ratio: wall.String()}
	if cpu.median > 0 {
		r.ratio += fmt.Sprintf(", cpu %.2f", cpu.median)
	}
	if allowed > 0 {
		r.budget, r.over = fmt.Sprintf("≤ %.1f", allowed), wall.median > allowed
	}
	t.add(r)
}

func (s spread) String() string { return fmt.Sprintf("%.2f (%.2f–%.2f)", s.median, s.low, s.high) }

// print writes the table and reports whether anything is over its budget.
func (t *table) print(w io.Writer) (over bool, err error) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	// What cannot be written is Flush's error.
	_, _ = fmt.Fprintln(tw, "WHAT\tMEDIAN\tRATIO (middle half)\tOF\tBUDGET\t")
	for _, r := range t.rows {
		verdict := ""
		switch {
		case r.over:
			verdict, over = "OVER", true
		case r.budget != "":
			verdict = "ok"
		}
		_, _ = fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.what, r.figure, r.ratio, r.of, r.budget, verdict)
	}
	if err := tw.Flush(); err != nil {
		return over, err
	}
	for _, n := range t.notes {
		if _, err := fmt.Fprintln(w, n); err != nil {
			return over, err
		}
	}
	return over, nil
}

// short is d in three digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", d.Seconds()*1e3)
	case d >= time.Microsecond:
		return fmt.Sprintf("%.3g µs", d.Seconds()*1e6)
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}

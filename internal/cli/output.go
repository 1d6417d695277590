package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/authlatch/authlatch/internal/sanitize"
)

func (a *app) printJSON(document any) error {
	e := json.NewEncoder(&a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

// printTable prints rows below their headings, each cell cleaned: names come
// from flows and providers.
func (a *app) printTable(headings []string, rows [][]string) error {
	w := tabwriter.NewWriter(&a.out, 0, 8, 2, ' ', 0)
	for _, row := range append([][]string{headings}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cells[i] = sanitize.Line(cell, maxLine); cells[i] == "" {
				cells[i] = "-"
			}
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// say tells the person something on stderr.
func (a *app) say(format string, args ...any) {
	line := sanitize.Line(fmt.Sprintf(format, args...), maxLine)
	_, _ = fmt.Fprintln(a.Stderr, line) // nobody else is left to tell
}

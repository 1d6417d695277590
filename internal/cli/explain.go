package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/internal/sanitize"
)

// explained is one setting of config explain -o json.
type explained struct {
	config.Explained
	// Means is what the value stands for on this machine.
	Means string `json:"means,omitempty"`
}

// autoKeeper is who keeps the store's key where the setting leaves it open, or who
// would keep it.
func (a *app) autoKeeper(where config.Store) (string, error) {
	log, err := a.logger()
	if err != nil {
		return "", err
	}
	o := a.storeOptions(where, log)
	o.Look = true
	_, key := standing(store.Open(o).Status())
	if key.Provider != "" {
		return key.Provider, nil
	}
	if name := firstUsable(key.Providers); name != "" && key.State != string(store.KeyMemory) {
		return name, nil
	}
	return "memory", nil
}

// maxValue is the width of the column of values, in which a GUID fits; a longer one
// makes its own line longer, and no other.
const maxValue = 38

// printExplained prints a line a setting, with the config file named once.
func (a *app) printExplained(all []explained) error {
	if file := a.configFile(); file != "" {
		if _, err := fmt.Fprintf(&a.out, "config file: %s\n\n", sanitize.Line(file, maxLine)); err != nil {
			return err
		}
	}
	rows := [][3]string{{"KEY", "VALUE", "ORIGIN"}}
	for _, e := range all {
		rows = append(rows, [3]string{e.Key, e.inWords(), a.shortOrigin(e.Origin)})
	}
	var wide [2]int
	for _, r := range rows {
		for i := range wide {
			if n := len([]rune(r[i])); i == 0 || n <= maxValue {
				wide[i] = max(wide[i], n)
			}
		}
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(&a.out, "%-*s  %-*s  %s\n", wide[0], r[0], wide[1], r[1], r[2]); err != nil {
			return err
		}
	}
	return nil
}

func (e explained) inWords() string {
	value := sanitize.Line(e.Value, maxLine)
	switch {
	case e.Means != "":
		return value + " (" + e.Means + ")"
	case value != "":
		return value
	case e.Key == "cloud":
		return "none (authority is set)"
	}
	return "-"
}

// shortOrigin names a line of the config file without its directory.
func (a *app) shortOrigin(origin string) string {
	if file := a.configFile(); file != "" {
		if line, ok := strings.CutPrefix(origin, file+":"); ok {
			return filepath.Base(file) + ":" + line
		}
	}
	return sanitize.Line(origin, maxLine)
}

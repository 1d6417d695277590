package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/internal/version"
)

// protocol is the package of proto/ that this build speaks with flows.
const protocol = "authlatch.flow.v1"

type versionDocument struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Protocol string `json:"protocol"`
}

func newVersionCmd(a *app) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		RunE: func(*cobra.Command, []string) error {
			v := versionDocument{version.String(), commit(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, protocol}
			if output == formatJSON {
				return a.printJSON(v)
			}
			line := "authlatch " + v.Version
			if v.Commit != "" {
				line += " (" + v.Commit + ")"
			}
			_, err := fmt.Fprintf(&a.out, "%s\n%s %s, flow protocol %s\n", line, v.Go, v.Platform, v.Protocol)
			return err
		},
	}
	addOutputFlag(c, &output)
	return c
}

// commit is what the build has recorded; "" if it has not.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/internal/version"
)

// protocol is the package of proto/ that this build speaks with flows.
const protocol = "authlatch.flow.v1"

type versionDocument struct {
	Version  string `json:"version"`
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
			v := versionDocument{version.String(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, protocol}
			if output == formatJSON {
				return a.printJSON(v)
			}
			_, err := fmt.Fprintf(&a.out, "authlatch %s\n%s %s, flow protocol %s\n", v.Version, v.Go, v.Platform, v.Protocol)
			return err
		},
	}
	addOutputFlag(c, &output)
	return c
}

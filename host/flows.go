package host

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/launch"
	flowv1 "github.com/authlatch/authlatch/proto/authlatch/flow/v1"
)

// maxSecretFile bounds the file to which an option refers, in bytes: a message
// takes 4 MiB, and a secret is a line.
const maxSecretFile = 64 << 10

// Flow is what a flow says of itself, its texts clean and bounded.
type Flow struct {
	Name    string
	Path    string
	Version string
	// Features is an open set.
	Features []string
	Options  []FlowOption
}

// FlowOption is one setting under [profiles.PROFILE.flow.NAME].
type FlowOption struct {
	Name     string
	Kind     string // "string", "bool", "integer" or "duration"
	Required bool
	Secret   bool // a profile may only refer to it
	Help     string
	Default  string
}

// Describe runs a flow to ask what it is, once for as long as its binary stays
// the same; a *registry.Registry remembers it for other processes.
func (h *Host) Describe(ctx context.Context, name string) (*Flow, error) {
	b, err := h.find(name)
	if err != nil {
		return nil, h.notFound(name, err)
	}
	d, err := h.describe(ctx, b)
	if err != nil {
		return nil, err
	}
	f := &Flow{Name: d.GetName(), Path: b.Path, Version: d.GetVersion(), Features: slices.Clone(d.GetFeatures())}
	for _, o := range d.GetOptions() {
		f.Options = append(f.Options, FlowOption{
			Name: o.GetName(), Kind: kindOf(o), Required: o.GetRequired(), Secret: o.GetSecret(), Help: o.GetHelp(), Default: o.GetDefaultValue(),
		})
	}
	return f, nil
}

// kindOf: a kind that is newer than this host is text.
func kindOf(o *flowv1.Option) string {
	switch o.GetKind() {
	case flowv1.OptionKind_OPTION_KIND_BOOL:
		return "bool"
	case flowv1.OptionKind_OPTION_KIND_INTEGER:
		return "integer"
	case flowv1.OptionKind_OPTION_KIND_DURATION:
		return "duration"
	}
	return "string"
}

// described keeps what flows have said of themselves.
type described struct {
	mu  sync.Mutex
	all map[binaryVersion]*flowv1.DescribeResponse
}

// binaryVersion changes when a binary does.
type binaryVersion struct {
	launch.Binary
	size     int64
	modified time.Time
}

// descriptions is a Registry that keeps what flows have said of themselves for
// other processes too, as *registry.Registry does: a cold call of a flow that is
// no stranger launches it once.
type descriptions interface {
	// Description is nil unless it is of exactly this binary.
	Description(b launch.Binary) *flowv1.DescribeResponse
	KeepDescription(b launch.Binary, d *flowv1.DescribeResponse)
}

func (h *Host) describe(ctx context.Context, b launch.Binary) (*flowv1.DescribeResponse, error) {
	version := binaryVersion{Binary: b}
	if info, err := os.Stat(b.Path); err == nil {
		version.size, version.modified = info.Size(), info.ModTime()
	}
	h.flows.mu.Lock()
	d, ok := h.flows.all[version]
	h.flows.mu.Unlock()
	if ok {
		return d, nil
	}
	kept, _ := h.cfg.Registry.(descriptions)
	if kept != nil {
		d = kept.Description(b)
	}
	if d == nil {
		var err error
		if d, err = h.cfg.Launcher.Describe(ctx, b); err != nil {
			return nil, h.judge(ctx, nil, call{flow: b.Name}, err)
		}
		if kept != nil {
			kept.KeepDescription(b, d)
		}
	}
	h.flows.mu.Lock()
	defer h.flows.mu.Unlock()
	if h.flows.all == nil {
		h.flows.all = make(map[binaryVersion]*flowv1.DescribeResponse)
	}
	h.flows.all[version] = d
	return d, nil
}

// silentWithoutAccountAble is whether a flow can sign in with neither account
// nor person. Those that are shipped cannot, and need not be asked.
func (h *Host) silentWithoutAccountAble(ctx context.Context, flow string) (bool, error) {
	if shipped(flow) {
		return false, nil
	}
	b, err := h.find(flow)
	if err != nil {
		return false, h.notFound(flow, err)
	}
	d, err := h.describe(ctx, b)
	if err != nil {
		return false, err
	}
	return slices.Contains(d.GetFeatures(), flowv1.FeatureSilentWithoutAccount), nil
}

// options are the profile's options for a flow, checked and with references
// resolved. A shipped flow that has none set is not launched for its
// description: it requires none.
func (h *Host) options(ctx context.Context, b launch.Binary) (map[string]string, error) {
	set := h.settings.Options[b.Name]
	if len(set) == 0 && shipped(b.Name) {
		return nil, nil
	}
	d, err := h.describe(ctx, b)
	if err != nil {
		return nil, err
	}
	specs := make([]config.OptionSpec, 0, len(d.GetOptions()))
	for _, o := range d.GetOptions() {
		specs = append(specs, config.OptionSpec{Name: o.GetName(), Kind: kindOf(o), Required: o.GetRequired(), Secret: o.GetSecret()})
	}
	if err := h.settings.CheckOptions(b.Name, specs); err != nil {
		return nil, h.usage(err)
	}
	values := make(map[string]string, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		v, err := h.resolve("flow."+b.Name+"."+name, set[name])
		if err != nil {
			return nil, h.usage(err)
		}
		values[name] = v
	}
	return values, nil
}

// resolve returns an option's value. key is the setting's.
func (h *Host) resolve(key string, o config.Option) (string, error) {
	switch {
	case o.Env != "":
		v := h.cfg.Env(o.Env)
		if v == "" {
			return "", h.settings.Error(key, "the variable "+o.Env+" is not set", "set it, or refer to a file")
		}
		return v, nil
	case o.File != "":
		b, err := h.settings.ReadTrusted(key, o.File, maxSecretFile, true)
		return strings.TrimRight(string(b), "\r\n"), err
	}
	return o.Value, nil
}

package importrules

// A pattern is an import path with "..." as the go command has it: "x/..." is x
// and all below it. Those that begin with "./" are packages of this module.
//
// Packages' tests are free: rules are about what a program links.

// What an exec helper must not link, so that it starts as fast as a bare
// process.
var heavy = []string{
	"google.golang.org/grpc/...",
	"google.golang.org/protobuf/...",
	goPlugin,
	msal,
	"github.com/spf13/cobra/...",
	"net/http/...",
	"github.com/godbus/dbus/...",
}

const (
	goPlugin = "github.com/hashicorp/go-plugin/..."
	msal     = "github.com/AzureAD/microsoft-authentication-library-for-go/..."
)

// heavyKeyProviders are the packages of host/store/keys, by name, that only
// authlatch links: what opens the store for a helper must not need them.
var heavyKeyProviders = []string{
	"./host/store/keys/secretservice",
	"./host/store/keys/platform",
}

// toCome are the patterns of packages that are not written yet. Any other that
// matches no package is a mistake, and a rule with it guards nothing.
var toCome = []string{
	"./sdk/flowtest",
	"./sdk/flowtest/...",
}

// rules is the house: who may import whom.
var rules = []rule{
	{
		says: "the contract depends on nothing else of the product",
		of:   []string{"./proto/..."}, mayNotLink: []string{"./..."}, except: []string{"./proto/..."},
	},
	{
		says: "sdk does not depend on host",
		of:   []string{"./sdk/..."}, mayNotLink: []string{"./host/..."},
	},
	{
		says: "host does not depend on sdk",
		of:   []string{"./host/..."}, mayNotLink: []string{"./sdk/..."},
	},
	{
		says: "neither depends on a flow, a helper, a command or the emulator",
		of:   []string{"./sdk/...", "./host/..."},
		mayNotLink: []string{
			"./plugins/...", "./helper/...", "./cmd/...", "./emulator/...",
		},
	},
	{
		says: "a flow does not depend on host",
		of:   []string{"./plugins/..."}, mayNotLink: []string{"./host/..."},
	},
	{
		says: "only host/launch and sdk import go-plugin",
		of:   []string{"./..."}, butNot: []string{"./host/launch", "./sdk", "./sdk/flowtest"},
		mayNotImport: []string{goPlugin},
	},
	{
		says: "only the flows import MSAL",
		of:   []string{"./..."}, butNot: []string{"./plugins/..."},
		mayNotImport: []string{msal},
	},
	{
		says: "the loopback listener knows nothing of MSAL",
		of:   []string{"./plugins/internal/loopback/..."}, mayNotLink: []string{msal},
	},
	{
		says: "the host never links MSAL: signing in happens in a flow's process",
		of:   []string{"./host/...", "./sdk/...", "./cmd/..."}, mayNotLink: []string{msal},
	},
	{
		says: "only sdk and host know the handshake",
		of:   []string{"./..."}, butNot: []string{"./sdk/...", "./host/..."},
		mayNotImport: []string{"./internal/handshake"},
	},
	{
		says: "a helper links nothing that is slow to start",
		of:   []string{"./helper/..."}, mayNotLink: heavy,
	},
	{
		says: "the store's reader and the config are fit for a helper",
		of:   []string{"./host/store/...", "./host/config/...", "./host/service/..."}, butNot: heavyKeyProviders,
		mayNotLink: heavy,
	},
	{
		says: "every program but authlatch and the emulator is such a helper",
		of:   []string{"./cmd/..."}, butNot: []string{"./cmd/authlatch/...", "./cmd/entra-emulator/..."},
		mayNotLink: heavy,
	},
	{
		says: "the emulator knows nothing of the product",
		of:   []string{"./emulator/..."}, mayNotLink: []string{"./..."}, except: []string{"./emulator/..."},
	},
	{
		says: "no program links what is there for tests",
		of:   []string{"./cmd/...", "./plugins/.../cmd/..."},
		mayNotLink: []string{
			"./internal/testbin", "./internal/desktop", "./sdk/flowtest/...", "./plugins/.../entratest/...",
		},
	},
}

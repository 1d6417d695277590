package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys/platform"
)

func newStoreCmd(a *app) *cobra.Command {
	c := &cobra.Command{Use: "store", Short: "Manage where sign-ins are kept"}
	c.AddCommand(newStoreRekeyCmd(a))
	return c
}

func newStoreRekeyCmd(a *app) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "rekey [--to PROVIDER]",
		Short: "Encrypt the store under a new key, and change who keeps it",
		Long: "Make a new key, encrypt every sign-in and token under it, and forget the key\n" +
			"before. Other authlatch processes may run meanwhile. Sign-ins under a key that\n" +
			"is not available here are left as they are.",
		Example: "  authlatch store rekey\n" +
			"  authlatch store rekey --to file",
		RunE: func(c *cobra.Command, _ []string) error { return runStoreRekey(c, a, to) },
	}
	choiceVar(c.Flags(), &to, "to", "", "", "`provider` that keeps the new key (default: the one of [store] key, or the best that works here)", keepers()...)
	return c
}

func runStoreRekey(c *cobra.Command, a *app, to string) error {
	s, where, err := a.storeOnly()
	if err != nil {
		return err
	}
	if where.Guessed && a.needsSettings(to) {
		return where.Bad
	}
	var provider store.KeyProvider
	if to != "" {
		provider = platform.Set(to, where.KeyFile).Make[0]
	}
	done, err := s.Rekey(c.Context(), provider)
	if err != nil {
		return &problem{
			Code: int(host.ExitOther), What: "the store cannot be encrypted under a new key", Why: err.Error(),
			Next: "what keeps a key here, and what does not: authlatch status",
		}
	}
	a.say("the store's key is kept by %s; %s encrypted under it", store.ProviderWords(done.Provider), counted(done.Entries, "entry is", "entries are"))
	if done.Left > 0 {
		a.say("%s left under another key, which is not available here", counted(done.Left, "entry is", "entries are"))
	}
	if len(done.Kept) > 0 {
		kept := make([]string, len(done.Kept))
		for i, provider := range done.Kept {
			kept[i] = store.ProviderWords(provider)
		}
		a.say("the key before is still kept by %s", strings.Join(kept, ", "))
	}
	return nil
}

// needsSettings says that a rekey does what [store] says, and not the flag and the
// variables alone.
func (a *app) needsSettings(to string) bool {
	keeper := to
	if keeper == "" {
		keeper = a.env("AUTHLATCH_STORE_KEY")
	}
	return keeper == "" || keeper == "file" && a.env("AUTHLATCH_STORE_KEY_FILE") == ""
}

// keepers are the providers that this platform has, the best first.
func keepers() []string {
	var names []string
	for _, p := range platform.Set("auto", "").All() {
		names = append(names, p.Name())
	}
	return names
}

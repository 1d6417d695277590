package cli

import (
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/authlatch/authlatch/host"
	"github.com/authlatch/authlatch/host/config"
	"github.com/authlatch/authlatch/host/registry"
	"github.com/authlatch/authlatch/host/store"
	"github.com/authlatch/authlatch/host/store/keys/platform"
)

// Values of --interactive.
const (
	interactiveAuto  = "auto"
	interactiveNever = "never"
	interactiveForce = "force"
)

func interaction(mode string) host.InteractionMode {
	switch mode {
	case interactiveNever:
		return host.Never
	case interactiveForce:
		return host.Force
	}
	return host.Auto
}

func (a *app) settings(flags config.Flags) (config.Settings, error) {
	f, err := config.Load(a.global.config, a.env)
	if err != nil {
		return config.Settings{}, err
	}
	return config.Resolve(f, flags, a.env)
}

// session is a Host for the time of one command.
type session struct {
	mode host.InteractionMode
	// password answers the password flow's question if it can.
	password func() (string, bool)
	// login is set for the command that signs in: it is its own next step.
	login *loginOptions

	host          *host.Host
	closeTerminal func()
}

func (a *app) open(settings config.Settings, s session) (*session, error) {
	log, err := a.logger()
	if err != nil {
		return nil, err
	}
	flows, err := a.registry()
	if err != nil {
		return nil, err
	}
	cfg := host.Config{
		Settings: settings, Store: a.openStore(settings.Store, log), Registry: flows,
		AnswerInput: answerPassword(s.password), Env: a.env, Log: log, Now: a.Now,
		LoginCommand: func(l host.Login) string { return a.loginCommand(l, s.login) },
		Renew:        func(req host.TokenRequest) { a.renewAhead(settings, req) },
	}
	s.closeTerminal = func() {}
	if s.mode != host.Never {
		if cfg.Prompter, s.closeTerminal, err = a.prompter(); err != nil {
			return nil, err
		}
	}
	if s.host, err = host.New(cfg); err != nil {
		s.closeTerminal()
		return nil, err
	}
	return &s, nil
}

func (s *session) close() {
	_ = s.host.Close() // what was under way has told its error already
	s.closeTerminal()
}

func (a *app) registry() (*registry.Registry, error) {
	exe, err := a.Executable()
	if err != nil {
		return nil, err
	}
	return registry.Default(exe), nil
}

func (a *app) openStore(where config.Store, log *slog.Logger) *store.Store {
	return store.Open(a.storeOptions(where, log))
}

func (a *app) storeOptions(where config.Store, log *slog.Logger) store.Options {
	o := platform.Set(where.Key, where.KeyFile).Options(where.Dir)
	o.Now = a.Now
	o.Warn = func(text string) { log.Warn(text) }
	o.Command = a.command
	o.Waiting = func(h store.Held) { a.say("authlatch: waiting for %s", h.Words(a.Now())) }
	return o
}

// answerPassword answers the password flow, and no other, with the password
// that there is. Where there is none the person is asked.
func answerPassword(password func() (string, bool)) func(flow, name string) (host.Secret, bool) {
	if password == nil {
		return nil
	}
	if _, ok := password(); !ok {
		return nil
	}
	return func(flow, name string) (host.Secret, bool) {
		if flow != passwordFlow || name != "password" {
			return host.Secret{}, false
		}
		text, ok := password()
		return host.NewSecret(text), ok
	}
}

// addProfileFlag adds -p, completed from the config file.
func addProfileFlag(a *app, c *cobra.Command, target *string) {
	filledVar(c.Flags(), target, "profile", "p", "`profile` of the config file (AUTHLATCH_PROFILE)")
	complete(c, "profile", func() []string {
		f, err := config.Load(a.global.config, a.env)
		if err != nil {
			return nil
		}
		return f.ProfileNames()
	})
}

func addScopeFlag(c *cobra.Command, target *[]string) {
	c.Flags().Var(list{target}, "scope", "`scope` of the token; may be given several times (default: the cloud's Resource Manager)")
}

func addResourceFlag(c *cobra.Command, target *string) {
	filledVar(c.Flags(), target, "resource", "", "`resource` that the token is for, as RESOURCE/.default")
}

func addOutputFlag(c *cobra.Command, target *string) {
	choiceVar(c.Flags(), target, "output", "o", formatText, "`format`: text or json", formatText, formatJSON)
}

func complete(c *cobra.Command, flag string, values func() []string) {
	err := c.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return values(), cobra.ShellCompDirectiveNoFileComp
	})
	if err != nil {
		panic(err) // the flag is not there: a mistake of the caller's
	}
}

// absolute makes a path that is good in another directory too.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

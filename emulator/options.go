package emulator

import (
	"log/slog"
	"net/http"
	"time"
)

// Options configure [Start]. The zero value is ready for use.
type Options struct {
	// Addr is the TCP address to listen on; "127.0.0.1:0" if empty. It should
	// be a loopback address: the controls are not authenticated.
	Addr string
	// Hosts are further names, without port, that the server's certificate is
	// made for and that it answers as: "login.microsoftonline.com", say, in a
	// network namespace where that name resolves to it.
	Hosts []string
	// Users is the directory; DefaultUsers() if nil.
	Users []User
	// Apps are app registrations beside the built-in ones.
	Apps []App
	// Now is the clock of every lifetime; time.Now if nil. The TLS certificate
	// and Fault.Delay follow the real clock.
	Now func() time.Time

	AccessTokenLifetime time.Duration // 3599 s if zero
	// RefreshIn is what the token response says as refresh_in. If zero it is
	// half the lifetime of tokens that live two hours or more, as Entra does,
	// and absent for others; if negative it is always absent.
	RefreshIn            time.Duration
	RefreshTokenLifetime time.Duration // 90 days if zero
	// RefreshTokenGrace is for how long a rotated refresh token may be
	// presented again. If zero, any reuse revokes the whole family.
	RefreshTokenGrace  time.Duration
	DeviceCodeLifetime time.Duration // 15 minutes if zero
	// DeviceCodeInterval is 5 s if zero. The response rounds it up to whole
	// seconds; the judgement of polls uses it as it is.
	DeviceCodeInterval time.Duration
	CodeLifetime       time.Duration // of authorization codes; 10 minutes if zero

	// Registry is the distribution API behind the registry's authentication, /v2/:
	// what is authorized goes there, with its Authorization header. nil is an empty
	// registry that cannot be written to.
	Registry http.Handler

	// Git serves the requests under /git/ that carry a token for Azure DevOps; if it
	// is nil, every repository is empty.
	Git http.Handler

	// CA issues the server's certificate; a new one in memory if nil.
	CA *CA
	// Log gets one line a request at debug level, never a secret; nil is silent.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Users == nil {
		o.Users = DefaultUsers()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	orDefault(&o.AccessTokenLifetime, 3599*time.Second)
	orDefault(&o.RefreshTokenLifetime, 90*24*time.Hour)
	orDefault(&o.DeviceCodeLifetime, 15*time.Minute)
	orDefault(&o.DeviceCodeInterval, 5*time.Second)
	orDefault(&o.CodeLifetime, 10*time.Minute)
	return o
}

func orDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

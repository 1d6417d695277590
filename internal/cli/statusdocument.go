package cli

// statusDocument is what status -o json prints. Times are seconds since the
// epoch.
type statusDocument struct {
	Version string        `json:"version"`
	Profile profileStatus `json:"profile"`
	// SignedIn is null if nobody is.
	SignedIn *signedIn `json:"signed_in"`
	// Login is the command that signs in; "" if the profile is not known.
	Login    string `json:"login"`
	Accounts int    `json:"accounts"` // of all profiles
	// Failed tells of sign-ins of the profile that have failed since the last that
	// has not.
	Failed *failedStatus `json:"failed_sign_ins,omitempty"`
	// Locks that processes hold now, whoever they work for.
	Locks []lockStatus `json:"locks"`
	Store storeStatus  `json:"store"`
	Key   keyStatus    `json:"key"`
	Flows []foundFlow  `json:"flows"`
	// Sandbox is what holds flows here.
	Sandbox sandboxStatus `json:"sandbox"`
	// CanAsk says that a person can be asked from here; CannotAsk why not.
	CanAsk    bool   `json:"can_ask"`
	CannotAsk string `json:"cannot_ask,omitempty"`
}

type profileStatus struct {
	Name   string `json:"name"`
	Config string `json:"config,omitempty"` // the file, if there is one
	// Problem is what is wrong with the file; nothing is known of the profile then.
	Problem   string   `json:"problem,omitempty"`
	Authority string   `json:"authority"`
	Tenant    string   `json:"tenant,omitempty"`
	ClientID  string   `json:"client_id"`
	Username  string   `json:"username,omitempty"`
	Flows     []string `json:"flows"`
}

type failedStatus struct {
	Number    int           `json:"number"`
	LastOn    int64         `json:"last_on"`
	Process   processStatus `json:"process"`
	ExitCode  int           `json:"exit_code"`
	Reason    string        `json:"reason,omitempty"`
	Flow      string        `json:"flow,omitempty"`
	AADSTS    int           `json:"aadsts,omitempty"`
	Cancelled bool          `json:"cancelled"`
	// AskAgainOn is when others than login may ask the person again; 0 is now.
	AskAgainOn int64 `json:"ask_again_on"`
}

type lockStatus struct {
	// Doing is what the holder does with it: "signs in".
	Doing   string        `json:"doing"`
	Process processStatus `json:"process"`
	SinceOn int64         `json:"since_on"`
	// Profile says that it is this profile's sign-in.
	Profile bool `json:"profile"`
}

type processStatus struct {
	PID     int    `json:"pid"`
	Command string `json:"command,omitempty"`
}

type storeStatus struct {
	// Dir is "" if all is in memory.
	Dir string `json:"dir,omitempty"`
	// Entries that can be read; the others cannot: they have a key that is not
	// here, are of a newer authlatch, or are damaged, in place or moved aside.
	Entries    int `json:"entries"`
	OtherKey   int `json:"other_key"`
	Newer      int `json:"newer"`
	Unreadable int `json:"unreadable"`
	Aside      int `json:"moved_aside"`
}

type keyStatus struct {
	// State is none, available, lost, unavailable or memory.
	State    string `json:"state"`
	Why      string `json:"why,omitempty"`
	Provider string `json:"provider,omitempty"`
	ID       string `json:"id,omitempty"`
	// Chosen is the provider that [store] key names, if it is another.
	Chosen string `json:"chosen,omitempty"`
	// Copied says that this session has a copy, for calls that may not be slow.
	Copied bool `json:"copied"`
	// Providers are all of this platform, the best first.
	Providers []providerStatus `json:"providers"`
}

type sandboxStatus struct {
	Landlock int  `json:"landlock"` // version of its interface; 0 is none
	Seccomp  bool `json:"seccomp"`
	// Missing names what is not restricted (docs/threat-model.md).
	Missing []string `json:"missing"`
}

type providerStatus struct {
	Name   string `json:"name"`
	Usable bool   `json:"usable"`
	Why    string `json:"why,omitempty"`
}

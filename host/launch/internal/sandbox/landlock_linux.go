package sandbox

import (
	"fmt"
	"slices"

	landlock "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// newest is the version of Landlock's interface that was tried. What newer ones
// add (rights for UDP, for Unix sockets by path) the seccomp filter holds.
const newest = 7

// erratumSignals is the bit of the erratum whose fix lets threads of one process
// signal each other in spite of different scopes (Linux 6.15 and stable
// kernels), as the Go runtime does.
const erratumSignals = 1 << 1

const (
	readFile = landlock.AccessFSReadFile
	readDir  = landlock.AccessFSReadDir
	// inOwnDir is everything but executing and making devices.
	inOwnDir = readFile | readDir | landlock.AccessFSWriteFile | landlock.AccessFSTruncate |
		landlock.AccessFSRemoveDir | landlock.AccessFSRemoveFile | landlock.AccessFSMakeDir |
		landlock.AccessFSMakeReg | landlock.AccessFSMakeSock | landlock.AccessFSMakeFifo |
		landlock.AccessFSMakeSym | landlock.AccessFSRefer
	// onFiles are the rights that a rule about a file can have.
	onFiles = landlock.AccessFSExecute | landlock.AccessFSWriteFile | readFile |
		landlock.AccessFSTruncate | landlock.AccessFSIoctlDev
)

func landlockAbility() ability {
	abi, err := landlock.LandlockGetABIVersion()
	if err != nil {
		return ability{}
	}
	a := ability{abi: min(abi, newest)}
	errata, err := landlock.LandlockGetErrata()
	a.signals = err == nil && errata&erratumSignals != 0
	if probeLandlock(a) != nil {
		return ability{}
	}
	return a
}

// probeLandlock restricts this thread to everything.
func probeLandlock(a ability) error {
	attr := handled(a)
	return enforce(&attr, nil, nil)
}

func handled(a ability) landlock.RulesetAttr {
	attr := landlock.RulesetAttr{HandledAccessFS: 1<<13 - 1}
	for _, right := range []struct {
		abi   int
		right uint64
	}{{2, landlock.AccessFSRefer}, {3, landlock.AccessFSTruncate}, {5, landlock.AccessFSIoctlDev}} {
		if a.abi >= right.abi {
			attr.HandledAccessFS |= right.right
		}
	}
	if a.abi >= 4 {
		attr.HandledAccessNet = landlock.AccessNetBindTCP | landlock.AccessNetConnectTCP
	}
	if a.abi >= 6 {
		attr.Scoped = landlock.ScopeAbstractUnixSocket
		if a.signals {
			attr.Scoped |= landlock.ScopeSignal
		}
	}
	return attr
}

// grant is what may be done with a path and what is below it.
type grant struct {
	path   string
	rights uint64
}

func restrict(p Policy, a ability) error {
	grants := slices.Concat(system, programGrants(p.Program))
	for _, path := range p.Read {
		grants = append(grants, grant{path, readFile | readDir})
	}
	grants = append(grants, grant{p.Dir, inOwnDir})
	ports := map[int]uint64{0: landlock.AccessNetBindTCP}
	for _, port := range p.Connect {
		ports[port] |= landlock.AccessNetConnectTCP
	}
	for _, port := range p.Listen {
		ports[port] |= landlock.AccessNetBindTCP
	}
	attr := handled(a)
	return enforce(&attr, grants, ports)
}

func enforce(attr *landlock.RulesetAttr, grants []grant, ports map[int]uint64) error {
	rules, err := landlock.LandlockCreateRuleset(attr, 0) // it is close-on-exec
	if err != nil {
		return fmt.Errorf("landlock_create_ruleset: %w", err)
	}
	defer func() { _ = unix.Close(rules) }()
	for _, g := range grants {
		if err := addPath(rules, g.path, g.rights&attr.HandledAccessFS); err != nil {
			return fmt.Errorf("landlock_add_rule: %s: %w", g.path, err)
		}
	}
	for port, rights := range ports {
		if attr.HandledAccessNet == 0 {
			break
		}
		err := landlock.LandlockAddNetPortRule(rules, &landlock.NetPortAttr{AllowedAccess: rights, Port: uint64(port)}, 0)
		if err != nil {
			return fmt.Errorf("landlock_add_rule: port %d: %w", port, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return landlock.LandlockRestrictSelf(rules, 0)
}

// addPath follows links: what is meant is what is read.
func addPath(rules int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil // not there, or not for us
	}
	defer func() { _ = unix.Close(fd) }()
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= onFiles
	}
	if rights == 0 {
		return nil
	}
	err = landlock.LandlockAddPathBeneathRule(rules, &landlock.PathBeneathAttr{AllowedAccess: rights, ParentFd: fd}, 0)
	if err == unix.EBADFD { //nolint:errorlint // it is never wrapped
		return nil // a memfd or a pipe, which Landlock always allows
	}
	return err
}

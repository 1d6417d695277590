package sandbox

import (
	"debug/elf"
	"os"
	"path/filepath"
	"strings"

	landlock "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// system is what every program may use: none of it is a person's, and none of
// it is secret. Where a file is a link, what it leads to counts.
var system = []grant{
	{"/dev/null", readFile | landlock.AccessFSWriteFile},
	{"/dev/zero", readFile},
	{"/dev/random", readFile},
	{"/dev/urandom", readFile},

	// The way to a name's address.
	{"/etc/resolv.conf", readFile},
	{"/run/systemd/resolve", readFile}, // replaced when the network changes
	{"/run/resolvconf", readFile},
	{"/etc/hosts", readFile},
	{"/etc/nsswitch.conf", readFile},
	{"/etc/host.conf", readFile},
	{"/etc/gai.conf", readFile},
	{"/etc/services", readFile},
	{"/etc/protocols", readFile},

	// The roots of TLS, where Go's crypto/x509 and OpenSSL look for them, and what
	// the links there lead to.
	{"/etc/ssl/certs", readFile | readDir},
	{"/etc/ssl/ca-bundle.pem", readFile},
	{"/etc/ssl/cert.pem", readFile},
	{"/etc/ssl/openssl.cnf", readFile},
	{"/etc/ssl/certs/ca-certificates.crt", readFile},
	{"/etc/pki/tls/certs", readFile | readDir},
	{"/etc/pki/tls/certs/ca-bundle.crt", readFile},
	{"/etc/pki/tls/cacert.pem", readFile},
	{"/etc/pki/tls/openssl.cnf", readFile},
	{"/etc/pki/ca-trust/extracted", readFile | readDir},
	{"/etc/ca-certificates/extracted", readFile | readDir},
	{"/usr/share/ca-certificates", readFile | readDir},
	{"/usr/local/share/ca-certificates", readFile | readDir},
	{"/usr/share/pki", readFile | readDir},
	{"/var/lib/ca-certificates", readFile | readDir},

	// Time zone and language.
	{"/etc/localtime", readFile},
	{"/usr/share/zoneinfo", readFile | readDir},
	{"/usr/lib/locale", readFile | readDir},
	{"/usr/share/locale", readFile | readDir},

	// What Go's runtime asks of the machine.
	{"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", readFile},
	{"/sys/devices/system/cpu/online", readFile},
	{"/sys/devices/system/cpu/possible", readFile},
}

// libraries are where a loader looks. Only the loader is executed by the system:
// libraries are read.
var libraries = []grant{
	{"/lib", readFile | readDir}, {"/lib32", readFile | readDir}, {"/lib64", readFile | readDir},
	{"/usr/lib", readFile | readDir}, {"/usr/lib32", readFile | readDir}, {"/usr/lib64", readFile | readDir},
	{"/usr/local/lib", readFile | readDir}, {"/usr/local/lib64", readFile | readDir},
	{"/etc/ld.so.cache", readFile}, {"/etc/ld.so.preload", readFile},
}

const runnable = readFile | landlock.AccessFSExecute

// programGrants are for the program itself and for what the kernel starts it by:
// a loader, with the libraries, or the program that a script's first line names.
// Of what has no name in the file system (a memfd) Landlock always allows the
// execution.
func programGrants(path string) []grant {
	grants := []grant{{path, runnable}}
	if by := scriptOf(path); by != "" {
		grants = append(grants, grant{by, runnable})
		path = by
	}
	loader := loaderOf(path)
	if loader == "" {
		return grants
	}
	grants = append(append(grants, grant{loader, runnable}), libraries...)
	for _, store := range []string{"/nix/store", "/gnu/store"} {
		if strings.HasPrefix(loader, store+"/") {
			grants = append(grants, grant{store, readFile | readDir})
		}
	}
	return grants
}

// maxScriptLine is the kernel's BINPRM_BUF_SIZE.
const maxScriptLine = 256

// scriptOf is the absolute path of what runs a script; "" if it is none.
func scriptOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, maxScriptLine)
	n, _ := f.ReadAt(b, 0)
	line, ok := strings.CutPrefix(string(b[:n]), "#!")
	if !ok {
		return ""
	}
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	if len(words) == 0 || !filepath.IsAbs(words[0]) {
		return ""
	}
	return words[0]
}

// maxLoader bounds the loader's path (PATH_MAX).
const maxLoader = 4096

// loaderOf is the program interpreter that an ELF file asks for; "" is none.
func loaderOf(path string) string {
	f, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP || p.Filesz > maxLoader {
			continue
		}
		b := make([]byte, p.Filesz)
		if _, err := p.ReadAt(b, 0); err != nil {
			return ""
		}
		if loader := strings.TrimRight(string(b), "\x00"); filepath.IsAbs(loader) {
			return loader
		}
	}
	return ""
}

package launch

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxLoader bounds a loader's path (PATH_MAX).
const maxLoader = 4096

// checkLoader refuses a pinned executable whose loader somebody else than root
// could change: the kernel runs that first, and it is in no sum. A script has been
// refused before, and other content the kernel refuses by itself.
func (i *image) checkLoader() error {
	f := i.fd
	if f == nil {
		var err error
		if f, err = os.Open(i.path); err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
	}
	loader, err := loaderOf(f)
	if err != nil || loader == "" {
		return err
	}
	real := ""
	if filepath.IsAbs(loader) {
		if real, err = filepath.EvalSymlinks(loader); err != nil {
			return fmt.Errorf("the loader that it asks for: %w", err)
		}
	}
	if real == "" || !onlyRootWrites(real) {
		return fmt.Errorf("asks for the loader %s, which not only root can change: link it statically, or with the system's loader", loader)
	}
	return nil
}

// loaderOf is the program interpreter that an ELF file asks for; "" if it asks for
// none, or is another kind of file.
func loaderOf(r io.ReaderAt) (string, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		// The kernel reads less of an ELF file than package elf, and would run it.
		var magic [len(elf.ELFMAG)]byte
		if n, _ := r.ReadAt(magic[:], 0); n == len(magic) && string(magic[:]) == elf.ELFMAG {
			return "", fmt.Errorf("is an ELF file that cannot be read: %w", err)
		}
		return "", nil
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		if p.Filesz > maxLoader {
			return "", fmt.Errorf("asks for a loader with a path of %d bytes", p.Filesz)
		}
		b := make([]byte, p.Filesz)
		if _, err := p.ReadAt(b, 0); err != nil {
			return "", fmt.Errorf("asks for a loader that cannot be read: %w", err)
		}
		// The kernel takes what stands before the first zero.
		name, _, _ := strings.Cut(string(b), "\x00")
		return name, nil
	}
	return "", nil
}

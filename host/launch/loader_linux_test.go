package launch_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/host/launch"
	"github.com/authlatch/authlatch/internal/content"
)

// wantsLoader is an ELF file that asks for a loader and does nothing else.
func wantsLoader(loader string, size uint64) []byte {
	const header, program = 64, 56
	var b bytes.Buffer
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	_ = binary.Write(&b, binary.LittleEndian, elf.Header64{
		Ident: ident, Type: uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: 1, Phoff: header, Ehsize: header, Phentsize: program, Phnum: 1,
	})
	_ = binary.Write(&b, binary.LittleEndian, elf.Prog64{Type: uint32(elf.PT_INTERP), Off: header + program, Filesz: size, Memsz: size})
	b.WriteString(loader + "\x00")
	return b.Bytes()
}

// What the kernel runs before a pinned executable is in no sum: so it must be
// root's.
func TestLoaderOfAPinnedFlow(t *testing.T) {
	r := newRig(t)
	mine := filepath.Join(t.TempDir(), "ld.so")
	link := filepath.Join(t.TempDir(), "link.so")
	if err := errors.Join(os.WriteFile(mine, []byte("loader"), 0o755), os.Symlink(mine, link)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		loader, what string
		size         uint64
	}{
		"another user's":                        {mine, "asks for the loader " + mine + ", which not only root can change: link it statically", 0},
		"by a link":                             {link, "asks for the loader " + link, 0},
		"relative":                              {"ld.so", "asks for the loader ld.so", 0},
		"not there":                             {"/nowhere/ld.so", "no such file", 0},
		"endless":                               {"/lib/ld.so", "asks for a loader with a path of 1073741824 bytes", 1 << 30},
		"hidden by zero":                        {mine + "\x00/lib64/ld-linux-x86-64.so.2", "asks for the loader " + mine, 0},
		"sections that only the kernel ignores": {"/lib64/ld-linux-x86-64.so.2", "is an ELF file that cannot be read", 0},
	} {
		t.Run(name, func(t *testing.T) {
			if c.size == 0 {
				c.size = uint64(len(c.loader)) + 1
			}
			file := wantsLoader(c.loader, c.size)
			if strings.HasPrefix(name, "sections") {
				binary.LittleEndian.PutUint64(file[40:], 1<<40) // e_shoff
				binary.LittleEndian.PutUint16(file[60:], 5)     // e_shnum
			}
			path := filepath.Join(t.TempDir(), "authlatch-flow-asking")
			if err := os.WriteFile(path, file, 0o700); err != nil {
				t.Fatal(err)
			}
			_, err := r.Describe(limit(t), launch.Binary{Name: "asking", Path: path, SHA256: content.Sum(file)})
			wantPluginError(t, err, c.what)
		})
	}
}

package dpapi

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

// entropy is what another program would have to know of this one to decrypt; it
// is no secret, and keeps a program from decrypting by mistake what is not its
// own.
const entropy = "authlatch store key 1"

// flags: no window, wherever this runs.
const flags = windows.CRYPTPROTECT_UI_FORBIDDEN

// dpapi is Windows' own protector, for this user on this machine.
type dpapi struct{}

func system() (protector, error) { return dpapi{}, nil }

func (dpapi) protect(plain []byte) ([]byte, error) {
	var out windows.DataBlob
	if err := windows.CryptProtectData(blobOf(plain), nil, blobOf([]byte(entropy)), 0, nil, flags, &out); err != nil {
		return nil, err
	}
	return taken(out)
}

func (dpapi) unprotect(blob []byte) ([]byte, error) {
	if len(blob) == 0 {
		return nil, errors.New("it is empty")
	}
	var out windows.DataBlob
	if err := windows.CryptUnprotectData(blobOf(blob), nil, blobOf([]byte(entropy)), 0, nil, flags, &out); err != nil {
		return nil, err
	}
	return taken(out)
}

func blobOf(b []byte) *windows.DataBlob {
	return &windows.DataBlob{Size: uint32(len(b)), Data: unsafe.SliceData(b)}
}

// taken copies what Windows has allocated, wipes it and gives it back.
func taken(out windows.DataBlob) ([]byte, error) {
	there := unsafe.Slice(out.Data, out.Size)
	b := append([]byte{}, there...)
	clear(there)
	_, err := windows.LocalFree(windows.Handle(unsafe.Pointer(out.Data)))
	return b, err
}

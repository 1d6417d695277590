package store

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
)

// An entry file is
//
//	0   4  magic "ALST"
//	4   1  format version, 1
//	5   1  kind of entry
//	6   1  provider of the key, 0 if it has no number
//	7   1  zero
//	8  16  key id
//	24  4  first bytes of the SHA-256 of the 24 bytes before
//	28 32  salt
//	60  n  AES-256-GCM of the payload
//
// The first 28 bytes mean the same in every version: so a newer entry, or one of
// another key, is told from a damaged one, without its key. Key and nonce are
// HKDF-SHA256 of the master key with the random salt: none is ever used twice.
// The 60 bytes and the id of what the entry is about are associated data, so
// that a file under another name fails.
const (
	magic      = "ALST"
	format     = 1
	prefixSize = 28
	saltSize   = 32
	headerSize = prefixSize + saltSize
	// maxEntry is above the contract's 1 MiB of state with its header.
	maxEntry = 2 << 20
)

type kind byte

const (
	kindToken kind = iota + 1
	kindBinding
	kindState
)

// header is what can be known of an entry without its key.
type header struct {
	version  byte
	kind     kind
	provider byte
	keyID    KeyID
}

var (
	errDamaged = errors.New("the entry is damaged")
	errNewer   = errors.New("the entry is of a newer version of authlatch")
)

// parseHeader reads the prefix. Its errors are errDamaged and errNewer.
func parseHeader(b []byte) (header, error) {
	if len(b) < prefixSize || string(b[:4]) != magic || checksum(b) != [4]byte(b[24:28]) {
		return header{}, errDamaged
	}
	h := header{version: b[4], kind: kind(b[5]), provider: b[6]}
	copy(h.keyID[:], b[8:24])
	switch {
	case h.version > format:
		return h, errNewer
	case h.version < format:
		return h, errDamaged
	}
	return h, nil
}

// seal encrypts a payload as the entry of that kind and id.
func seal(key Key, provider byte, k kind, about id, payload []byte) []byte {
	b := make([]byte, headerSize, headerSize+len(payload)+16)
	copy(b, magic)
	b[4], b[5], b[6] = format, byte(k), provider
	keyID := key.ID()
	copy(b[8:24], keyID[:])
	sum := checksum(b)
	copy(b[24:], sum[:])
	rand.Read(b[prefixSize:headerSize])
	aead, nonce := cipherOf(key, b[prefixSize:headerSize])
	return aead.Seal(b, nonce, payload, associated(b, about))
}

// unseal decrypts an entry whose header is good. It fails with errDamaged.
func unseal(key Key, k kind, about id, b []byte) ([]byte, error) {
	if len(b) < headerSize || kind(b[5]) != k || b[7] != 0 {
		return nil, errDamaged
	}
	aead, nonce := cipherOf(key, b[prefixSize:headerSize])
	payload, err := aead.Open(nil, nonce, b[headerSize:], associated(b, about))
	if err != nil {
		return nil, errDamaged
	}
	return payload, nil
}

// checksum shows accidents in what is read before there is a key; the cipher
// shows all else.
func checksum(b []byte) [4]byte {
	sum := sha256.Sum256(b[:24])
	return [4]byte(sum[:4])
}

func associated(b []byte, about id) []byte {
	return append(bytes.Clone(b[:headerSize]), about[:]...)
}

func cipherOf(key Key, salt []byte) (cipher.AEAD, []byte) {
	const keySize, nonceSize = 32, 12
	secret := key.Reveal()
	derived, err := hkdf.Key(sha256.New, secret[:], salt, "authlatch store entry 1", keySize+nonceSize)
	if err != nil {
		panic(err) // only for lengths that HKDF cannot give
	}
	block, err := aes.NewCipher(derived[:keySize])
	if err != nil {
		panic(err) // only for other key sizes
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // only for other block sizes
	}
	return aead, derived[keySize:]
}

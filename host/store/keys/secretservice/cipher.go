package secretservice

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"math/big"
)

// algorithm is the only encryption that the API knows: Diffie-Hellman in the
// second Oakley group (RFC 2409 section 6.2), HKDF-SHA256 without salt or info,
// AES-128-CBC with PKCS#7. It keeps the key from who reads along on the bus, and
// from its logs; it is no defence against who can put himself in between, which
// only processes of the same user can.
const algorithm = "dh-ietf1024-sha256-aes128-cbc-pkcs7"

const groupSize = 128 // bytes

const oakley2 = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74" +
	"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
	"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
	"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF"

// exchange is one side of a key exchange.
type exchange struct{ prime, private *big.Int }

func newExchange() (exchange, error) {
	prime, ok := new(big.Int).SetString(oakley2, 16)
	if !ok {
		return exchange{}, errors.New("not a number")
	}
	private, err := rand.Int(rand.Reader, prime)
	return exchange{prime, private}, err
}

func (e exchange) public() []byte {
	return new(big.Int).Exp(big.NewInt(2), e.private, e.prime).FillBytes(make([]byte, groupSize))
}

// key is what both sides derive. A number that is 0, 1 or -1 in the group, or
// not of it, would make a key that everybody knows.
func (e exchange) key(theirs []byte) (k cipherKey, err error) {
	peer := new(big.Int).SetBytes(theirs[:min(len(theirs), groupSize+1)])
	last := new(big.Int).Sub(e.prime, big.NewInt(1))
	if len(theirs) > groupSize || peer.Cmp(big.NewInt(1)) <= 0 || peer.Cmp(last) >= 0 {
		return k, errNonsense
	}
	shared := new(big.Int).Exp(peer, e.private, e.prime).FillBytes(make([]byte, groupSize))
	derived, err := hkdf.Key(sha256.New, shared, nil, "", len(k))
	copy(k[:], derived)
	return k, err
}

// cipherKey encrypts the secrets of one session.
type cipherKey [16]byte

// maxSecret is above any key's text, with its padding.
const maxSecret = 4096

func (k cipherKey) seal(plain []byte) (iv, value []byte, err error) {
	block, err := aes.NewCipher(k[:])
	if err != nil {
		return nil, nil, err
	}
	iv = make([]byte, aes.BlockSize)
	rand.Read(iv) // never fails (crypto/rand)
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	value = make([]byte, len(plain)+pad)
	for i := copy(value, plain); i < len(value); i++ {
		value[i] = byte(pad)
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(value, value)
	return iv, value, nil
}

// open decrypts what the service sent.
func (k cipherKey) open(iv, value []byte) ([]byte, error) {
	if len(iv) != aes.BlockSize || len(value) == 0 || len(value) > maxSecret || len(value)%aes.BlockSize != 0 {
		return nil, errNonsense
	}
	block, err := aes.NewCipher(k[:])
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(value))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, value)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, errNonsense
	}
	good := 1
	for _, b := range plain[len(plain)-pad:] {
		good &= subtle.ConstantTimeByteEq(b, byte(pad))
	}
	if good != 1 {
		return nil, errNonsense
	}
	return plain[:len(plain)-pad], nil
}

package emulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// keyRing signs tokens and checks its own signatures.
type keyRing struct {
	private *rsa.PrivateKey
	kid     string
	signer  jose.Signer
}

// sharedKey is made once a process: a test binary starts dozens of servers, and
// an RSA key costs more than all the rest of a start. Tokens still name the
// server that issued them, and only that one accepts them.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(rand.Reader, 2048)
})

func newKeyRing() (*keyRing, error) {
	private, err := sharedKey()
	if err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&private.PublicKey))
	kid := base64.RawURLEncoding.EncodeToString(sum[:20])
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: private, KeyID: kid}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("make the signer: %w", err)
	}
	return &keyRing{private: private, kid: kid, signer: signer}, nil
}

func (k *keyRing) jwks() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: &k.private.PublicKey, KeyID: k.kid, Algorithm: string(jose.RS256), Use: "sig"},
	}}
}

// sign serialises claims as a compact RS256 JWT.
func (k *keyRing) sign(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode the claims: %w", err)
	}
	signed, err := k.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	return signed.CompactSerialize()
}

// open checks the signature of a token that sign made and decodes its claims.
func (k *keyRing) open(token string, claims any) error {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return fmt.Errorf("parse the token: %w", err)
	}
	payload, err := signed.Verify(&k.private.PublicKey)
	if err != nil {
		return fmt.Errorf("check the signature: %w", err)
	}
	return json.Unmarshal(payload, claims)
}

// opaque is a random string that nobody can guess, 256 bits long.
func opaque(prefix string) string {
	var raw [32]byte
	rand.Read(raw[:]) // never fails since Go 1.24
	return prefix + base64.RawURLEncoding.EncodeToString(raw[:])
}

// newGUID is a random (version 4) GUID.
func newGUID() string {
	var raw [16]byte
	rand.Read(raw[:])
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", raw[:4], raw[4:6], raw[6:8], raw[8:10], raw[10:])
}

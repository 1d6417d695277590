package content_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authlatch/authlatch/internal/content"
)

// abc is SHA-256 of "abc", from FIPS 180-4's examples.
const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

func TestCopy(t *testing.T) {
	var to bytes.Buffer
	sum, size, err := content.Copy(t.Context(), &to, strings.NewReader("abc"), 3)
	if sum != abc || size != 3 || err != nil || to.String() != "abc" || content.Sum([]byte("abc")) != abc {
		t.Errorf("got %s, %d, %v, %q", sum, size, err, to.String())
	}
	if sum, _, err := content.Copy(t.Context(), &to, strings.NewReader("abc"), 2); err == nil || sum != "" {
		t.Errorf("more than the limit: got %s, %v", sum, err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := content.Copy(over, &to, strings.NewReader("abc"), 3); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := content.Read(path, 3); string(b) != "abc" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	if _, err := content.Read(path, 2); err == nil {
		t.Error("read more than the limit")
	}
	if sum, size, err := content.SumFile(t.Context(), path, 3); sum != abc || size != 3 || err != nil {
		t.Errorf("got %s, %d, %v", sum, size, err)
	}
	if _, err := content.Read(path+"x", 3); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want not exist", err)
	}
}

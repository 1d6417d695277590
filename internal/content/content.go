// Package content opens files that somebody else may have put there, and reads
// and sums them within bounds. It decides nothing about whom to trust: packages
// registry and launch do.
package content

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// MaxExecutable bounds a program, in bytes: the largest interpreters have a
// little over 100 MB.
const MaxExecutable = 512 << 20

// chunk is how much is read at a time, in bytes: enough that system calls do not
// count, little enough to stay in a cache.
const chunk = 256 << 10

// Errors of Open, following a path in a sentence.
var (
	ErrLink       = errors.New("is a symbolic link")
	ErrNotRegular = errors.New("is not a regular file")
)

// Open opens a regular file to read, with its size at that time. It follows no
// symbolic link in the path's last element, and never blocks: a FIFO or a device
// is ErrNotRegular.
func Open(path string) (*os.File, fs.FileInfo, error) {
	f, err := open(path)
	if err != nil {
		if info, lerr := os.Lstat(path); lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
			return nil, nil, ErrLink
		}
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// Read returns a file that Open opens, if it has at most max bytes.
func Read(path string, max int64) ([]byte, error) {
	f, _, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(b)) > max {
		err = tooLarge(max)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

func tooLarge(max int64) error { return fmt.Errorf("has more than %d bytes", max) }

// Sum is the SHA-256 of b in lowercase hex.
func Sum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// SumFile is the SHA-256 of a file that Open opens, if it has at most max bytes.
func SumFile(ctx context.Context, path string, max int64) (sum string, size int64, err error) {
	f, _, err := Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = f.Close() }()
	return Copy(ctx, io.Discard, f, max)
}

// Copy copies src, of at most max bytes, to dst, and returns the SHA-256 of what
// it has written, in lowercase hex, and how much it was. It stops when ctx ends.
func Copy(ctx context.Context, dst io.Writer, src io.Reader, max int64) (sum string, size int64, err error) {
	hash := sha256.New()
	buf := make([]byte, chunk)
	for {
		if err := ctx.Err(); err != nil {
			return "", size, err
		}
		n, err := src.Read(buf)
		size += int64(n)
		if size > max {
			return "", size, tooLarge(max)
		}
		_, _ = hash.Write(buf[:n]) // never fails
		if _, err := dst.Write(buf[:n]); err != nil {
			return "", size, err
		}
		switch {
		case errors.Is(err, io.EOF):
			return hex.EncodeToString(hash.Sum(nil)), size, nil
		case err != nil:
			return "", size, err
		}
	}
}

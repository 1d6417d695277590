//go:build !linux

package launch

import (
	"context"
	"errors"
	"os"
)

// sealed needs a memfd.
func sealed(context.Context, *os.File) (*os.File, string, error) {
	return nil, "", errors.ErrUnsupported
}

func (i *image) executable(...*os.File) (string, error) { return i.path, nil }

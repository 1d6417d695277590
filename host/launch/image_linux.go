package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/authlatch/authlatch/internal/content"
)

// seals make the content of a memfd final, for every process.
const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL

// sealed copies src into a memfd, seals it and then sums what is there: until
// the seal, another process of the user's could still have written it. Its error
// is errors.ErrUnsupported where no memfd can be executed.
func sealed(ctx context.Context, src *os.File) (fd *os.File, sum string, err error) {
	if fi, err := os.Stat(fdDir); err != nil || !fi.IsDir() {
		return nil, "", fmt.Errorf("%w: %s is not there", errors.ErrUnsupported, fdDir)
	}
	n, err := memfd()
	if err != nil {
		return nil, "", fmt.Errorf("%w: memfd_create: %w", errors.ErrUnsupported, err)
	}
	f := os.NewFile(uintptr(n), "memfd")
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if err := fill(ctx, f, src); err != nil {
		return nil, "", err
	}
	if _, err := unix.FcntlInt(uintptr(n), unix.F_ADD_SEALS, seals); err != nil {
		return nil, "", fmt.Errorf("seal: %w", err)
	}
	sum, _, err = content.Copy(ctx, io.Discard, io.NewSectionReader(f, 0, content.MaxExecutable+1), content.MaxExecutable)
	return f, sum, err
}

// memfd asks for one that may be executed, in the word that kernels since 6.3
// have for it and may insist on (sysctl vm.memfd_noexec).
func memfd() (int, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := unix.MemfdCreate("authlatch-flow", flags|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) {
		fd, err = unix.MemfdCreate("authlatch-flow", flags)
	}
	return fd, err
}

// fill copies within the kernel.
func fill(ctx context.Context, dst, src *os.File) error {
	const step = 4 << 20 // between two looks at ctx
	for size := int64(0); ; {
		n, err := unix.Sendfile(int(dst.Fd()), int(src.Fd()), nil, step)
		size += int64(n)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EINVAL) && size == 0: // a file system without it
			_, _, err := content.Copy(ctx, dst, src, content.MaxExecutable)
			return err
		case err != nil:
			return fmt.Errorf("copy: %w", err)
		case n == 0:
			return nil
		case size > content.MaxExecutable:
			return fmt.Errorf("has more than %d bytes", content.MaxExecutable)
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

const fdDir = "/proc/self/fd"

// executable is the path to execute. A child puts its own descriptors right
// above the highest of taken, which are those it gets, before it executes; so
// the memfd moves out of their way.
func (i *image) executable(taken ...*os.File) (string, error) {
	if i.fd == nil {
		return i.path, nil
	}
	highest := uintptr(2)
	for _, f := range taken {
		highest = max(highest, f.Fd())
	}
	n, err := unix.FcntlInt(i.fd.Fd(), unix.F_DUPFD_CLOEXEC, int(highest)+16)
	if err != nil {
		return "", err
	}
	_ = i.fd.Close()
	i.fd = os.NewFile(uintptr(n), "memfd")
	return fmt.Sprintf("%s/%d", fdDir, n), nil
}

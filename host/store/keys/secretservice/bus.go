package secretservice

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/authlatch/authlatch/internal/sanitize"
)

const (
	busName      = "org.freedesktop.DBus"
	busPath      = dbus.ObjectPath("/org/freedesktop/DBus")
	busInterface = busName
)

// bus is a connection to a message bus, for one call after the other. All of it
// ends at one deadline, the authentication too: so it reads and writes its
// socket itself, where dbus.Conn would wait for ever in another goroutine, and
// end the program if what it reads makes it panic.
type bus struct {
	conn   net.Conn
	in     *bufio.Reader
	serial uint32
}

func (b *bus) close() { _ = b.conn.Close() }

// dial connects to the first of the session bus's addresses that answers.
func dial(env func(string) string, deadline time.Time) (*bus, error) {
	addresses, err := sessionBus(env)
	if err != nil {
		return nil, err
	}
	for _, a := range addresses {
		var b *bus
		if b, err = dialOne(a, deadline); err == nil {
			return b, nil
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
	}
	return nil, fmt.Errorf("the D-Bus session bus cannot be used: %w", err)
}

func dialOne(address string, deadline time.Time) (*bus, error) {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", address)
	if err != nil {
		return nil, err
	}
	b := &bus{conn: conn, in: bufio.NewReaderSize(conn, 4096)}
	for _, step := range []func() error{
		func() error { return conn.SetDeadline(deadline) },
		func() error { return checkPeer(conn) },
		b.authenticate,
		b.hello,
	} {
		if err := step(); err != nil {
			b.close()
			return nil, err
		}
	}
	return b, nil
}

// authenticate is SASL EXTERNAL (D-Bus specification, "Authentication
// Protocol"): the bus asks the kernel who this is. The identity stays empty,
// because it is another number in another user namespace.
func (b *bus) authenticate() error {
	if _, err := b.conn.Write([]byte("\x00AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n")); err != nil {
		return err
	}
	for _, want := range []string{"DATA", "OK"} {
		line, err := b.in.ReadSlice('\n') // ends with an error where the buffer does
		if err != nil {
			return fmt.Errorf("it does not authenticate: %w", err)
		}
		if verb, _, _ := strings.Cut(strings.TrimSpace(string(line)), " "); verb != want {
			return errors.New("it does not take this user")
		}
	}
	return nil
}

func (b *bus) hello() error {
	_, err := b.ask("Hello")
	return err
}

// ask calls a method of the bus itself.
func (b *bus) ask(method string, args ...any) ([]any, error) {
	return b.call(busName, busPath, busInterface, method, args...)
}

// maxText bounds an error of the service, in characters: a reason, not a page.
const maxText = 200

// namedError is an error that was the answer to a call.
type namedError struct{ name, text string }

func (e *namedError) Error() string { return sanitize.Line(e.name+": "+e.text, maxText) }

func isNamed(err error, name string) bool {
	var e *namedError
	return errors.As(err, &e) && e.name == name
}

// call calls a method and waits for its answer from the one who was called.
// Whatever else arrives is ignored.
func (b *bus) call(to string, path dbus.ObjectPath, of, method string, args ...any) ([]any, error) {
	b.serial++
	text, err := encode(b.serial, to, path, of, method, args)
	if err != nil {
		return nil, err
	}
	if _, err := b.conn.Write(text); err != nil {
		return nil, err
	}
	for {
		raw, err := readMessage(b.in)
		if err != nil {
			return nil, err
		}
		m, err := decode(raw)
		if err != nil {
			return nil, err
		}
		if serial, _ := m.Headers[dbus.FieldReplySerial].Value().(uint32); serial != b.serial {
			continue
		}
		// The bus itself answers for who is not there.
		if sender, _ := m.Headers[dbus.FieldSender].Value().(string); sender != to && sender != busName {
			continue
		}
		switch m.Type {
		case dbus.TypeMethodReply:
			return m.Body, nil
		case dbus.TypeError:
			e := &namedError{}
			e.name, _ = m.Headers[dbus.FieldErrorName].Value().(string)
			if len(m.Body) > 0 {
				e.text, _ = m.Body[0].(string)
			}
			return nil, e
		}
	}
}

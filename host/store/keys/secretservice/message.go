package secretservice

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/godbus/dbus/v5"
)

// maxMessage is far above the longest answer to what is asked here, and little
// enough to read into memory.
const maxMessage = 64 << 10

// fixedHeader is the part of a message that says how long the rest is.
const fixedHeader = 16

var errTooLong = errors.New("a message on the bus is too long")

// encode makes the message of a method call.
func encode(serial uint32, to string, path dbus.ObjectPath, of, method string, args []any) ([]byte, error) {
	m := &dbus.Message{Type: dbus.TypeMethodCall, Body: args, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldDestination: dbus.MakeVariant(to),
		dbus.FieldPath:        dbus.MakeVariant(path),
		dbus.FieldInterface:   dbus.MakeVariant(of),
		dbus.FieldMember:      dbus.MakeVariant(method),
	}}
	if len(args) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(args...))
	}
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.LittleEndian); err != nil {
		return nil, err
	}
	// Only dbus.Conn can set a message's serial; it is the third of the header's
	// four numbers.
	binary.LittleEndian.PutUint32(b.Bytes()[8:], serial)
	return b.Bytes(), nil
}

// readMessage reads one message, if it is not too long, without looking into it.
func readMessage(in *bufio.Reader) ([]byte, error) {
	head, err := in.Peek(fixedHeader)
	if err != nil {
		return nil, err
	}
	var order binary.ByteOrder
	switch head[0] {
	case 'l':
		order = binary.LittleEndian
	case 'B':
		order = binary.BigEndian
	default:
		return nil, errNonsense
	}
	body, fields := uint64(order.Uint32(head[4:])), uint64(order.Uint32(head[12:]))
	const align = 8 // of the body
	size := (fixedHeader+fields+align-1)/align*align + body
	if size > maxMessage {
		return nil, errTooLong
	}
	raw := make([]byte, size)
	_, err = io.ReadFull(in, raw)
	return raw, err
}

// decode reads a message. The decoder panics where it meets what it did not
// expect.
func decode(raw []byte) (m *dbus.Message, err error) {
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("%w (%v)", errNonsense, p)
		}
	}()
	m, err = dbus.DecodeMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("%w (%w)", errNonsense, err)
	}
	return m, nil
}

package secretservice

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/godbus/dbus/v5"

	"github.com/authlatch/authlatch/host/store"
)

// script is a connection on which the other side has said all beforehand.
type script struct {
	net.Conn
	in io.Reader
}

func (script) Write(b []byte) (int, error)  { return len(b), nil }
func (s script) Read(b []byte) (int, error) { return s.in.Read(b) }
func (script) Close() error                 { return nil }

func busOf(said []byte) *bus {
	s := script{in: bytes.NewReader(said)}
	return &bus{conn: s, in: bufio.NewReader(s)}
}

// answer is the message that answers a call.
func answer(t testing.TB, serial uint32, sender string, body ...any) []byte {
	t.Helper()
	m := &dbus.Message{Type: dbus.TypeMethodReply, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(serial), dbus.FieldSender: dbus.MakeVariant(sender),
	}}
	if len(body) > 0 {
		m.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(body...))
	}
	var b bytes.Buffer
	if err := m.EncodeTo(&b, binary.BigEndian); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const owner = ":1.7"

// all asks a service whose answers are given everything that is asked of one.
func all(said []byte) error {
	s := &service{bus: busOf(said), owner: owner, session: "/s", collection: "/c"}
	for _, step := range []func() error{
		s.findOwner, s.openSession, s.findCollection,
		func() error { _, err := s.load(store.KeyID{}); return err },
		func() error { return s.keep(store.KeyOf([store.KeySize]byte{1})) },
		func() error { return s.forget(store.KeyID{}) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func TestAnswersThatMakeNoSense(t *testing.T) {
	steps := [][]any{
		{owner}, // GetNameOwner
		{dbus.MakeVariant([]byte{5}), dbus.ObjectPath("/s")}, // OpenSession
		{dbus.ObjectPath("/c")},                              // ReadAlias
		{dbus.MakeVariant(false)},                            // Locked
		{[]dbus.ObjectPath{"/i"}},                            // SearchItems
		{secret{"/s", make([]byte, 16), make([]byte, 32), "text/plain"}},
	}
	bad := [][][]any{
		{{}, {uint32(1)}, {""}, {owner, owner}},
		{
			{}, {owner, dbus.ObjectPath("/s")}, {dbus.MakeVariant("x"), dbus.ObjectPath("/s")}, {dbus.MakeVariant([]byte{5}), "/s"},
			{dbus.MakeVariant([]byte{}), dbus.ObjectPath("/s")}, {dbus.MakeVariant([]byte{1}), dbus.ObjectPath("/s")},
			{dbus.MakeVariant(bytes.Repeat([]byte{255}, groupSize)), dbus.ObjectPath("/s")},
			{dbus.MakeVariant(make([]byte, groupSize+1)), dbus.ObjectPath("/s")},
		},
		{{}, {"/c"}, {[]string{}}},
		{{}, {false}, {dbus.MakeVariant("no")}},
		{{}, {"/i"}, {[]string{"/i"}}, {make([]dbus.ObjectPath, 0, 1), 1}},
		{
			{}, {"x"}, {secret{"/s", nil, make([]byte, 32), ""}}, {secret{"/s", make([]byte, 16), nil, ""}},
			{secret{"/s", make([]byte, 16), make([]byte, 33), ""}}, {secret{"/s", make([]byte, 16), make([]byte, maxSecret+16), ""}},
			{struct{ A, B string }{"a", "b"}}, {struct {
				A    string
				B, C uint32
				D    string
			}{"a", 1, 2, "d"}},
		},
	}
	for at := range bad {
		for _, body := range bad[at] {
			var said []byte
			for i := range at {
				said = append(said, answer(t, uint32(i+1), sender(i), steps[i]...)...)
			}
			said = append(said, answer(t, uint32(at+1), sender(at), body...)...)
			if err := all(said); !errors.Is(err, errNonsense) {
				t.Errorf("answer %d, %v: %v", at+1, body, err)
			}
		}
	}
}

// sender answers the i-th call: the first is the bus's.
func sender(i int) string {
	if i == 0 {
		return busName
	}
	return owner
}

// Only who was asked answers, and only what was asked.
func TestAnswersOfOthers(t *testing.T) {
	said := bytes.Join([][]byte{
		answer(t, 1, ":1.66", "forged"), answer(t, 9, owner, "late"), answer(t, 1, owner, "good"),
	}, nil)
	got, err := busOf(said).call(owner, "/x", "a.b", "C")
	if err != nil || len(got) != 1 || got[0] != "good" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := busOf(said[:40]).call(owner, "/x", "a.b", "C"); err == nil {
		t.Error("half a message is taken")
	}
}

func TestAMessageThatIsTooLong(t *testing.T) {
	for _, head := range []string{
		"l\x02\x00\x01\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00\x00", "B\x02\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff",
		"l\x02\x00\x01\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00\x00",
	} {
		if _, err := readMessage(bufio.NewReader(strings.NewReader(head + strings.Repeat("x", 1<<10)))); !errors.Is(err, errTooLong) {
			t.Errorf("%v", err)
		}
	}
}

func TestABusThatDoesNotAuthenticate(t *testing.T) {
	for _, said := range []string{"", "REJECTED EXTERNAL\r\n", "DATA\r\nREJECTED\r\n", "DATA\r\nERROR\r\n", strings.Repeat("x", 1<<20), "\r\n\r\n"} {
		if err := busOf([]byte(said)).authenticate(); err == nil {
			t.Errorf("%.30q", said)
		}
	}
	if err := busOf([]byte("DATA\r\nOK 0123\r\n")).authenticate(); err != nil {
		t.Error(err)
	}
}

func TestWhatAServiceSaysIsCleaned(t *testing.T) {
	e := &namedError{"org.example.Error", "bad\x1b[31m\n\u202etext " + strings.Repeat("x", 1<<10)}
	if got := e.Error(); !strings.HasPrefix(got, "org.example.Error: bad text xxx") || utf8.RuneCountInString(got) > maxText {
		t.Errorf("%q", got)
	}
}

func TestCipher(t *testing.T) {
	a, errA := newExchange()
	b, errB := newExchange()
	if err := errors.Join(errA, errB); err != nil {
		t.Fatal(err)
	}
	keyA, errA := a.key(b.public())
	keyB, errB := b.key(a.public())
	if err := errors.Join(errA, errB); err != nil || keyA != keyB {
		t.Fatalf("the two sides do not agree: %v", err)
	}
	for n := range 40 {
		plain := bytes.Repeat([]byte{7}, n)
		iv, value, err := keyA.seal(plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := keyB.open(iv, value); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %v, %v", n, got, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := cipherKey{1, 2, 3}
	iv, value, err := k.seal([]byte("a key"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(iv, value)
	f.Add([]byte{}, []byte{})
	f.Fuzz(func(t *testing.T, iv, value []byte) {
		if plain, err := k.open(iv, value); err == nil && (len(plain) >= len(value) || len(value)-len(plain) > 16) {
			t.Errorf("%d bytes of %d", len(plain), len(value))
		}
	})
}

// FuzzService: whatever is said on the bus, nothing panics, hangs or passes for a
// key that is gone unless it was said that there is none.
func FuzzService(f *testing.F) {
	session := answer(f, 2, owner, dbus.MakeVariant([]byte{5}), dbus.ObjectPath("/s"))
	up := bytes.Join([][]byte{
		answer(f, 1, busName, owner), session, answer(f, 3, owner, dbus.ObjectPath("/c")), answer(f, 4, owner, dbus.MakeVariant(false)),
	}, nil)
	f.Add(up)
	f.Add(append(bytes.Clone(up), answer(f, 5, owner, []dbus.ObjectPath{"/i"})...))
	f.Add(append(bytes.Clone(up), answer(f, 5, owner, []dbus.ObjectPath{})...))
	f.Fuzz(func(t *testing.T, said []byte) {
		if all(said) == nil {
			t.Error("a key that nobody could know was found")
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"unix:path=/run/user/1000/bus", "unix:abstract=/tmp/x,guid=1;tcp:host=h", "unix:path=/a%20b", "unix:path=%", ";;", "unix:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		sockets, err := sessionBus(func(name string) string {
			if name == "DBUS_SESSION_BUS_ADDRESS" {
				return text
			}
			return ""
		})
		for _, s := range sockets {
			if s == "" || s[0] != '/' && s[0] != '@' {
				t.Errorf("%q", s)
			}
		}
		if (err == nil) != (len(sockets) > 0) {
			t.Errorf("%v, %q", err, sockets)
		}
	})
}

func TestSessionBus(t *testing.T) {
	for text, want := range map[string]string{
		"unix:path=/run/user/1000/bus":                "/run/user/1000/bus",
		"unix:guid=1,abstract=/tmp/dbus-x":            "@/tmp/dbus-x",
		"unix:path=/a%20b,guid=1":                     "/a b",
		"tcp:host=h,port=1;unix:path=/b;unix:path=/c": "/b /c",
		"unix:path=relative":                          "",
		"disabled:":                                   "",
	} {
		got, _ := sessionBus(func(string) string { return text })
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	got, err := sessionBus(func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": "/run/user/1"}[name] })
	if err != nil || len(got) != 1 || got[0] != "/run/user/1/bus" {
		t.Errorf("%q, %v", got, err)
	}
}

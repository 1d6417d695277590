package secretservice

import (
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/authlatch/authlatch/host/store"
)

// Names of the Secret Service API, draft 0.2 (specifications.freedesktop.org,
// "Secret Service API").
const (
	serviceName         = "org.freedesktop.secrets"
	servicePath         = dbus.ObjectPath("/org/freedesktop/secrets")
	serviceInterface    = "org.freedesktop.Secret.Service"
	collectionInterface = "org.freedesktop.Secret.Collection"
	itemInterface       = "org.freedesktop.Secret.Item"
	properties          = "org.freedesktop.DBus.Properties"
)

const (
	errorIsLocked     = "org.freedesktop.Secret.Error.IsLocked"
	errorNoOwner      = "org.freedesktop.DBus.Error.NameHasNoOwner"
	errorNotActivated = "org.freedesktop.DBus.Error.ServiceUnknown"
)

// secret is the API's struct Secret: (oayays).
type secret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

// maxItems is how many items with one key's id are looked at: there is one.
const maxItems = 8

var (
	errNonsense = errors.New("the Secret Service gave an answer that makes no sense")
	errLocked   = errors.New("the Secret Service is locked; unlock it (sign in to the desktop, or open its passwords program)")
	errAbsent   = errors.New("no Secret Service runs on the session bus (GNOME Keyring, KWallet or KeePassXC offers one)")
	errNoAlias  = errors.New("the Secret Service has no default collection; make one with the desktop's passwords program")
)

// service is a session with the Secret Service, whose default collection is
// there and unlocked.
type service struct {
	bus *bus
	// owner is the service's unique name on the bus: no other may answer for it.
	owner      string
	session    dbus.ObjectPath
	cipher     cipherKey
	collection dbus.ObjectPath
}

func open(env func(string) string, deadline time.Time) (*service, error) {
	b, err := dial(env, deadline)
	if err != nil {
		return nil, err
	}
	s := &service{bus: b}
	for _, step := range []func() error{s.findOwner, s.openSession, s.findCollection} {
		if err := step(); err != nil {
			b.close()
			return nil, err
		}
	}
	return s, nil
}

// findOwner finds who offers the service, which the bus may have to start.
func (s *service) findOwner() error {
	answer, err := s.bus.ask("GetNameOwner", serviceName)
	if isNamed(err, errorNoOwner) {
		_, err = s.bus.ask("StartServiceByName", serviceName, uint32(0))
		if isNamed(err, errorNotActivated) {
			return errAbsent
		}
		if err != nil {
			return fmt.Errorf("the Secret Service does not start: %w", err)
		}
		answer, err = s.bus.ask("GetNameOwner", serviceName)
	}
	if err != nil {
		return err
	}
	owner, ok := only[string](answer)
	if !ok || owner == "" {
		return errNonsense
	}
	s.owner = owner
	return nil
}

func (s *service) openSession() error {
	exchange, err := newExchange()
	if err != nil {
		return err
	}
	answer, err := s.call(servicePath, serviceInterface, "OpenSession", algorithm, dbus.MakeVariant(exchange.public()))
	if err != nil {
		return fmt.Errorf("the Secret Service opens no encrypted session: %w", err)
	}
	if len(answer) != 2 {
		return errNonsense
	}
	output, ok := answer[0].(dbus.Variant)
	if !ok {
		return errNonsense
	}
	theirs, ok := output.Value().([]byte)
	if !ok {
		return errNonsense
	}
	if s.session, ok = answer[1].(dbus.ObjectPath); !ok {
		return errNonsense
	}
	s.cipher, err = exchange.key(theirs)
	return err
}

func (s *service) findCollection() error {
	answer, err := s.call(servicePath, serviceInterface, "ReadAlias", "default")
	if err != nil {
		return err
	}
	path, ok := only[dbus.ObjectPath](answer)
	if !ok {
		return errNonsense
	}
	if path == "/" {
		return errNoAlias
	}
	s.collection = path
	locked, err := s.locked(path)
	if err == nil && locked {
		err = errLocked
	}
	return err
}

func (s *service) locked(collection dbus.ObjectPath) (bool, error) {
	answer, err := s.call(collection, properties, "Get", collectionInterface, "Locked")
	if err != nil {
		return false, err
	}
	value, ok := only[dbus.Variant](answer)
	if !ok {
		return false, errNonsense
	}
	locked, ok := value.Value().(bool)
	if !ok {
		return false, errNonsense
	}
	return locked, nil
}

func (s *service) search(id store.KeyID) ([]dbus.ObjectPath, error) {
	answer, err := s.call(s.collection, collectionInterface, "SearchItems", attributes(id))
	if err != nil {
		return nil, err
	}
	items, ok := only[[]dbus.ObjectPath](answer)
	if !ok || len(items) > maxItems {
		return nil, errNonsense
	}
	return items, nil
}

func (s *service) secret(item dbus.ObjectPath) ([]byte, error) {
	answer, err := s.call(item, itemInterface, "GetSecret", s.session)
	if err != nil {
		return nil, err
	}
	fields, ok := only[[]any](answer)
	if !ok || len(fields) != 4 {
		return nil, errNonsense
	}
	iv, ok := fields[1].([]byte)
	value, ok2 := fields[2].([]byte)
	if !ok || !ok2 {
		return nil, errNonsense
	}
	return s.cipher.open(iv, value)
}

// call calls a method of the service's owner.
func (s *service) call(path dbus.ObjectPath, of, method string, args ...any) ([]any, error) {
	answer, err := s.bus.call(s.owner, path, of, method, args...)
	if isNamed(err, errorIsLocked) {
		return nil, errLocked
	}
	return answer, err
}

// only is the one value of an answer that has one, if it is a T.
func only[T any](answer []any) (value T, ok bool) {
	if len(answer) != 1 {
		return value, false
	}
	value, ok = answer[0].(T)
	return value, ok
}

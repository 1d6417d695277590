// Package desktop gives tests a session bus and a GNOME Keyring of their own,
// apart from the developer's: real programs, in directories that go with the
// test. Only tests import it, and on Linux only.
package desktop

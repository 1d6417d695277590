package emulator_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// newLoopback serves plain HTTP and returns its address as http://localhost:PORT.
func newLoopback(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

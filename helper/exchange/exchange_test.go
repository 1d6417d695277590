package exchange

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/host/store"
)

var noon = time.Unix(1767268800, 0)

func TestBothWays(t *testing.T) {
	q := Request{
		Client: "kubectl", Profile: "work", Config: "/c.toml", Scopes: []string{"s"}, Tenant: "t", Claims: `{"a":1}`, IDToken: true,
		TokenType: "pop", ReqCnf: "r", KeyID: "k", Interaction: "never", ErrorFormat: "json",
	}
	var pipe bytes.Buffer
	if err := WriteRequest(&pipe, q); err != nil {
		t.Fatal(err)
	}
	q.Version = Version
	if got, err := ReadRequest(&pipe); err != nil || !reflect.DeepEqual(got, q) {
		t.Errorf("%+v, %v", got, err)
	}
	tok := store.Token{
		Secret: store.NewSecret("x"), TokenType: "Bearer", ExpiresOn: noon, RefreshOn: noon, Scopes: []string{"s"},
		Account: store.Account{ID: "i", Username: "u", Tenant: "t", Environment: "e"},
	}
	if err := WriteAnswer(&pipe, tok); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadAnswer(&pipe); err != nil || !reflect.DeepEqual(got, tok) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRequestsAreStrict(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		version          bool
	}{
		{"empty", "", "is not one JSON object with a version", false},
		{"a usage text", "Usage: authlatch", "is not one JSON object", false},
		{"no version", `{"scopes":["s"]}`, "is not one JSON object with a version", false},
		{"newer", `{"version":2,"whatever":[]}`, "is of version 2, not 1: the helper and authlatch are of different versions; install them together", true},
		{"older", `{"version":0}`, "is of version 0", true},
		{"unknown field", `{"version":1,"scopes":["s"],"x":1}`, "has fields that are not known", true},
		{"another type", `{"version":1,"scopes":"s"}`, "of another type", true},
		{"two documents", `{"version":1,"scopes":["s"]}{}`, "is not one JSON object", false},
		{"no scope", `{"version":1}`, "names no scope", false},
		{"interaction", `{"version":1,"scopes":["s"],"interaction":"maybe"}`, "request's interaction is none", false},
		{"token type", `{"version":1,"scopes":["s"],"token_type":"mac"}`, "request's token_type is none", false},
		{"a bound token without key", `{"version":1,"scopes":["s"],"token_type":"pop"}`, "names no key", false},
		{"too large", `{"version":1,"scopes":["` + strings.Repeat("s", MaxSize) + `"]}`, "is too large", false},
	} {
		_, err := ReadRequest(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrVersion) != c.version {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAnswersAreStrictAndNotQuoted(t *testing.T) {
	for name, text := range map[string]string{
		"no token":  `{"version":1,"expires_on":1,"account":{"id":"canary"}}`,
		"no expiry": `{"version":1,"token":"canary","account":{}}`,
		"a string":  `{"version":1,"token":"canary","expires_on":"1"}`,
		"cut":       `{"version":1,"token":"canary","expi`,
		"unknown":   `{"version":1,"token":"canary","expires_on":1,"canary":1}`,
	} {
		_, err := ReadAnswer(strings.NewReader(text))
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if WriteRequest(&bytes.Buffer{}, Request{}) == nil {
		t.Error("a request without scope was sent")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(`{"version":1,"client":"kubectl","scopes":["s"],"interaction":"never"}`)
	f.Add(`{"version":1,"token":"x","expires_on":1,"account":{"id":"i"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if q, err := ReadRequest(strings.NewReader(text)); err == nil {
			var b bytes.Buffer
			if err := WriteRequest(&b, q); err != nil {
				t.Fatal(err)
			}
			if again, err := ReadRequest(&b); err != nil || !reflect.DeepEqual(again, q) {
				t.Fatalf("%+v became %+v, %v", q, again, err)
			}
		}
		if a, err := ReadAnswer(strings.NewReader(text)); err == nil && a.Secret.Reveal() == "" {
			t.Fatal("no token")
		}
	})
}

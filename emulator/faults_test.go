package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
)

func TestStatusFaults(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct {
		kind   emulator.FaultKind
		status int
	}{
		{emulator.FaultStatus429, 429}, {emulator.FaultStatus503, 503}, {emulator.FaultStatus500, 500},
	} {
		s.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: c.kind, Times: 1, RetryAfter: 7})
		got := tokenRequest(t, s, passwordForm(alice))
		if got.status != c.status || got.header.Get("Retry-After") != "7" || got.Error == "" {
			t.Errorf("%s: %d, %v", c.kind, got.status, got.header)
		}
		tokenRequest(t, s, passwordForm(alice)).ok(t)
	}
	if got := s.Counters(); got.Faults != 3 || got.Token["password"] != 6 || got.Issued["password"] != 3 {
		t.Errorf("counted %+v", got)
	}
}

func TestFaultMatching(t *testing.T) {
	s := start(t, emulator.Options{})
	s.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Grant: "refresh_token", Skip: 1, Times: 1,
		Error: "interaction_required", AADSTS: 50076, Suberror: "basic_action", Claims: `{"a":1}`, Description: "Do it again."})
	first := tokenRequest(t, s, passwordForm(alice)).ok(t)
	second := tokenRequest(t, s, refreshForm(first.RefreshToken)).ok(t)
	got := tokenRequest(t, s, refreshForm(second.RefreshToken))
	got.want(t, "interaction_required", 50076)
	if got.Suberror != "basic_action" || got.Claims != `{"a":1}` || !strings.HasPrefix(got.Description, "AADSTS50076: Do it again.") {
		t.Errorf("got %s", got.raw)
	}
	// It did not take effect: the token is still good.
	tokenRequest(t, s, refreshForm(second.RefreshToken)).ok(t)
}

// An answer that got lost: the code is used up although the client has nothing.
func TestFaultAfterEffect(t *testing.T) {
	s := start(t, emulator.Options{})
	code, uri := signIn(t, s, alice)
	s.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultStatus503, Processed: true, Times: 1})
	if got := tokenRequest(t, s, codeForm(code, uri)); got.status != 503 {
		t.Fatalf("got %d", got.status)
	}
	tokenRequest(t, s, codeForm(code, uri)).want(t, "invalid_grant", 54005)
}

func TestBrokenAnswers(t *testing.T) {
	s := start(t, emulator.Options{})
	send := func(f emulator.Fault) (*http.Response, []byte, error) {
		f.Endpoint, f.Times = emulator.EndpointToken, 1
		s.AddFault(f)
		response, err := s.Client().PostForm(s.URL()+"/organizations/oauth2/v2.0/token", passwordForm(alice))
		if err != nil {
			return nil, nil, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return response, body, err
	}
	if _, body, err := send(emulator.Fault{Kind: emulator.FaultTruncated}); !errors.Is(err, io.ErrUnexpectedEOF) || len(body) == 0 {
		t.Errorf("truncated: %d bytes, %v", len(body), err)
	}
	if _, _, err := send(emulator.Fault{Kind: emulator.FaultReset}); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("reset: %v", err)
	}
	if _, body, err := send(emulator.Fault{Kind: emulator.FaultHuge, Size: 1 << 20}); err != nil || len(body) < 1<<20 {
		t.Errorf("huge: %d bytes, %v", len(body), err)
	}
	for _, kind := range []emulator.FaultKind{emulator.FaultMalformed, emulator.FaultNotJSON} {
		response, body, err := send(emulator.Fault{Kind: kind})
		if err != nil || response.StatusCode != http.StatusOK || json.Valid(body) {
			t.Errorf("%s: %s, %v", kind, body, err)
		}
	}
}

// What a client re-sends after a 307 is counted, so that a test can forbid it.
func TestRedirectFault(t *testing.T) {
	s := start(t, emulator.Options{})
	s.AddFault(emulator.Fault{Endpoint: emulator.EndpointToken, Kind: emulator.FaultRedirect, Times: 2})
	tokenRequest(t, s, passwordForm(alice)) // net/http's default follows
	if got := s.Counters().Trapped; got != 1 {
		t.Errorf("trapped %d", got)
	}
	response, err := newBrowser(t, s).PostForm(s.URL()+"/organizations/oauth2/v2.0/token", passwordForm(alice))
	if got := read(t, response, err); got.status != http.StatusTemporaryRedirect {
		t.Errorf("got %d", got.status)
	}
}

func TestSlowFaultEndsWithTheClient(t *testing.T) {
	s := start(t, emulator.Options{})
	s.AddFault(emulator.Fault{Kind: emulator.FaultSlow, Delay: time.Hour, Times: 1})
	s.AddFault(emulator.Fault{Kind: emulator.FaultSlow, Delay: time.Nanosecond, Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := s.Client().Do(request); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, %v", response, err)
	}
	get(t, s, "/", "").ok(t)
}

func TestFaultMistakesPanic(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, f := range []emulator.Fault{{Kind: "typo"}, {Kind: emulator.FaultSlow, Endpoint: "tokens"}, {}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was taken", f)
				}
			}()
			s.AddFault(f)
		}()
	}
	s.AddFault(emulator.Fault{Kind: emulator.FaultStatus500})
	s.ClearFaults()
	tokenRequest(t, s, passwordForm(alice)).ok(t)
}

func TestCloseEndsWhatWaits(t *testing.T) {
	s, err := emulator.Start(emulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.AddFault(emulator.Fault{Kind: emulator.FaultSlow, Delay: time.Hour})
	done := make(chan error, 1)
	go func() {
		response, err := s.Client().Get(s.URL())
		if err == nil {
			response.Body.Close()
		}
		done <- err
	}()
	for s.Counters().Faults == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-done
	if err := s.Close(); err != nil {
		t.Error("a second Close:", err)
	}
}

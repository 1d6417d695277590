package emulator_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authlatch/authlatch/emulator"
	"github.com/authlatch/authlatch/emulator/person"
)

func deviceForm() url.Values {
	return form("client_id", emulator.AzureCLIClient, "scope", armScope+" openid profile offline_access")
}

func newDevice(t *testing.T, s *emulator.Server) reply {
	t.Helper()
	got := post(t, s, "/organizations/oauth2/v2.0/devicecode", deviceForm()).ok(t)
	if got.DeviceCode == "" || len(got.UserCode) != 9 || got.VerificationURI != s.URL()+"/device" {
		t.Fatalf("the answer is %s", got.raw)
	}
	return got
}

func poll(t *testing.T, s *emulator.Server, deviceCode string, change ...string) reply {
	t.Helper()
	return tokenRequest(t, s, with(form("grant_type", "device_code", "client_id", emulator.AzureCLIClient, "device_code", deviceCode, "client_info", "1"), change...))
}

func TestDeviceCode(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, grant := range []string{"device_code", "urn:ietf:params:oauth:grant-type:device_code"} {
		d := newDevice(t, s)
		if d.Interval != 5 {
			t.Errorf("interval is %d", d.Interval)
		}
		poll(t, s, d.DeviceCode, "grant_type", grant).want(t, "authorization_pending", 70016)
		// People type what they see as they like.
		entered := strings.ToLower(d.UserCode[:4] + "-" + d.UserCode[4:])
		if err := someone(s, alice).EnterCode(t.Context(), d.VerificationURI, entered); err != nil {
			t.Fatal(err)
		}
		got := poll(t, s, d.DeviceCode, "grant_type", grant).ok(t)
		if got.RefreshToken == "" || payload(t, got.IDToken)["preferred_username"] != alice {
			t.Errorf("the answer is %+v", got)
		}
		poll(t, s, d.DeviceCode, "grant_type", grant).want(t, "bad_verification_code", 70018)
	}
	if got := s.Counters(); got.DeviceCode != 2 || got.Polls != 6 || got.Issued["device_code"] != 2 || got.SignIns != 2 {
		t.Errorf("counted %+v", got)
	}
}

func TestDevicePolls(t *testing.T) {
	at := newClock()
	s := start(t, emulator.Options{Now: at.now})
	d := newDevice(t, s)
	for i, c := range []struct {
		after time.Duration
		oauth string
	}{
		{0, "authorization_pending"},
		{5 * time.Second, "authorization_pending"},
		{4 * time.Second, "slow_down"}, // the interval is 10 s now
		{9 * time.Second, "slow_down"}, // and 15 s now
		{15 * time.Second, "authorization_pending"},
		{15*time.Minute - 33*time.Second, "expired_token"},
	} {
		at.advance(c.after)
		if got := poll(t, s, d.DeviceCode); got.Error != c.oauth {
			t.Errorf("poll %d after %s: %s, want %s", i, c.after, got.Error, c.oauth)
		}
	}
	if got := s.Counters().SlowDowns; got != 2 {
		t.Errorf("%d slow_downs", got)
	}
}

func TestDeviceRefused(t *testing.T) {
	s := start(t, emulator.Options{})
	d := newDevice(t, s)
	if err := someone(s, alice).DeclineCode(t.Context(), d.VerificationURI, d.UserCode); err != nil {
		t.Fatal(err)
	}
	poll(t, s, d.DeviceCode).want(t, "authorization_declined", 65004)

	d = newDevice(t, s)
	if err := someone(s, "device@contoso.example").EnterCode(t.Context(), d.VerificationURI, d.UserCode); err == nil {
		t.Error("the device rule was not applied")
	}
	poll(t, s, d.DeviceCode).want(t, "invalid_grant", 53000)

	d = newDevice(t, s)
	poll(t, s, d.DeviceCode, "client_id", emulator.AKSClient).want(t, "bad_verification_code", 70018)
	poll(t, s, "guess").want(t, "bad_verification_code", 70018)
	poll(t, s, "").want(t, "invalid_request", 900144)

	err := someone(s, alice).EnterCode(t.Context(), d.VerificationURI, "WRONGCODE")
	if !errors.Is(err, person.ErrRefused) || !strings.Contains(err.Error(), "didn't work") {
		t.Errorf("a wrong code: %v", err)
	}
	for _, c := range []struct {
		oauth  string
		aadsts int
		change []string
	}{
		{"invalid_request", 900144, []string{"client_id", ""}},
		{"invalid_request", 900144, []string{"scope", ""}},
		{"invalid_client", 7000218, []string{"client_id", emulator.ConfidentialClient}},
		{"invalid_scope", 70011, []string{"scope", "https://.default"}},
	} {
		post(t, s, "/organizations/oauth2/v2.0/devicecode", with(deviceForm(), c.change...)).want(t, c.oauth, c.aadsts)
	}
}

func TestUserCodesList(t *testing.T) {
	s := start(t, emulator.Options{DeviceCodeInterval: 1500 * time.Millisecond})
	d := newDevice(t, s)
	if d.Interval != 2 {
		t.Errorf("interval %d is not rounded up", d.Interval)
	}
	if got := s.UserCodes(); len(got) != 1 || got[0] != d.UserCode {
		t.Errorf("codes are %v", got)
	}
}

package emulator_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/authlatch/authlatch/emulator"
)

// These tests sign in with clients that others wrote: that they work unchanged
// is what shows that the emulator tells the truth.

func msal(t *testing.T, s *emulator.Server, tenant string) public.Client {
	t.Helper()
	client, err := public.New(emulator.AzureCLIClient, public.WithAuthority(s.Authority(tenant)),
		public.WithHTTPClient(s.Client()), public.WithInstanceDiscovery(false), public.WithClientCapabilities([]string{"CP1"}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestMSALAuthCode(t *testing.T) {
	s := start(t, emulator.Options{})
	client := msal(t, s, "organizations")
	l := listen(t)
	address, err := client.AuthCodeURL(t.Context(), emulator.AzureCLIClient, l.url, []string{armScope}, public.WithLoginHint(alice))
	if err != nil {
		t.Fatal(err)
	}
	values := form("code_challenge", challengeOf(verifier), "code_challenge_method", "S256", "state", "the-state", "response_mode", "form_post")
	if _, _, err := someone(s, alice).SignIn(t.Context(), address+"&"+values.Encode()); err != nil {
		t.Fatal(err)
	}
	answer := <-l.got
	got, err := client.AcquireTokenByAuthCode(t.Context(), answer.Get("code"), l.url, []string{armScope}, public.WithChallenge(verifier))
	if err != nil {
		t.Fatal(err)
	}
	if got.Account.PreferredUsername != alice || !strings.HasSuffix(got.Account.HomeAccountID, emulator.ContosoTenant) || len(got.DeclinedScopes) != 0 {
		t.Errorf("the account is %+v, declined %v", got.Account, got.DeclinedScopes)
	}
	get(t, s, armPath, got.AccessToken).ok(t)
	silentlyRefreshes(t, s, client)
}

// MSAL opens the browser itself and runs its own loopback server.
func TestMSALInteractive(t *testing.T) {
	s := start(t, emulator.Options{})
	ended := make(chan error, 1)
	_, err := msal(t, s, "contoso.example").AcquireTokenInteractive(t.Context(), []string{armScope}, public.WithOpenURL(func(address string) error {
		go func() {
			_, _, err := someone(s, alice).SignIn(context.WithoutCancel(t.Context()), address)
			ended <- err
		}()
		return nil
	}))
	if err := errors.Join(err, <-ended); err != nil {
		t.Error(err)
	}
}

func TestMSALDeviceCode(t *testing.T) {
	s := start(t, emulator.Options{})
	client := msal(t, s, "organizations")
	code, err := client.AcquireTokenByDeviceCode(t.Context(), []string{armScope})
	if err != nil {
		t.Fatal(err)
	}
	if err := someone(s, alice).EnterCode(t.Context(), code.Result.VerificationURL, code.Result.UserCode); err != nil {
		t.Fatal(err)
	}
	got, err := code.AuthenticationResult(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	get(t, s, armPath, got.AccessToken).ok(t)
	silentlyRefreshes(t, s, client)
}

// acquire keeps the one call of the discouraged API together.
func acquire(t *testing.T, client public.Client, username, password string) (public.AuthResult, error) {
	t.Helper()
	//nolint:staticcheck // the discouraged flow is what is tested
	return client.AcquireTokenByUsernamePassword(t.Context(), []string{armScope}, username, password)
}

func TestMSALPassword(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, c := range []struct{ user, account string }{
		{alice, "password"},
		{"fed@contoso.example", "saml"}, // by way of MEX and WS-Trust
	} {
		client := msal(t, s, "organizations")
		got, err := acquire(t, client, c.user, passwordOf(c.user))
		if err != nil {
			t.Fatal(err)
		}
		if got.Account.PreferredUsername != c.user || s.Counters().Issued[c.account] != 1 {
			t.Errorf("%s: %+v, %+v", c.user, got.Account, s.Counters())
		}
		silentlyRefreshes(t, s, client)
	}
	for user, says := range map[string]string{
		"mfa@contoso.example": "AADSTS50076", "msa@outlook.example": "AADSTS50020", "noconsent@contoso.example": "AADSTS65001",
	} {
		_, err := acquire(t, msal(t, s, "organizations"), user, passwordOf(user))
		var call msalerrors.CallErr
		if !errors.As(err, &call) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", user, err)
		}
	}
	if _, err := acquire(t, msal(t, s, "organizations"), "fed@contoso.example", "wrong"); err == nil {
		t.Error("a federated user's wrong password was taken")
	}
}

// silentlyRefreshes asks for another resource, for which MSAL must redeem its
// refresh token, and for the same one with claims.
func silentlyRefreshes(t *testing.T, s *emulator.Server, client public.Client) {
	t.Helper()
	accounts, err := client.Accounts(t.Context())
	if err != nil || len(accounts) != 1 {
		t.Fatalf("accounts are %v, %v", accounts, err)
	}
	s.ResetCounters()
	got, err := client.AcquireTokenSilent(t.Context(), []string{aksScope}, public.WithSilentAccount(accounts[0]))
	if err != nil {
		t.Fatal(err)
	}
	get(t, s, "/k8s/version", got.AccessToken).ok(t)
	if _, err := client.AcquireTokenSilent(t.Context(), []string{aksScope}, public.WithSilentAccount(accounts[0]), public.WithClaims(challenge)); err != nil {
		t.Fatal(err)
	}
	if c := s.Counters(); c.Token["refresh_token"] != 2 || c.Issued["refresh_token"] != 2 {
		t.Errorf("counted %+v", c)
	}
}

func azureOptions(s *emulator.Server) policy.ClientOptions {
	return policy.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: s.URL(), Services: map[cloud.ServiceName]cloud.ServiceConfiguration{}},
		Transport: s.Client(),
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
}

func TestAzidentityDeviceCode(t *testing.T) {
	s := start(t, emulator.Options{})
	credential, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
		ClientOptions: azureOptions(s), DisableInstanceDiscovery: true,
		UserPrompt: func(ctx context.Context, m azidentity.DeviceCodeMessage) error {
			return someone(s, alice).EnterCode(ctx, m.VerificationURL, m.UserCode)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	gives(t, s, credential)
}

func TestAzidentityPassword(t *testing.T) {
	s := start(t, emulator.Options{})
	for _, user := range []string{alice, "fed@contoso.example"} {
		credential, err := azidentity.NewUsernamePasswordCredential("organizations", emulator.AzureCLIClient, user, passwordOf(user),
			//nolint:staticcheck // the discouraged flow is what is tested
			&azidentity.UsernamePasswordCredentialOptions{ClientOptions: azureOptions(s), DisableInstanceDiscovery: true})
		if err != nil {
			t.Fatal(err)
		}
		gives(t, s, credential)
	}
}

func gives(t *testing.T, s *emulator.Server, credential azcore.TokenCredential) {
	t.Helper()
	for _, c := range []struct{ scope, path string }{{armScope, armPath}, {aksScope, "/k8s/version"}} {
		got, err := credential.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{c.scope}, EnableCAE: true})
		if err != nil {
			t.Fatal(err)
		}
		get(t, s, c.path, got.Token).ok(t)
		if left := time.Until(got.ExpiresOn); left < 50*time.Minute || left > time.Hour {
			t.Errorf("%s expires in %s", c.scope, left)
		}
	}
}

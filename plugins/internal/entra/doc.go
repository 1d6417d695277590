// Package entra is what the flows of this installation share: one Client a
// request, which talks to Microsoft Entra ID (or AD FS) through MSAL Go over a
// transport of its own, keeps MSAL's cache in the request's state, and turns
// every failure into an *sdk.Error.
//
// A flow calls GetToken with a function that asks the person; GetToken does the
// silent part, the modes and the state. The function calls one of the Client's
// sign-in methods: DeviceCode, Password, or AuthCodeURL and RedeemAuthCode.
//
// The package never prompts, never logs and never passes on what MSAL says,
// because MSAL's error texts can hold tokens. A Client serves one request and is
// not safe for concurrent use.
package entra

// Package emulator is a local stand-in for Microsoft Entra ID: what a public
// client needs in order to sign a user in and refresh their tokens (discovery,
// authorize, token, devicecode, user realm, JWKS, WS-Trust), plus small
// protected resources that judge the tokens they are shown. It is for demos,
// for this repository's tests and for offline tests of programs that speak to
// Entra ID; unmodified clients (MSAL, azidentity, kubelogin, az) work against it.
//
// It is strict where Entra ID is strict, counts what it is sent and can be told
// to misbehave (see [Server.AddFault]). It never contacts another machine, never
// writes a file, and never puts a password, code or token into its log or its
// journal. Its identities are made up and its keys live in memory only: never
// let anything real trust it.
//
// A test starts one with [Start]; cmd/entra-emulator runs one as a process, with
// the same controls over HTTP under /_emulator/.
package emulator

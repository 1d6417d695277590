// Signs in with one credential of @azure/identity, unmodified, and prints one
// JSON line an event: {"device": ...} to be acted on, then {"token": ...}.
// Arguments: FLOW AUTHORITY TENANT CLIENT_ID USERNAME SCOPE. The password is
// one line on standard input.
import { createInterface } from "node:readline";
import {
  DeviceCodeCredential,
  InteractiveBrowserCredential,
  UsernamePasswordCredential,
} from "@azure/identity";

const [flow, authorityHost, tenantId, clientId, username, scope] = process.argv.slice(2);
const say = (event) => process.stdout.write(JSON.stringify(event) + "\n");
const common = { authorityHost, tenantId, clientId, disableInstanceDiscovery: true };

async function line() {
  for await (const text of createInterface({ input: process.stdin })) return text;
  throw new Error("no password on standard input");
}

const credentials = {
  browser: async () =>
    new InteractiveBrowserCredential({ ...common, redirectUri: "http://localhost", loginHint: username }),
  devicecode: async () =>
    new DeviceCodeCredential({
      ...common,
      userPromptCallback: (info) => say({ device: { user_code: info.userCode, verification_uri: info.verificationUri } }),
    }),
  password: async () => new UsernamePasswordCredential(tenantId, clientId, username, await line(), common),
};

const credential = await credentials[flow]();
const first = await credential.getToken(scope);
const again = await credential.getToken(scope);
say({ token: first.token, expires_on: Math.floor(first.expiresOnTimestamp / 1000), cached: again.token === first.token });
process.exit(0);

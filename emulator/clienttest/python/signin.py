"""Signs in with one credential of azure.identity, unmodified.

Prints one JSON line an event: {"device": ...} to be acted on, then
{"token": ...}. Arguments: FLOW AUTHORITY TENANT CLIENT_ID USERNAME SCOPE. The
password is one line on standard input.
"""

import json
import sys

from azure.identity import (
    DeviceCodeCredential,
    InteractiveBrowserCredential,
    UsernamePasswordCredential,
)


def say(event):
    print(json.dumps(event), flush=True)


def main():
    flow, authority, tenant, client, username, scope = sys.argv[1:]
    common = {
        "authority": authority,
        "tenant_id": tenant,
        "client_id": client,
        "disable_instance_discovery": True,
        # What azure-identity 1.13.0b2 (Debian 12) calls it.
        "instance_discovery": False,
    }
    if flow == "browser":
        credential = InteractiveBrowserCredential(login_hint=username, **common)
    elif flow == "devicecode":
        credential = DeviceCodeCredential(
            prompt_callback=lambda uri, code, expires_on: say(
                {"device": {"user_code": code, "verification_uri": uri}}
            ),
            **common,
        )
    else:
        credential = UsernamePasswordCredential(
            username=username, password=sys.stdin.readline().rstrip("\n"), **common
        )
    first = credential.get_token(scope)
    again = credential.get_token(scope)
    say({"token": first.token, "expires_on": first.expires_on, "cached": again.token == first.token})


main()

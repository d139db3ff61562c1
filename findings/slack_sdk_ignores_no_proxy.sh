#!/usr/bin/env bash
# slack-sdk 3.47.0: the Web API clients take HTTP(S)_PROXY from the environment and ignore NO_PROXY.
#
# Guess written down before the run: NO_PROXY=127.0.0.1 exempts a client whose base_url is on 127.0.0.1, as it does
# for curl, requests and aiohttp's trust_env.
# Behaviour: the proxy is read when the client is constructed, before any host is known, and is used for every host.
# A local test server then seems to be down, because the requests go to the proxy.
# Output seen:
#   proxy of a client for http://127.0.0.1:1/api/ with NO_PROXY=127.0.0.1: http://127.0.0.1:9
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check slack-sdk==3.47.0 aiohttp==3.14.5
HTTP_PROXY=http://127.0.0.1:9 HTTPS_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1 "$work/venv/bin/python" - <<'PY'
from slack_sdk.web.async_client import AsyncWebClient

client = AsyncWebClient(token="x", base_url="http://127.0.0.1:1/api/")
print(f"proxy of a client for {client.base_url} with NO_PROXY=127.0.0.1: {client.proxy}")
assert client.proxy == "http://127.0.0.1:9"
PY

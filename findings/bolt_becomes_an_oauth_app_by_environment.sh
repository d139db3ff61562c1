#!/usr/bin/env bash
# slack-bolt 1.30.0: an app that is given a client with a bot token stops using that token if two unrelated
# environment variables are set.
#
# Guess written down before the run: explicit arguments win over the environment. An AsyncApp constructed with
# `client=AsyncWebClient(token=...)` and without `oauth_settings` is a single-workspace app, whatever is exported.
# Behaviour: with SLACK_CLIENT_ID and SLACK_CLIENT_SECRET set (the names that Slack's own tutorials use in .env files),
# Bolt builds an OAuth flow with a file-based installation store, discards the token, and every request is authorized
# against that (empty) store. One log line at info level says that default settings were loaded.
# Output seen:
#   without the variables: oauth_flow=None, token kept=True
#   with the variables: oauth_flow=AsyncOAuthFlow, token kept=False
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check slack-bolt==1.30.0 slack-sdk==3.47.0 aiohttp==3.14.5
cd "$work"
run() {
  "$work/venv/bin/python" - "$1" <<'PY'
import logging
import sys

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

logging.disable(logging.CRITICAL)
app = AsyncApp(client=AsyncWebClient(token="xoxb-1"), signing_secret="s")
flow, kept = type(app.oauth_flow).__name__.replace("NoneType", "None"), app._token == "xoxb-1"
print(f"{sys.argv[1]} the variables: oauth_flow={flow}, token kept={kept}")
expected = ("None", True) if sys.argv[1] == "without" else ("AsyncOAuthFlow", False)
sys.exit((flow, kept) != expected)
PY
}
env -u SLACK_CLIENT_ID -u SLACK_CLIENT_SECRET bash -c "$(declare -f run); work=$work run without"
SLACK_CLIENT_ID=1.2 SLACK_CLIENT_SECRET=x run with

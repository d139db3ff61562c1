"""The rules: pure functions over frozen values. Nothing here knows Temporal, Slack, SQL or a clock."""

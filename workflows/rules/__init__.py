"""The rules: pure functions over frozen values, without Temporal, Slack, SQL or a clock."""

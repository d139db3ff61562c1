"""The bot: listens to people in Slack, and to operators on the command line."""

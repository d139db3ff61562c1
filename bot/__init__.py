"""The bot: its doors (Slack, HTTP, command line, App Home) and the actions behind them."""

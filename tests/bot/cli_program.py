"""Runs `countersign` like the installed program, but with short pauses between its polls."""

import sys

from bot.cli import execution, main, order_look

POLL_INTERVAL = 0.05

if __name__ == "__main__":
    execution.POLL_INTERVAL = order_look.POLL_INTERVAL = POLL_INTERVAL
    sys.argv[0] = "countersign"
    main.program()

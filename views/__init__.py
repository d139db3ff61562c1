"""Block Kit and message text, rendered from snapshots. Pure: no I/O, no clock."""

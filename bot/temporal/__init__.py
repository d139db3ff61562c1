"""The Temporal client: start, update, query, schedules."""

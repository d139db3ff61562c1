"""Activities: they implement the ports, and touch Slack and the database."""

"""Activities: the implementations of the ports, on Slack, the database, mail and the payment gateway."""

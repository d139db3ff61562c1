"""The HTTP door: the orders API and the payment webhook."""

"""Listeners: one file per feature, each with a `register`."""

from slack_bolt.async_app import AsyncApp

from bot.listeners import approvals, errors, orders
from bot.listeners.services import Services


def register_listeners(app: AsyncApp, services: Services) -> None:
    """Register every feature's listeners."""
    approvals.register(app, services)
    orders.register(app, services)
    errors.register(app, services)

"""Listeners: one file per feature, each with a `register`."""

from slack_bolt.async_app import AsyncApp

from bot.listeners import (
    approvals,
    bulk,
    commands,
    delegation,
    details,
    directory,
    errors,
    home,
    hr,
    more,
    order_form,
    orders,
    requests,
    thread_comments,
)
from bot.listeners.services import Services


def register_listeners(app: AsyncApp, services: Services) -> None:
    """Register every feature's listeners."""
    commands.register(app, services)
    requests.register(app, services)
    approvals.register(app, services)
    more.register(app, services)
    details.register(app, services)
    home.register(app, services)
    bulk.register(app, services)
    delegation.register(app, services)
    directory.register(app, services)
    order_form.register(app, services)
    orders.register(app, services)
    hr.register(app, services)
    thread_comments.register(app, services)
    errors.register(app, services)

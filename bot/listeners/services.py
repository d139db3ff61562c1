"""What listeners work with, wired once by the entry point."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.actions.order_lookup import OrderLookup
from bot.actions.product_list import ProductList
from bot.home.board import HomeBoard
from bot.listeners.answers import Answers
from bot.policies.file import Policies
from bot.temporal.client import WorkflowClient
from records.absences import Absences
from records.audit import AuditTrail
from records.refusals import Refusals
from records.requests import Requests
from slack_api.locales import Locales


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """Everything a listener may use. `now` is the wall clock, in UTC."""

    workflows: WorkflowClient
    policies: Policies
    requests: Requests
    trail: AuditTrail
    refusals: Refusals
    absences: Absences
    orders: OrderLookup
    products: ProductList
    people: Locales
    homes: HomeBoard
    answers: Answers
    now: Callable[[], datetime]

"""The services of listeners, wired once by the entry point."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.actions.approval_lookup import ApprovalLookup
from bot.actions.execute import Commands
from bot.actions.order_lookup import OrderLookup
from bot.actions.product_list import ProductList
from bot.actions.requesters import Requesters
from bot.actions.start import Starts
from bot.listeners.answers import Answers
from bot.listeners.homes import Homes
from bot.policies.file import Policies
from records.absences import Absences
from records.audit import AuditTrail
from records.cards import Cards
from records.requests import Requests
from slack_api.locales import Locales
from slack_api.workspace import Workspace
from views.translator import Translator, personal_translator


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """Everything a listener may use.

    `now` is the wall clock, in UTC. `command` is our slash command, such as `/countersign`.
    """

    commands: Commands
    starts: Starts
    requesters: Requesters
    approvals: ApprovalLookup
    orders: OrderLookup
    policies: Policies
    requests: Requests
    trail: AuditTrail
    cards: Cards
    absences: Absences
    products: ProductList
    people: Locales
    workspace: Workspace
    homes: Homes
    answers: Answers
    now: Callable[[], datetime]
    command: str

    def cached_translator(self, person: str) -> Translator:
        """Return the translator of a person without I/O, for a modal that must open at once."""
        return personal_translator(self.people.cached_locale(person))

    async def translator(self, person: str) -> Translator:
        """Return the translator of a person."""
        return personal_translator(await self.people.locale_of(person))

"""The options of `request create` and `amend`, parsed by the rules; errors name the option."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.cli.command import typed
from bot.cli.terminal import CommandError
from bot.policies.file import FORMS, Policies
from views import notices
from views.translator import ENGLISH
from workflows.rules.approvals.form import (
    DraftContent,
    DraftRequest,
    RequestFormErrors,
    read_content,
    read_request,
)
from workflows.rules.approvals.request import ApprovalRequest
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import Actor
from workflows.rules.shared.content import Content
from workflows.rules.shared.money import names_currency

_Read = TypeVar("_Read")

_OPTIONS = {
    "title": "--title",
    "text": "--text",
    "amount": "--amount",
    "links": "--link",
    "answer_within": "--answer-within",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options as typed: None if not given; an empty text removes what there is."""

    title: str | None
    text: str | None
    amount: str | None
    links: Sequence[str] | None
    answer_within: str = ""


def ask(
    policies: Policies, policy: str, request_id: str, options: Options, requester: Actor
) -> ApprovalRequest:
    """Return the request from its options.

    Raises:
        CommandError: one line for each invalid option, or the policy has its own form.
        UnknownPolicyError: there is no such policy.

    """
    if policy in FORMS:
        raise CommandError(
            f"Requests of the policy “{policy}” have a form of their own: type {FORMS[policy]} in "
            "Slack. An approval alone would carry nothing out."
        )
    draft = DraftRequest(
        request_id=request_id,
        policy=policy,
        content=_draft(options, Content(title="")),
        answer_within=options.answer_within,
    )
    rules, managers = policies.policy(policy), policies.chain_of(requester.person)
    return _reading(lambda: read_request(draft, rules, requester, managers))


def amended(snapshot: ApprovalSnapshot, options: Options) -> Content:
    """Return the current content with the options applied.

    An amount without a currency takes the policy's or, if it has none, the current amount's.

    Raises:
        CommandError: one line for each invalid option.

    """
    present = snapshot.content.amount
    currency = snapshot.currency
    if not currency and present and not names_currency(options.amount or ""):
        currency = present.currency
    content = _reading(lambda: read_content(_draft(options, snapshot.content), currency))
    amount = present if options.amount is None else content.amount
    return replace(content, fields=snapshot.content.fields, amount=amount)


def _draft(options: Options, present: Content) -> DraftContent:
    links = present.links if options.links is None else options.links
    return DraftContent(
        title=_given(options.title, "--title", present.title),
        text=_given(options.text, "--text", present.text),
        amount=_given(options.amount, "--amount", ""),
        links=typed(" ".join(links), "--link"),
    )


def _given(value: str | None, option: str, present: str) -> str:
    return present if value is None else typed(value, option)


def _reading(read: Callable[[], _Read]) -> _Read:
    try:
        return read()
    except RequestFormErrors as mistakes:
        sentences = [
            f"{_OPTIONS.get(field, field)}: {notices.field_refusal(error.code, error.data, ENGLISH)}"
            for field, error in mistakes.by_field.items()
        ]
        raise CommandError("\n".join(sentences)) from None

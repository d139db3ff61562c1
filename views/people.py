"""People as text: mentions, long lists, and the operator of a command line."""

from collections.abc import Sequence

from views.translator import Translator
from workflows.rules.approvals.snapshot import ApprovalSnapshot
from workflows.rules.people.actors import Actor


def actor_text(actor: Actor | None, t: Translator) -> str:
    """Return the actor's mention, followed by the operator if a command line was used."""
    if actor is None:
        return t("somebody")
    mention = t.mention(actor.person)
    if not actor.operator:
        return mention
    operator = t.inline(actor.operator, 60)
    return t("approval.requester.operator", who=mention, operator=operator)


def change_requester(snapshot: ApprovalSnapshot, t: Translator) -> str:
    """Return the mention of the approver who requested changes."""
    request = snapshot.change_request
    return t.mention(request.person if request else "")


def people_text(user_ids: Sequence[str], limit: int, t: Translator, *, any_of: bool = False) -> str:
    """Return the mentions of at most `limit` people, and how many more there are.

    `any_of` joins them with “or”: any one of them is enough.
    """
    mentions = [t.mention(user_id) for user_id in user_ids[:limit]]
    return with_more(mentions, len(user_ids), t, any_of=any_of)


def with_more(items: Sequence[str], total: int, t: Translator, *, any_of: bool = False) -> str:
    """Return a list of texts, and how many of the `total` are left out."""
    if more := total - len(items):
        key = "level.more_people.any" if any_of else "level.more_people"
        return t(key, people=", ".join(items), count=more)
    return t.list(items, any_of=any_of)

"""The approvers of a level: who they are, which rule found them, their delegates, and why no one may decide."""

from views.blocks import Limits
from views.explanations import rule_text
from views.people import actor_text, change_requester, people_text, with_more
from views.translator import Translator
from workflows.rules.approvals.request import Delegate, Status, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.inbox import waiting_approvers
from workflows.rules.people.actors import SourceKind

NAMED = 8
"""People named in one row of a list."""
SOURCES = 10
"""Sources listed by name."""
DELEGATES = 8
"""Delegates listed by name."""


def waiting_lines(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, limits: Limits, t: Translator
) -> list[str]:
    """Return the lines of an open level: its approvers, the rule that found them, and its deadline."""
    if level.blocked:
        lines = blocked_lines(level, t)
        if level.expires_at:
            lines.append(t("level.clock_runs", when=t.date(level.expires_at)))
        lines += [*_reassigned_lines(level, t), *excluded_lines(snapshot, t)]
        return lines + _timer_lines(level, t)
    approvals = _approvals(level)
    needed = t.count("level.needed", level.needed)
    if approvals:
        needed = t("level.given", given=approvals, needed=level.needed)
    lines = [
        t("level.asked", people=_eligible_text(snapshot, level, limits, t), needed=needed),
        *(_reassigned_lines(level, t) or [_routing_text(snapshot, level, t)]),
        *excluded_lines(snapshot, t),
        *_delegate_lines(snapshot, level, t),
    ]
    if level.expires_at:
        lines.append(t("level.deadline", when=t.date(level.expires_at)))
    return lines + _timer_lines(level, t)


def blocked_lines(level: LevelSnapshot, t: Translator) -> list[str]:
    """Return why no one may decide at a level, and which sources could not be read."""
    if not level.blocked:
        return []
    key = f"level.blocked.{level.blocked}"
    if level.standing_unknown and t.has(f"{key}.unknown"):
        key = f"{key}.unknown"
    code = t.inline(level.blocked, 80)
    lines = [t(key if t.has(key) else "level.blocked.other", code=code)]
    if level.unreadable:
        sources = _sources_text(level.unreadable, t)
        lines.append(t("level.unreadable", sources=sources))
    return lines


def excluded_lines(snapshot: ApprovalSnapshot, t: Translator) -> list[str]:
    """Return the approvers that an admin took off before an amendment; only an admin can ask them again."""
    if not snapshot.exclusions:
        return []
    people = [exclusion.person for exclusion in snapshot.exclusions]
    admins = dict.fromkeys(admin for e in snapshot.exclusions for admin in e.admins)
    who = people_text(tuple(admins), NAMED, t)
    return [t("level.excluded", people=people_text(people, NAMED, t), who=who)]


def _reassigned_lines(level: LevelSnapshot, t: Translator) -> list[str]:
    """Return which admin reassigned the level, and why; the policy's rule does not apply then."""
    if level.reassigned is None:
        return []
    admin = t.mention(level.reassigned.person)
    reason = t.inline(level.reassigned.reason, 300)
    if not reason:
        return [t("level.reassigned.private", who=admin)]
    return [t("level.reassigned", who=admin, reason=reason)]


def _timer_lines(level: LevelSnapshot, t: Translator) -> list[str]:
    """Return the number of reminders and escalations."""
    counts = []
    if level.reminders:
        counts.append(t.count("level.reminders", level.reminders))
    if level.escalations:
        counts.append(t.count("level.escalations", level.escalations))
    return [" ".join(counts)] if counts else []


def _eligible_text(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, limits: Limits, t: Translator
) -> str:
    """Return the approvers who have not decided yet; if several sources apply, each with its source."""
    waiting = undecided(level)
    if not snapshot.mention_approvers or not _has_several_sources(level):
        return approvers_text(snapshot, level, limits.people, t)
    sources = {member.person: member.source for member in level.asked}
    names = []
    for person in waiting[: limits.people]:
        name, source = t.mention(person), source_text(sources.get(person, ""), t)
        names.append(t("level.asked.by", person=name, source=source) if source else name)
    return with_more(names, len(waiting), t, any_of=needs_one(level))


def needs_one(level: LevelSnapshot) -> bool:
    """Return whether one more approval, by any of the approvers, passes the level."""
    return level.needed - _approvals(level) == 1


def _approvals(level: LevelSnapshot) -> int:
    return sum(decision.verdict is Verdict.APPROVE for decision in level.decisions)


def undecided(level: LevelSnapshot) -> tuple[str, ...]:
    """Return the eligible approvers whose decision is still missing at this level."""
    decided = {
        person for decision in level.decisions for person in (decision.seat, decision.person)
    }
    return tuple(person for person in level.eligible if person not in decided)


def approvers_text(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, limit: int, t: Translator
) -> str:
    """Return the approvers who have not decided, or only their number if the policy mentions no one."""
    waiting = undecided(level)
    if not snapshot.mention_approvers:
        return t.count("people", len(waiting))
    return people_text(waiting, limit, t, any_of=needs_one(level))


def _routing_text(snapshot: ApprovalSnapshot, level: LevelSnapshot, t: Translator) -> str:
    """Return by which rule and sources the approvers were found; a person named by the policy needs no source.

    A rule for any amount is left out here, since the card's summary already shows it. Whether the
    rule of a private card is for any amount is private.
    """
    sources = _sources_text(level.sources, t)
    key = "sources"
    if all(_names_a_person(source) for source in level.sources):
        key = "named"
    elif _has_several_sources(level) and snapshot.mention_approvers:
        key = "each"
    always = ".always" if snapshot.rule.is_always and not snapshot.hidden else ""
    rule = rule_text(snapshot.rule, t)
    return t(f"level.asked.{key}{always}", rule=rule, sources=sources)


def _has_several_sources(level: LevelSnapshot) -> bool:
    """Return whether the approvers come from different sources that are worth showing."""
    return len(level.sources) > 1 and not all(_names_a_person(source) for source in level.sources)


def _names_a_person(source: str) -> bool:
    return source.startswith(f"{SourceKind.USER}:")


def _sources_text(sources: tuple[str, ...], t: Translator) -> str:
    texts = [source_text(source, t) for source in sources[:SOURCES]]
    return with_more(texts, len(sources), t)


def source_text(source: str, t: Translator) -> str:
    """Return a source such as `group:sales-leads`, `manager` or `user:U0BORIS` as text."""
    kind, _, value = source.partition(":")
    escaped = t.inline(value, 60)
    match kind:
        case SourceKind.USER if value:
            return t("source.user")
        case SourceKind.EMAIL if value:
            return t("source.email", value=escaped)
        case SourceKind.GROUP if value:
            return t("source.group", value=escaped)
        case SourceKind.MANAGER if not value:
            return t("source.manager")
        case SourceKind.MANAGER:
            return t("source.manager.up", value=escaped)
    return t.inline(source, 60)


def _delegate_lines(snapshot: ApprovalSnapshot, level: LevelSnapshot, t: Translator) -> list[str]:
    """Return the delegates of approvers who have not decided yet."""
    decided = {decision.seat for decision in level.decisions}
    waiting = [delegate for delegate in level.delegates if delegate.seat not in decided]
    if not waiting:
        return []
    if not snapshot.mention_approvers:
        return [t.count("level.delegates", len(waiting))]
    lines = [_delegate_text(delegate, t) for delegate in waiting[:DELEGATES]]
    if more := len(waiting) - len(lines):
        lines.append(t.count("level.delegates.more", more))
    return lines


def _delegate_text(delegate: Delegate, t: Translator) -> str:
    key = "level.stand_in"
    key += ".from" if delegate.starts else ""
    key += ".until" if delegate.ends else ""
    return t(
        key,
        person=t.mention(delegate.person),
        seat=t.mention(delegate.seat),
        starts=t.date(delegate.starts) if delegate.starts else "",
        ends=t.date(delegate.ends) if delegate.ends else "",
    )


def progress_lines(snapshot: ApprovalSnapshot, t: Translator) -> list[str]:
    """Return the next people to act and their deadline; for a closed request, the person who closed it."""
    if not snapshot.is_open:
        if snapshot.closed_by and snapshot.closed_by.person:
            return [t("home.next.by", who=actor_text(snapshot.closed_by, t))]
        return []
    if snapshot.status is Status.CHANGES_REQUESTED:
        return [t("home.next.changes", who=change_requester(snapshot, t))]
    level = snapshot.open_level
    people = list(dict.fromkeys(approver.seat for approver in waiting_approvers(snapshot)))
    if level is None or level.blocked == "approvers_unread":
        return [t("home.next.opening")]
    if not people:
        return [t("home.next.blocked")]
    text = t(
        "home.next.waits",
        people=people_text(people, NAMED, t, any_of=needs_one(level)),
        number=level.number,
        in_all=snapshot.levels_in_all,
        name=t.inline(level.name, 80),
    )
    deadline = [t("home.deadline", when=t.date(level.expires_at))] if level.expires_at else []
    return [text, *deadline]

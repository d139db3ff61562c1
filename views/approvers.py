"""Who is asked at a level, by which rule, who stands in for whom, and why nobody may decide."""

from collections.abc import Sequence

from views.blocks import Room
from views.explanations import rule_words
from views.translator import Translator
from workflows.rules.approvals.request import Delegate, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.people.actors import SourceKind

SOURCES = 10
"""Sources listed by name."""
STAND_INS = 8


def open_words(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, room: Room, t: Translator
) -> list[str]:
    """Return the lines about a level that waits: who is asked, by which rule, until when."""
    if level.blocked:
        words = blocked_words(level, t)
        if level.expires_at:
            words.append(t("level.clock_runs", when=t.date(level.expires_at)))
        return words + _reassigned_words(level, t) + _clock_words(level, t)
    given = sum(one.verdict is Verdict.APPROVE for one in level.decisions)
    needed = t.count("level.needed", level.needed)
    if given:
        needed = t("level.given", given=given, needed=level.needed)
    words = [
        t("level.asked", people=_asked_people(snapshot, level, room, t), needed=needed),
        *(_reassigned_words(level, t) or [_why_asked(snapshot, level, t)]),
        *_stand_in_words(snapshot, level, t),
    ]
    if level.expires_at:
        words.append(t("level.deadline", when=t.date(level.expires_at)))
    return words + _clock_words(level, t)


def blocked_words(level: LevelSnapshot, t: Translator) -> list[str]:
    """Return why nobody may decide at a level, and which sources could not be read."""
    if not level.blocked:
        return []
    key = f"level.blocked.{level.blocked}"
    code = t.inline(level.blocked, 80)
    words = [t(key if t.has(key) else "level.blocked.other", code=code)]
    if level.unreadable:
        sources = _listed_sources(level.unreadable, t)
        words.append(t("level.unreadable", sources=sources))
    return words


def _reassigned_words(level: LevelSnapshot, t: Translator) -> list[str]:
    """Return which admin has named the approvers and why: then it is not the policy that did."""
    if level.reassigned is None:
        return []
    who = t.mention(level.reassigned.person)
    reason = t.inline(level.reassigned.reason, 300)
    if not reason:
        return [t("level.reassigned.private", who=who)]
    return [t("level.reassigned", who=who, reason=reason)]


def _clock_words(level: LevelSnapshot, t: Translator) -> list[str]:
    """Return what the clock has done so far."""
    words = []
    if level.reminders:
        words.append(t.count("level.reminders", level.reminders))
    if level.escalations:
        words.append(t.count("level.escalations", level.escalations))
    return [" ".join(words)] if words else []


def _asked_people(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, room: Room, t: Translator
) -> str:
    """Return those asked; where several sources name them, each with the source that does."""
    if not snapshot.mention_approvers or not _several(level):
        return people_of(snapshot, level.eligible, room.people, t)
    sources = {one.person: one.source for one in level.asked}
    names = []
    for one in level.eligible[: room.people]:
        name, source = t.mention(one), source_words(sources.get(one, ""), t)
        names.append(t("level.asked.by", person=name, source=source) if source else name)
    return _with_more(names, len(level.eligible), t)


def people_of(snapshot: ApprovalSnapshot, ids: tuple[str, ...], limit: int, t: Translator) -> str:
    """Return people by mention, or, where nobody is to be notified, their number."""
    if not snapshot.mention_approvers:
        return t.count("people", len(ids))
    return named(ids, limit, t)


def named(ids: Sequence[str], limit: int, t: Translator) -> str:
    """Return people by mention, and how many more there are."""
    return _with_more([t.mention(one) for one in ids[:limit]], len(ids), t)


def _with_more(shown: list[str], in_all: int, t: Translator) -> str:
    if more := in_all - len(shown):
        return t("level.more_people", people=", ".join(shown), count=more)
    return t.list(shown)


def _why_asked(snapshot: ApprovalSnapshot, level: LevelSnapshot, t: Translator) -> str:
    """Tell approvers by which rule they were asked; a named person needs no further source.

    The words of a rule that asks whatever the amount tell nobody anything; its summary has them.
    """
    sources = _listed_sources(level.sources, t)
    key = "sources"
    if all(_is_name(source) for source in level.sources):
        key = "named"
    elif _several(level) and snapshot.mention_approvers:
        key = "each"
    always = ".always" if snapshot.rule.is_always else ""
    rule = rule_words(snapshot.rule, t)
    return t(f"level.asked.{key}{always}", rule=rule, sources=sources)


def _several(level: LevelSnapshot) -> bool:
    """Say whether people differ in how they were found; whom the policy names needs no telling."""
    return len(level.sources) > 1 and not all(_is_name(source) for source in level.sources)


def _is_name(source: str) -> bool:
    return source.startswith(f"{SourceKind.USER}:")


def _listed_sources(sources: tuple[str, ...], t: Translator) -> str:
    shown = [source_words(source, t) for source in sources[:SOURCES]]
    return _with_more(shown, len(sources), t)


def source_words(source: str, t: Translator) -> str:
    """Return a source such as `group:sales-leads`, `manager`, `user:U0BORIS` in words."""
    kind, _, value = source.partition(":")
    shown = t.inline(value, 60)
    match kind:
        case SourceKind.USER if value:
            return t("source.user")
        case SourceKind.EMAIL if value:
            return t("source.email", value=shown)
        case SourceKind.GROUP if value:
            return t("source.group", value=shown)
        case SourceKind.MANAGER if not value:
            return t("source.manager")
        case SourceKind.MANAGER:
            return t("source.manager.up", value=shown)
    return t.inline(source, 60)


def _stand_in_words(snapshot: ApprovalSnapshot, level: LevelSnapshot, t: Translator) -> list[str]:
    """Return who stands in for whom at a seat that nobody has filled yet."""
    filled = {said.seat for said in level.decisions}
    waiting = [one for one in level.delegates if one.seat not in filled]
    if not waiting:
        return []
    if not snapshot.mention_approvers:
        return [t.count("level.delegates", len(waiting))]
    words = [_stand_in(one, t) for one in waiting[:STAND_INS]]
    if more := len(waiting) - len(words):
        words.append(t.count("level.delegates.more", more))
    return words


def _stand_in(one: Delegate, t: Translator) -> str:
    key = "level.stand_in"
    key += ".from" if one.starts else ""
    key += ".until" if one.ends else ""
    return t(
        key,
        person=t.mention(one.person),
        seat=t.mention(one.seat),
        starts=t.date(one.starts) if one.starts else "",
        ends=t.date(one.ends) if one.ends else "",
    )

"""Who is asked at a level, by which rule, who stands in for whom, and why nobody may decide."""

from collections.abc import Sequence

from bot.views.blocks import Room
from bot.views.text import counted, date, has_text, in_line, listed, person, text
from bot.views.why import rule_words
from workflows.rules.face import ApprovalFace, LevelFace
from workflows.rules.people import SourceKind
from workflows.rules.request import Delegate, Verdict

SOURCES = 10
"""Sources listed by name."""
STAND_INS = 8


def open_words(face: ApprovalFace, level: LevelFace, room: Room) -> list[str]:
    """Return the lines about a level that waits: who is asked, by which rule, until when."""
    locale = face.language
    if level.blocked:
        words = blocked_words(level, locale)
        if level.expires_at:
            words.append(text("level.clock_runs", locale, when=date(level.expires_at, locale)))
        return words + _reassigned_words(level, locale) + _clock_words(level, locale)
    given = sum(one.verdict is Verdict.APPROVE for one in level.decisions)
    needed = counted("level.needed", level.needed, locale)
    if given:
        needed = text("level.given", locale, given=given, needed=level.needed)
    words = [
        text("level.asked", locale, people=_asked_people(face, level, room), needed=needed),
        *(_reassigned_words(level, locale) or [_why_asked(face, level)]),
        *_stand_in_words(face, level),
    ]
    if level.expires_at:
        words.append(text("level.deadline", locale, when=date(level.expires_at, locale)))
    return words + _clock_words(level, locale)


def blocked_words(level: LevelFace, locale: str) -> list[str]:
    """Return why nobody may decide at a level, and which sources could not be read."""
    if not level.blocked:
        return []
    key = f"level.blocked.{level.blocked}"
    code = in_line(level.blocked, 80, locale)
    words = [text(key if has_text(key) else "level.blocked.other", locale, code=code)]
    if level.unreadable:
        sources = _listed_sources(level.unreadable, locale)
        words.append(text("level.unreadable", locale, sources=sources))
    return words


def _reassigned_words(level: LevelFace, locale: str) -> list[str]:
    """Return which admin has named the approvers and why: then it is not the policy that did."""
    if level.reassigned is None:
        return []
    who = person(level.reassigned.person, locale)
    reason = in_line(level.reassigned.reason, 300, locale)
    if not reason:
        return [text("level.reassigned.private", locale, who=who)]
    return [text("level.reassigned", locale, who=who, reason=reason)]


def _clock_words(level: LevelFace, locale: str) -> list[str]:
    """Return what the clock has done so far."""
    words = []
    if level.reminders:
        words.append(counted("level.reminders", level.reminders, locale))
    if level.escalations:
        words.append(counted("level.escalations", level.escalations, locale))
    return [" ".join(words)] if words else []


def _asked_people(face: ApprovalFace, level: LevelFace, room: Room) -> str:
    """Return the approvers who have not decided yet, each with its source if several sources apply."""
    left = waiting(level)
    if not face.mention_approvers or not _several(level):
        return people_of(face, left, room.people)
    locale = face.language
    sources = {one.person: one.source for one in level.asked}
    names = []
    for one in left[: room.people]:
        name, source = person(one, locale), source_words(sources.get(one, ""), locale)
        names.append(text("level.asked.by", locale, person=name, source=source) if source else name)
    return _with_more(names, len(left), locale)


def waiting(level: LevelFace) -> tuple[str, ...]:
    """Return the eligible approvers whose decision is still missing at this level."""
    filled = {person_id for said in level.decisions for person_id in (said.seat, said.person)}
    return tuple(person_id for person_id in level.eligible if person_id not in filled)


def people_of(face: ApprovalFace, ids: tuple[str, ...], limit: int) -> str:
    """Return people by mention, or, where nobody is to be notified, their number."""
    locale = face.language
    if not face.mention_approvers:
        return counted("people", len(ids), locale)
    return named(ids, limit, locale)


def named(ids: Sequence[str], limit: int, locale: str) -> str:
    """Return people by mention, and how many more there are."""
    return _with_more([person(one, locale) for one in ids[:limit]], len(ids), locale)


def _with_more(shown: list[str], in_all: int, locale: str) -> str:
    if more := in_all - len(shown):
        return text("level.more_people", locale, people=", ".join(shown), count=more)
    return listed(shown, locale)


def _why_asked(face: ApprovalFace, level: LevelFace) -> str:
    """Tell approvers by which rule they were asked; a named person needs no further source.

    The words of a rule that asks whatever the amount tell nobody anything; its summary has them.
    """
    locale = face.language
    sources = _listed_sources(level.sources, locale)
    key = "sources"
    if all(_is_name(source) for source in level.sources):
        key = "named"
    elif _several(level) and face.mention_approvers:
        key = "each"
    always = ".always" if face.rule.is_always else ""
    rule = rule_words(face.rule, locale)
    return text(f"level.asked.{key}{always}", locale, rule=rule, sources=sources)


def _several(level: LevelFace) -> bool:
    """Say whether people differ in how they were found; whom the policy names needs no telling."""
    return len(level.sources) > 1 and not all(_is_name(source) for source in level.sources)


def _is_name(source: str) -> bool:
    return source.startswith(f"{SourceKind.USER}:")


def _listed_sources(sources: tuple[str, ...], locale: str) -> str:
    shown = [source_words(source, locale) for source in sources[:SOURCES]]
    return _with_more(shown, len(sources), locale)


def source_words(source: str, locale: str) -> str:
    """Return a source such as `group:sales-leads`, `manager`, `user:U0BORIS` in words."""
    kind, _, value = source.partition(":")
    shown = in_line(value, 60, locale)
    match kind:
        case SourceKind.USER if value:
            return text("source.user", locale)
        case SourceKind.EMAIL if value:
            return text("source.email", locale, value=shown)
        case SourceKind.GROUP if value:
            return text("source.group", locale, value=shown)
        case SourceKind.MANAGER if not value:
            return text("source.manager", locale)
        case SourceKind.MANAGER:
            return text("source.manager.up", locale, value=shown)
    return in_line(source, 60, locale)


def _stand_in_words(face: ApprovalFace, level: LevelFace) -> list[str]:
    """Return who stands in for whom at a seat that nobody has filled yet."""
    locale = face.language
    filled = {said.seat for said in level.decisions}
    waiting = [one for one in level.delegates if one.seat not in filled]
    if not waiting:
        return []
    if not face.mention_approvers:
        return [counted("level.delegates", len(waiting), locale)]
    words = [_stand_in(one, locale) for one in waiting[:STAND_INS]]
    if more := len(waiting) - len(words):
        words.append(counted("level.delegates.more", more, locale))
    return words


def _stand_in(one: Delegate, locale: str) -> str:
    key = "level.stand_in"
    key += ".from" if one.starts else ""
    key += ".until" if one.ends else ""
    return text(
        key,
        locale,
        person=person(one.person, locale),
        seat=person(one.seat, locale),
        starts=date(one.starts, locale) if one.starts else "",
        ends=date(one.ends, locale) if one.ends else "",
    )

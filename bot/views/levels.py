"""Who is asked, what they said and how it ended, as blocks and as sentences."""

from bot.views.blocks import Block, Room, context, mrkdwn, plain, said
from bot.views.ids import BlockId
from bot.views.text import counted, date, has_text, in_line, listed, person, text
from workflows.rules.face import ApprovalFace, LevelFace
from workflows.rules.people import Actor
from workflows.rules.request import Counted, Status


def is_decidable(face: ApprovalFace) -> bool:
    """Say whether anybody may decide now: only then a card carries buttons."""
    level = face.open_level
    return level is not None and not level.blocked


def level_blocks(face: ApprovalFace, room: Room) -> list[Block]:
    """Return each reached level with its decisions, the latest ones where there are many."""
    locale = face.language
    shown = face.levels[-room.levels :]
    left = room.decisions
    blocks: list[Block] = []
    for level in reversed(shown):
        decisions = level.decisions[-left:] if left else ()
        left -= len(decisions)
        earlier = len(level.decisions) - len(decisions)
        blocks = [
            said(f"{BlockId.LEVEL}-{level.number}", _level_words(face, level, room), locale),
            *_earlier_block(level, earlier, locale),
            *(
                _decision_block(f"{level.number}-{number}", face, one, room)
                for number, one in enumerate(decisions, start=earlier + 1)
            ),
            *blocks,
        ]
    if hidden := len(face.levels) - len(shown):
        words = counted("level.earlier", hidden, locale)
        blocks.insert(0, context(f"{BlockId.EARLIER}-levels", mrkdwn(words, 200, locale)))
    return blocks


def _earlier_block(level: LevelFace, earlier: int, locale: str) -> list[Block]:
    if not earlier:
        return []
    words = counted("decision.earlier", earlier, locale)
    return [context(f"{BlockId.EARLIER}-{level.number}", mrkdwn(words, 200, locale))]


def _decision_block(number: str, face: ApprovalFace, said_: Counted, room: Room) -> Block:
    locale = face.language
    words = text(
        f"decision.{said_.verdict}", locale, who=person(said_.person, locale), when=date(said_.at)
    )
    elements = [mrkdwn(words, 300, locale)]
    if said_.reason.strip() and not _is_closing(face, said_):
        quote = text("quote", locale, reason=said_.reason.strip())
        elements.append(plain(quote, room.reason, locale))
    return context(f"{BlockId.DECISION}-{number}", *elements)


def _is_closing(face: ApprovalFace, said_: Counted) -> bool:
    """Say whether the outcome repeats this decision's reason anyway."""
    by = face.closed_by
    return by is not None and by.person == said_.person and face.closing_reason == said_.reason


def _level_words(face: ApprovalFace, level: LevelFace, room: Room) -> str:
    locale = face.language
    title = text(
        "level.title",
        locale,
        number=level.number,
        in_all=face.levels_in_all,
        name=in_line(level.name, 80, locale),
        state=text(f"level.{_level_state(face, level)}", locale),
    )
    if level.passed or face.status is not Status.PENDING:
        return title
    lines = [title, *_open_words(face, level, room)]
    if later := face.levels_in_all - level.number:
        lines.append(counted("level.later", later, locale))
    return "\n".join(lines)


def _level_state(face: ApprovalFace, level: LevelFace) -> str:
    if level.passed:
        return "passed"
    if face.status is not Status.PENDING:
        return "closed"
    if level.blocked == "approvers_unread":
        return "opening"
    return "blocked" if level.blocked else "open"


def _open_words(face: ApprovalFace, level: LevelFace, room: Room) -> list[str]:
    locale = face.language
    if level.blocked:
        words = [_blocked_words(level.blocked, locale)]
        if level.expires_at:
            words.append(text("level.clock_runs", locale, when=date(level.expires_at)))
        return words
    given = sum(one.verdict == "approve" for one in level.decisions)
    needed = counted("level.needed", level.needed, locale)
    if given:
        needed = text("level.given", locale, given=given, needed=level.needed)
    asked = people_of(face, level.eligible, room.people)
    words = [
        text("level.asked", locale, people=asked, needed=needed),
        _why_asked(face, level),
    ]
    if level.expires_at:
        words.append(text("level.deadline", locale, when=date(level.expires_at)))
    return words


def _blocked_words(code: str, locale: str) -> str:
    key = f"level.blocked.{code}"
    if has_text(key):
        return text(key, locale)
    return text("level.blocked.other", locale, code=in_line(code, 80, locale))


def _why_asked(face: ApprovalFace, level: LevelFace) -> str:
    """Tell approvers by which rule they were asked; a named person needs no further source."""
    locale = face.language
    rule = in_line(face.rule, 200, locale)
    others = [source for source in level.sources if not source.startswith("user:")]
    if not others:
        return text("level.asked.named", locale, rule=rule)
    sources = listed([in_line(source, 60, locale) for source in level.sources[:10]], locale)
    return text("level.asked.sources", locale, rule=rule, sources=sources)


def people_of(face: ApprovalFace, ids: tuple[str, ...], limit: int) -> str:
    """Return people by mention, or, where nobody is to be notified, their number."""
    locale = face.language
    if not face.mention_approvers:
        return counted("people", len(ids), locale)
    names = [person(one, locale) for one in ids[:limit]]
    if more := len(ids) - len(names):
        return text("level.more_people", locale, people=", ".join(names), count=more)
    return listed(names, locale)


def who(actor: Actor | None, locale: str) -> str:
    """Return the person as a mention, with the operator where a command line was used."""
    if actor is None:
        return text("somebody", locale)
    name = person(actor.person, locale)
    if not actor.operator:
        return name
    operator = in_line(actor.operator, 60, locale)
    return text("approval.requester.operator", locale, who=name, operator=operator)


def outcome_blocks(face: ApprovalFace, room: Room) -> list[Block]:
    """Return how a closed request ended: which outcome, who, when, why, by which rule."""
    if face.status is Status.PENDING:
        return []
    blocks = [said(BlockId.OUTCOME, _outcome_words(face), face.language)]
    if face.closing_reason.strip():
        words = text("outcome.reason", face.language, reason=face.closing_reason.strip())
        quote = plain(words, room.reason * 2, face.language)
        blocks.append(context(BlockId.CLOSING_REASON, quote))
    return blocks


def _outcome_words(face: ApprovalFace) -> str:
    locale = face.language
    rule = in_line(face.rule, 200, locale)
    key = f"outcome.why.{face.closing_rule}"
    code = in_line(face.closing_rule, 80, locale)
    why = text(key if has_text(key) else "outcome.why.other", locale, rule=rule, code=code)
    when = date(face.closed_at) if face.closed_at else ""
    return text(
        _by_clock("outcome", face), locale, who=who(face.closed_by, locale), when=when, why=why
    )


def short_outcome(face: ApprovalFace) -> str:
    """Return the outcome in a few words, for notifications and for an order's summary."""
    locale = face.language
    return text(_by_clock("outcome.short", face), locale, who=who(face.closed_by, locale))


def _by_clock(key: str, face: ApprovalFace) -> str:
    """Return the key of the sentence; a request that needed nobody was approved by nobody."""
    ended = f"{key}.{face.status}"
    nobody = face.closed_by is None or not face.closed_by.person
    return f"{ended}.clock" if nobody and has_text(f"{ended}.clock") else ended

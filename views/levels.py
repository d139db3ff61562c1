"""The levels that were reached, as blocks: how far each is, and what was said there."""

from views.approvers import open_words
from views.blocks import Block, Room, context, mrkdwn, plain, said
from views.ids import BlockId
from views.outcome import closing_decision
from views.text import counted, date, in_line, person, text
from workflows.rules.approvals.request import RecordedDecision, Status, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot


def is_decidable(snapshot: ApprovalSnapshot) -> bool:
    """Say whether anybody may decide now: only then a card offers to approve and reject."""
    level = snapshot.open_level
    return level is not None and not level.blocked


def is_blocked(snapshot: ApprovalSnapshot) -> bool:
    """Say whether nobody may decide on the open level, though it is known who should."""
    level = snapshot.open_level
    return level is not None and level_state(snapshot, level) == "blocked"


def level_blocks(snapshot: ApprovalSnapshot, room: Room) -> list[Block]:
    """Return each reached level with its decisions, the latest ones where there are many."""
    locale = snapshot.language
    shown = snapshot.levels[-room.levels :]
    left = room.decisions
    blocks: list[Block] = []
    for level in reversed(shown):
        told = _told_elsewhere(snapshot, level)
        in_all = [one for one in level.decisions if one is not told]
        decisions = in_all[-left:] if left else []
        left -= len(decisions)
        if _says_nothing_new(snapshot, in_all):
            continue
        blocks = [*_level(snapshot, level, in_all, decisions, room), *blocks]
    if snapshot.status is Status.PENDING and snapshot.open_level is None:
        blocks.append(said(f"{BlockId.LEVEL}-next", text("level.next", locale), locale))
    if hidden := len(snapshot.levels) - len(shown):
        words = counted("level.earlier", hidden, locale)
        blocks.insert(0, context(f"{BlockId.EARLIER}-levels", mrkdwn(words, 200, locale)))
    return blocks


def one_level_blocks(snapshot: ApprovalSnapshot, level: LevelSnapshot, room: Room) -> list[Block]:
    """Return one level with its decisions: what its reply in a thread shows."""
    told = _told_elsewhere(snapshot, level)
    in_all = [one for one in level.decisions if one is not told]
    return _level(snapshot, level, in_all, in_all[-room.decisions :], room)


def _level(
    snapshot: ApprovalSnapshot,
    level: LevelSnapshot,
    in_all: list[RecordedDecision],
    shown: list[RecordedDecision],
    room: Room,
) -> list[Block]:
    earlier = len(in_all) - len(shown)
    return [
        said(
            f"{BlockId.LEVEL}-{level.number}",
            _level_words(snapshot, level, room),
            snapshot.language,
        ),
        *_earlier_block(level, earlier, snapshot.language),
        *(
            _decision_block(f"{level.number}-{number}", snapshot, one, room)
            for number, one in enumerate(shown, start=earlier + 1)
        ),
    ]


def title_of(snapshot: ApprovalSnapshot, number: int, state: str) -> str:
    """Return which level it is, by what name, and how far it is, on one line."""
    locale = snapshot.language
    known = snapshot.level_names or tuple(level.name for level in snapshot.levels)
    name = known[number - 1] if number <= len(known) else ""
    return text(
        "level.title",
        locale,
        number=number,
        in_all=snapshot.levels_in_all,
        name=in_line(name, 80, locale) or "-",
        state=text(f"level.{state}", locale),
    )


def _told_elsewhere(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> RecordedDecision | None:
    """Return the decision that the outcome, or the wish for changes, tells already."""
    if level is not snapshot.levels[-1]:
        return None
    if not snapshot.is_open:
        return closing_decision(snapshot)
    last = level.decisions[-1] if level.decisions else None
    wished = last is not None and last.verdict is Verdict.REQUEST_CHANGES
    return last if wished and snapshot.status is Status.CHANGES_REQUESTED else None


def _says_nothing_new(snapshot: ApprovalSnapshot, decisions: list[RecordedDecision]) -> bool:
    """Say whether the only level of a closed request has nothing that the outcome does not say."""
    return not snapshot.is_open and snapshot.levels_in_all == 1 and not decisions


def _earlier_block(level: LevelSnapshot, earlier: int, locale: str) -> list[Block]:
    if not earlier:
        return []
    words = counted("decision.earlier", earlier, locale)
    return [context(f"{BlockId.EARLIER}-{level.number}", mrkdwn(words, 200, locale))]


def _decision_block(
    number: str, snapshot: ApprovalSnapshot, said_: RecordedDecision, room: Room
) -> Block:
    locale = snapshot.language
    key = f"decision.{said_.verdict}"
    words = text(
        f"{key}.for" if said_.seat != said_.person else key,
        locale,
        who=person(said_.person, locale),
        seat=person(said_.seat, locale),
        when=date(said_.at, locale),
    )
    elements = [mrkdwn(words, 300, locale)]
    if said_.reason.strip():
        quote = text("quote", locale, reason=said_.reason.strip())
        elements.append(plain(quote, room.reason, locale))
    return context(f"{BlockId.DECISION}-{number}", *elements)


def _level_words(snapshot: ApprovalSnapshot, level: LevelSnapshot, room: Room) -> str:
    locale = snapshot.language
    title = text(
        "level.title",
        locale,
        number=level.number,
        in_all=snapshot.levels_in_all,
        name=in_line(level.name, 80, locale),
        state=text(f"level.{level_state(snapshot, level)}", locale),
    )
    if level.passed or snapshot.status is not Status.PENDING:
        return title
    lines = [title, *open_words(snapshot, level, room)]
    if later := snapshot.levels_in_all - level.number:
        lines.append(counted("level.later", later, locale))
    return "\n".join(lines)


def level_state(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> str:
    """Return how far a reached level is, as the catalogue names it."""
    if level.passed:
        return "passed"
    if snapshot.status is Status.CHANGES_REQUESTED:
        return "waiting"
    if not snapshot.is_open:
        return "closed"
    if level.blocked == "approvers_unread":
        return "opening"
    return "blocked" if level.blocked else "open"

"""The levels of an approval: their states and decisions."""

from views.approvers import waiting_lines
from views.blocks import Block, Limits, context, mrkdwn, note, plain, text_block
from views.ids import BlockId
from views.outcome import closing_decision
from views.translator import Translator
from workflows.rules.approvals.request import RecordedDecision, Status, Verdict
from workflows.rules.approvals.snapshot import ApprovalSnapshot, LevelSnapshot
from workflows.rules.ended_outside import ENDED_OUTSIDE


def is_decidable(snapshot: ApprovalSnapshot) -> bool:
    """Return whether someone may decide now; only then does a card have Approve and Reject."""
    level = snapshot.open_level
    return level is not None and not level.blocked


def is_blocked(snapshot: ApprovalSnapshot) -> bool:
    """Return whether no one may decide at the open level, although its approvers were looked up."""
    level = snapshot.open_level
    return level is not None and level_state(snapshot, level) == "blocked"


def state_name(snapshot: ApprovalSnapshot) -> str:
    """Return the key of the request's state, `approval.KEY` in the catalogue: its status or why it has none."""
    if snapshot.closing_rule == ENDED_OUTSIDE:
        return ENDED_OUTSIDE
    return "blocked" if is_blocked(snapshot) else snapshot.status.value


def level_blocks(snapshot: ApprovalSnapshot, limits: Limits, t: Translator) -> list[Block]:
    """Return each level reached with its decisions; only the latest ones if there are many."""
    levels = snapshot.levels[-limits.levels :]
    remaining = limits.decisions
    blocks: list[Block] = []
    for level in reversed(levels):
        in_all = _decisions_to_list(snapshot, level)
        decisions = in_all[-remaining:] if remaining else []
        remaining -= len(decisions)
        if _adds_nothing(snapshot, in_all):
            continue
        blocks = [*_level(snapshot, level, decisions, limits, t), *blocks]
    if snapshot.status is Status.PENDING and snapshot.open_level is None:
        blocks.append(text_block(f"{BlockId.LEVEL}-next", t("level.next"), t))
    if hidden := len(snapshot.levels) - len(levels):
        text = t.count("level.earlier", hidden)
        blocks.insert(0, note(f"{BlockId.EARLIER}-levels", text, t))
    return blocks


def one_level_blocks(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, limits: Limits, t: Translator
) -> list[Block]:
    """Return one level with its decisions, for its reply in a thread."""
    decisions = _decisions_to_list(snapshot, level)
    return _level(snapshot, level, decisions[-limits.decisions :], limits, t)


def _level(
    snapshot: ApprovalSnapshot,
    level: LevelSnapshot,
    decisions: list[RecordedDecision],
    limits: Limits,
    t: Translator,
) -> list[Block]:
    earlier = len(_decisions_to_list(snapshot, level)) - len(decisions)
    return [
        text_block(f"{BlockId.LEVEL}-{level.number}", _level_text(snapshot, level, limits, t), t),
        *_earlier_block(level, earlier, t),
        *(
            _decision_block(f"{level.number}-{number}", decision, limits, t)
            for number, decision in enumerate(decisions, start=earlier + 1)
        ),
    ]


def level_title(snapshot: ApprovalSnapshot, number: int, state: str, t: Translator) -> str:
    """Return the level's number, name and state on one line."""
    known = snapshot.level_names or tuple(level.name for level in snapshot.levels)
    name = known[number - 1] if number <= len(known) else ""
    return t(
        "level.title",
        number=number,
        in_all=snapshot.levels_in_all,
        name=t.inline(name, 80) or "-",
        state=t(f"level.{state}"),
    )


def _decisions_to_list(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> list[RecordedDecision]:
    """Return the level's decisions, without any that the card shows elsewhere."""
    elsewhere = _shown_elsewhere(snapshot, level)
    return [decision for decision in level.decisions if decision is not elsewhere]


def _shown_elsewhere(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> RecordedDecision | None:
    """Return the decision that the outcome or the change request already shows."""
    if level is not snapshot.levels[-1]:
        return None
    if not snapshot.is_open:
        return closing_decision(snapshot)
    last = level.decisions[-1] if level.decisions else None
    requests_changes = last is not None and last.verdict is Verdict.REQUEST_CHANGES
    return last if requests_changes and snapshot.status is Status.CHANGES_REQUESTED else None


def _adds_nothing(snapshot: ApprovalSnapshot, decisions: list[RecordedDecision]) -> bool:
    """Return whether the outcome already shows everything about the only level of a closed request."""
    return not snapshot.is_open and snapshot.levels_in_all == 1 and not decisions


def _earlier_block(level: LevelSnapshot, earlier: int, t: Translator) -> list[Block]:
    if not earlier:
        return []
    text = t.count("decision.earlier", earlier)
    return [note(f"{BlockId.EARLIER}-{level.number}", text, t)]


def _decision_block(
    number: str, decision: RecordedDecision, limits: Limits, t: Translator
) -> Block:
    key = f"decision.{decision.verdict}"
    text = t(
        f"{key}.for" if decision.seat != decision.person else key,
        who=t.mention(decision.person),
        seat=t.mention(decision.seat),
        when=t.date(decision.at),
    )
    elements = [mrkdwn(text, 300, t)]
    if decision.reason.strip():
        quote = t("quote", reason=decision.reason.strip())
        elements.append(plain(quote, limits.reason, t))
    return context(f"{BlockId.DECISION}-{number}", *elements)


def _level_text(
    snapshot: ApprovalSnapshot, level: LevelSnapshot, limits: Limits, t: Translator
) -> str:
    title = level_title(snapshot, level.number, level_state(snapshot, level), t)
    if level.passed or snapshot.status is not Status.PENDING:
        return title
    lines = [title, *waiting_lines(snapshot, level, limits, t)]
    if later := snapshot.levels_in_all - level.number:
        lines.append(t.count("level.later", later))
    return "\n".join(lines)


def level_state(snapshot: ApprovalSnapshot, level: LevelSnapshot) -> str:
    """Return the state of a level as the catalogue names it."""
    if level.passed:
        return "passed"
    if snapshot.status is Status.CHANGES_REQUESTED:
        return "waiting"
    if not snapshot.is_open:
        return "closed"
    if level.blocked == "approvers_unread":
        return "opening"
    return "blocked" if level.blocked else "open"

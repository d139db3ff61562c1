"""The App Home: what waits for a person, what is theirs, who is away, what they have decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from views.away_modal import absence_words
from views.blocks import (
    Block,
    View,
    actions,
    button,
    context,
    divider,
    header,
    mrkdwn,
    plain,
    said,
)
from views.home_rows import (
    Decided,
    Mine,
    ToDecide,
    decide_blocks,
    decided_blocks,
    mine_blocks,
)
from views.ids import ActionId, BlockId
from views.payload import UnreadablePayloadError, from_json, table, to_json, word
from views.text import counted, date, person, text
from workflows.rules.approvals.request import RequestKind
from workflows.rules.people.actors import Absence

ROWS = 10
"""Rows of a page."""
COUNTED = 1000
"""How far a list is counted."""
_ALL = "all"


class Tab(StrEnum):
    """What a person looks at."""

    DECIDE = "decide"
    MINE = "mine"
    AWAY = "away"
    HISTORY = "history"


class State(StrEnum):
    """Which of one's own requests are shown."""

    OPEN = "open"
    CLOSED = "closed"


_TABS = {
    ActionId.HOME_DECIDE: Tab.DECIDE,
    ActionId.HOME_MINE: Tab.MINE,
    ActionId.HOME_AWAY: Tab.AWAY,
    ActionId.HOME_HISTORY: Tab.HISTORY,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePlace:
    """What a person looks at: a tab, its filters, a page; and a sentence said to them there.

    `kind` is empty for every kind. The sentence stays until they move.
    """

    tab: Tab = Tab.DECIDE
    kind: str = ""
    state: State = State.OPEN
    page: int = 0
    notice: str = ""

    def written(self) -> str:
        """Return it as JSON."""
        return to_json(self)

    @classmethod
    def read(cls, written: str) -> "HomePlace":
        """Return what was written; where that cannot be read, the beginning."""
        try:
            kept = from_json(written, _Kept, "home")
            return cls(
                tab=Tab(kept.tab),
                kind=kept.kind,
                state=State(kept.state),
                page=kept.page,
                notice=kept.notice,
            )
        except (UnreadablePayloadError, ValueError):
            return cls()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Kept:
    tab: str
    kind: str
    state: str
    page: int
    notice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePage:
    """One page of one person's home. `in_all` counts the tab's rows, `waiting` what is to decide."""

    place: HomePlace
    waiting: int = 0
    in_all: int = 0
    to_decide: Sequence[ToDecide] = ()
    mine: Sequence[Mine] = ()
    decided: Sequence[Decided] = ()
    away: Sequence[Absence] = ()
    stands_in: Sequence[Absence] = ()


def build(page: HomePage, locale: str) -> View:
    """Return the view. Any page of at most `ROWS` rows is within Slack's limits."""
    place = page.place
    return {
        "type": "home",
        "blocks": [
            *([said(BlockId.NOTICE, place.notice, locale)] if place.notice else []),
            *_tab_blocks(page, locale),
            *_filter_blocks(place, locale),
            *_rows(page, locale),
            *_page_blocks(page, locale),
        ],
    }


def _tab_blocks(page: HomePage, locale: str) -> list[Block]:
    """Return the way to each tab: two rows, for no more than three buttons fit a phone."""
    made = []
    for action_id, tab in _TABS.items():
        label = text(f"home.tab.{tab}", locale)
        if tab is Tab.DECIDE and page.waiting:
            number = f"{COUNTED}+" if page.waiting > COUNTED else str(page.waiting)
            label = text("home.tab.decide.count", locale, count=number)
        style = "primary" if tab is page.place.tab else ""
        made.append(button(action_id, label, tab.value, style=style))
    heading = text(f"home.heading.{page.place.tab}", locale)
    return [
        actions(f"{BlockId.TABS}-1", *made[:2]),
        actions(f"{BlockId.TABS}-2", *made[2:]),
        header(BlockId.HEADER, heading, locale),
    ]


def _filter_blocks(place: HomePlace, locale: str) -> list[Block]:
    if place.tab is Tab.AWAY:
        return []
    kinds = [(_ALL, text("home.kind.all", locale))]
    kinds += [(kind.value, text(f"home.kind.{kind}", locale)) for kind in RequestKind]
    elements = [_select(ActionId.HOME_KIND, kinds, place.kind or _ALL, locale)]
    if place.tab is Tab.MINE:
        states = [(state.value, text(f"home.state.{state}", locale)) for state in State]
        elements.append(_select(ActionId.HOME_STATE, states, place.state, locale))
    # What was chosen is in the block's id: with the same one Slack would keep what it showed.
    chosen = f"{place.tab}-{place.kind or _ALL}-{place.state}"
    return [actions(f"{BlockId.FILTERS}-{chosen}"[:255], *elements)]


def _select(
    action_id: ActionId, choices: Sequence[tuple[str, str]], chosen: str, locale: str
) -> Block:
    options = {
        value: {"text": plain(words, 75, locale), "value": value} for value, words in choices
    }
    return {
        "type": "static_select",
        "action_id": action_id,
        "options": list(options.values()),
        "initial_option": options.get(chosen, options[choices[0][0]]),
    }


def _rows(page: HomePage, locale: str) -> list[Block]:
    match page.place.tab:
        case Tab.DECIDE:
            made = [decide_blocks(row, n, locale) for n, row in enumerate(page.to_decide[:ROWS])]
        case Tab.MINE:
            made = [mine_blocks(row, n, locale) for n, row in enumerate(page.mine[:ROWS])]
        case Tab.HISTORY:
            made = [decided_blocks(row, n, locale) for n, row in enumerate(page.decided[:ROWS])]
        case _:
            return _away_blocks(page, locale)
    if not made:
        key = "home.empty.filtered" if page.place.kind else f"home.empty.{page.place.tab}"
        return [said(BlockId.SUMMARY, text(key, locale), locale)]
    return [*_bulk_blocks(page, locale), *_divided(made)]


def _bulk_blocks(page: HomePage, locale: str) -> list[Block]:
    if page.place.tab is not Tab.DECIDE or len(page.to_decide) < 2:  # noqa: PLR2004 - several
        return []
    several = button(ActionId.BULK, text("button.bulk", locale), page.place.tab.value)
    return [actions(BlockId.ITEM, several)]


def _divided(rows: Sequence[list[Block]]) -> list[Block]:
    blocks: list[Block] = []
    for number, row in enumerate(rows):
        blocks += [divider(f"{BlockId.DIVIDER}-{number}"), *row]
    return blocks


def _page_blocks(page: HomePage, locale: str) -> list[Block]:
    """Return where on the list this is, and the way to its other pages."""
    place, first = page.place, page.place.page * ROWS
    shown = len(page.to_decide) + len(page.mine) + len(page.decided)
    if place.tab is Tab.AWAY or (page.in_all <= ROWS and not first):
        return []
    in_all = counted("home.in_all", page.in_all, locale)
    if page.in_all > COUNTED:
        in_all = text("home.in_all.more", locale, count=COUNTED)
    where = text("home.page", locale, first=first + 1, last=first + shown, in_all=in_all)
    if not shown:
        where = text("home.page.none", locale, in_all=in_all)
    buttons = []
    if first:
        buttons.append(button(ActionId.HOME_BACK, text("button.home_back", locale), "back"))
    if first + shown < page.in_all and shown:
        buttons.append(button(ActionId.HOME_ON, text("button.home_on", locale), "on"))
    note = context(BlockId.FOOT, mrkdwn(where, 300, locale))
    return [note, actions(BlockId.PAGES, *buttons)] if buttons else [note]


def _away_blocks(page: HomePage, locale: str) -> list[Block]:
    """Return when the person is away and who stands in, and for whom they stand in."""
    mine = [absence_words(one, locale) for one in page.away[:ROWS]]
    theirs = [_stands_in_words(one, locale) for one in page.stands_in[:ROWS]]
    label = text("button.change_away" if mine else "button.set_away", locale)
    return [
        said(f"{BlockId.ABSENCE}-mine", _lines("mine", mine, locale), locale),
        actions(BlockId.ACTIONS, button(ActionId.SET_AWAY, label, "away")),
        divider(BlockId.DIVIDER),
        said(f"{BlockId.ABSENCE}-theirs", _lines("theirs", theirs, locale), locale),
    ]


def _lines(key: str, lines: Sequence[str], locale: str) -> str:
    return "\n".join(
        [text(f"home.away.{key}" if lines else f"home.away.{key}.none", locale), *lines]
    )


def _stands_in_words(one: Absence, locale: str) -> str:
    return text(
        "home.away.for",
        locale,
        person=person(one.person, locale),
        starts=date(one.starts, locale),
        ends=date(one.ends, locale),
    )


def moved(place: HomePlace, action: Mapping[str, object]) -> HomePlace:
    """Return what a person looks at after they have pressed or chosen something that moves about.

    Raises:
        UnreadablePayloadError: it is nothing that we have put there.

    """
    chosen = word(table(action, "selected_option"), "value")
    place = replace(place, notice="")
    match word(action, "action_id"):
        case ActionId.HOME_BACK:
            return replace(place, page=max(place.page - 1, 0))
        case ActionId.HOME_ON:
            return replace(place, page=place.page + 1)
        case ActionId.HOME_KIND if chosen in {_ALL, *RequestKind}:
            return replace(place, kind="" if chosen == _ALL else chosen, page=0)
        case ActionId.HOME_STATE if chosen in set(State):
            return replace(place, state=State(chosen), page=0)
        case action_id if action_id in set(_TABS):
            tab = _TABS[ActionId(action_id)]
            return replace(place, tab=tab, page=place.page if tab is place.tab else 0)
    raise UnreadablePayloadError("action_id")

"""The App Home: requests to decide, own requests, absences and past decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from views.away_modal import absence_text
from views.blocks import (
    Block,
    View,
    actions,
    button,
    divider,
    header,
    note,
    plain,
    text_block,
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
from views.payload import UnreadablePayloadError, from_json, mapping_at, text_at, to_json
from views.translator import Translator
from workflows.rules.approvals.request import RequestKind
from workflows.rules.people.actors import Absence

ROWS = 10
"""Rows on a page."""
COUNTED = 1000
"""Lists are counted up to this number."""
_ALL = "all"


class Tab(StrEnum):
    """The tabs of the App Home."""

    DECIDE = "decide"
    MINE = "mine"
    AWAY = "away"
    HISTORY = "history"


class State(StrEnum):
    """The filter of a person's own requests."""

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
    """A place on the App Home: a tab, its filters and a page; and a sentence at the top.

    An empty `kind` is every kind. The sentence stays until the person navigates.
    """

    tab: Tab = Tab.DECIDE
    kind: str = ""
    state: State = State.OPEN
    page: int = 0
    notice: str = ""

    def written(self) -> str:
        """Return the place as JSON."""
        return to_json(self)

    @classmethod
    def read(cls, written: str) -> "HomePlace":
        """Return the place from JSON; the first page if it cannot be read."""
        try:
            saved = from_json(written, _SavedPlace, "home")
            return cls(
                tab=Tab(saved.tab),
                kind=saved.kind,
                state=State(saved.state),
                page=saved.page,
                notice=saved.notice,
            )
        except (UnreadablePayloadError, ValueError):
            return cls()


@dataclass(frozen=True, kw_only=True, slots=True)
class _SavedPlace:
    tab: str
    kind: str
    state: str
    page: int
    notice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePage:
    """One page of one person's App Home; `in_all` counts the tab's rows, `waiting` the requests to decide."""

    place: HomePlace
    waiting: int = 0
    in_all: int = 0
    to_decide: Sequence[ToDecide] = ()
    mine: Sequence[Mine] = ()
    decided: Sequence[Decided] = ()
    away: Sequence[Absence] = ()
    stands_in: Sequence[Absence] = ()


def build(page: HomePage, t: Translator, command: str) -> View:
    """Return the view; any page of at most `ROWS` rows is within Slack's limits.

    `command` is our slash command, which an empty list of own requests mentions.
    """
    place = page.place
    return {
        "type": "home",
        "blocks": [
            *([text_block(BlockId.NOTICE, place.notice, t)] if place.notice else []),
            *_tab_blocks(page, t),
            *_filter_blocks(place, t),
            *_rows(page, t, command),
            *_page_blocks(page, t),
        ],
    }


def _tab_blocks(page: HomePage, t: Translator) -> list[Block]:
    """Return the tabs in two rows, as a phone shows no more than three buttons in one."""
    buttons = []
    for action_id, tab in _TABS.items():
        label = t(f"home.tab.{tab}")
        if tab is Tab.DECIDE and page.waiting:
            number = f"{COUNTED}+" if page.waiting > COUNTED else str(page.waiting)
            label = t("home.tab.decide.count", count=number)
        style = "primary" if tab is page.place.tab else ""
        buttons.append(button(action_id, label, tab.value, style=style))
    heading = t(f"home.heading.{page.place.tab}")
    return [
        actions(f"{BlockId.TABS}-1", *buttons[:2]),
        actions(f"{BlockId.TABS}-2", *buttons[2:]),
        header(BlockId.HEADER, heading, t),
    ]


def _filter_blocks(place: HomePlace, t: Translator) -> list[Block]:
    if place.tab is Tab.AWAY:
        return []
    kinds = [(_ALL, t("home.kind.all"))]
    kinds += [(kind.value, t(f"home.kind.{kind}")) for kind in RequestKind]
    elements = [_select(ActionId.HOME_KIND, kinds, place.kind or _ALL, t)]
    if place.tab is Tab.MINE:
        states = [(state.value, t(f"home.state.{state}")) for state in State]
        elements.append(_select(ActionId.HOME_STATE, states, place.state, t))
    # The block id contains the choice: Slack keeps the old choice of a block whose id does not change.
    chosen = f"{place.tab}-{place.kind or _ALL}-{place.state}"
    return [actions(f"{BlockId.FILTERS}-{chosen}"[:255], *elements)]


def _select(
    action_id: ActionId, choices: Sequence[tuple[str, str]], chosen: str, t: Translator
) -> Block:
    options = {value: {"text": plain(text, 75, t), "value": value} for value, text in choices}
    return {
        "type": "static_select",
        "action_id": action_id,
        "options": list(options.values()),
        "initial_option": options.get(chosen, options[choices[0][0]]),
    }


def _rows(page: HomePage, t: Translator, command: str) -> list[Block]:
    match page.place.tab:
        case Tab.DECIDE:
            rows = [decide_blocks(row, n, t) for n, row in enumerate(page.to_decide[:ROWS])]
        case Tab.MINE:
            rows = [mine_blocks(row, n, t) for n, row in enumerate(page.mine[:ROWS])]
        case Tab.HISTORY:
            rows = [decided_blocks(row, n, t) for n, row in enumerate(page.decided[:ROWS])]
        case _:
            return _away_blocks(page, t)
    if not rows:
        key = "home.empty.filtered" if page.place.kind else f"home.empty.{page.place.tab}"
        return [text_block(BlockId.SUMMARY, t(key, command=command), t)]
    return [*_bulk_blocks(page, t), *_divided(rows)]


def _bulk_blocks(page: HomePage, t: Translator) -> list[Block]:
    if page.place.tab is not Tab.DECIDE or len(page.to_decide) < 2:  # noqa: PLR2004 - several
        return []
    several = button(ActionId.BULK, t("button.bulk"), page.place.tab.value)
    return [actions(BlockId.ITEM, several)]


def _divided(rows: Sequence[list[Block]]) -> list[Block]:
    blocks: list[Block] = []
    for number, row in enumerate(rows):
        blocks += [divider(f"{BlockId.DIVIDER}-{number}"), *row]
    return blocks


def _page_blocks(page: HomePage, t: Translator) -> list[Block]:
    """Return the position in the list, and the buttons to its other pages."""
    place, first = page.place, page.place.page * ROWS
    count = len(page.to_decide) + len(page.mine) + len(page.decided)
    if place.tab is Tab.AWAY or (page.in_all <= ROWS and not first):
        return []
    in_all = t.count("home.in_all", page.in_all)
    if page.in_all > COUNTED:
        in_all = t("home.in_all.more", count=COUNTED)
    position = t("home.page", first=first + 1, last=first + count, in_all=in_all)
    if not count:
        position = t("home.page.none", in_all=in_all)
    buttons = []
    if first:
        buttons.append(button(ActionId.HOME_BACK, t("button.home_back"), "back"))
    if first + count < page.in_all and count:
        buttons.append(button(ActionId.HOME_ON, t("button.home_on"), "on"))
    label = note(BlockId.FOOTER, position, t)
    return [label, actions(BlockId.PAGES, *buttons)] if buttons else [label]


def _away_blocks(page: HomePage, t: Translator) -> list[Block]:
    """Return the person's own absences, and those for which they are the delegate."""
    mine = [absence_text(absence, t) for absence in page.away[:ROWS]]
    theirs = [_delegate_text(absence, t) for absence in page.stands_in[:ROWS]]
    label = t("button.change_away" if mine else "button.set_away")
    return [
        text_block(f"{BlockId.ABSENCE}-mine", _lines("mine", mine, t), t),
        actions(BlockId.ACTIONS, button(ActionId.SET_AWAY, label, "away")),
        divider(BlockId.DIVIDER),
        text_block(f"{BlockId.ABSENCE}-theirs", _lines("theirs", theirs, t), t),
    ]


def _lines(key: str, lines: Sequence[str], t: Translator) -> str:
    return "\n".join([t(f"home.away.{key}" if lines else f"home.away.{key}.none"), *lines])


def _delegate_text(absence: Absence, t: Translator) -> str:
    return t(
        "home.away.for",
        person=t.mention(absence.person),
        starts=t.date(absence.starts),
        ends=t.date(absence.ends),
    )


def after_navigation(place: HomePlace, action: Mapping[str, object]) -> HomePlace:
    """Return the place after a person used a button or a filter for navigation.

    Raises:
        UnreadablePayloadError: we did not send this element.

    """
    chosen = text_at(mapping_at(action, "selected_option"), "value")
    place = replace(place, notice="")
    match text_at(action, "action_id"):
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

"""The translator: catalogue texts, dates, lists and user text in one language."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, get_decimal_symbol

from views.catalogue import CATALOGUES, FALLBACK
from views.text import clip, clip_plain, escape, is_person
from workflows.rules.shared.money import COMMA, POINT, Money

_REGIONS = {"en": "en_001"}
"""Babel's region for a language that has several: `a, b and c`, `21 November 2026`."""
_ENGLISH = CATALOGUES[FALLBACK]


class MissingTextError(KeyError):
    """The catalogue has no such key, in English either: a bug that the tests find."""


@dataclass(frozen=True, slots=True)
class Translator:
    """Texts in one language; `translator` returns the one for a language.

    Blanks are filled as they are: user text must be escaped already (`inline`, `mention`).
    `is_personal` is set for surfaces with one reader, whose language this is: amounts follow it
    there. Shared surfaces show one format to all.
    """

    language: str
    is_personal: bool = False

    def __call__(self, key: str, /, **blanks: object) -> str:
        """Return the text of `key` with its blanks filled; English if this language has none.

        Raises:
            MissingTextError: the catalogue has no such key.

        """
        text = CATALOGUES[self.language].plain.get(key) or _ENGLISH.plain.get(key)
        if text is None:
            raise MissingTextError(key)
        return text.format_map(blanks)

    def count(self, key: str, count: int, /, **blanks: object) -> str:
        """Return the plural form of `key` for `count`, by the rules of the language.

        Raises:
            MissingTextError: the catalogue has no such key with plural forms.

        """
        text = CATALOGUES[self.language].for_count(key, count) or _ENGLISH.for_count(key, count)
        if text is None:
            raise MissingTextError(key)
        return text.format_map({"count": count, **blanks})

    def has(self, key: str) -> bool:
        """Return whether the catalogue has this key: an older version may not know a newer code."""
        return key in _ENGLISH.plain

    def list(self, items: Sequence[str], *, any_of: bool = False) -> str:
        """Return `a, b and c`, or `a, b or c` if `any_of`; an empty string for no items."""
        style: Literal["or", "standard"] = "or" if any_of else "standard"
        return format_list(items, style=style, locale=self._babel) if items else ""

    def day(self, day: date) -> str:
        """Return a day such as `21 November 2026`, for plain text, where Slack formats no dates."""
        return format_date(day, format="long", locale=self._babel)

    def money(self, amount: Money) -> str:
        """Return an amount with its currency code: `1,500.00 USD`, for a German reader `1.500,00 USD`."""
        return f"{self.number(amount)} {amount.currency}" if self.is_personal else str(amount)

    def number(self, amount: Money) -> str:
        """Return an amount in the notation of this language, without its currency."""
        pattern = "#,##0" + (f".{'0' * amount.decimals}" if amount.decimals else "")
        return format_decimal(amount.amount, format=pattern, locale=self._babel)

    @property
    def decimal_mark(self) -> str:
        """The decimal mark of this language, for `parse_money`."""
        return COMMA if get_decimal_symbol(self._babel) == COMMA else POINT

    def date(self, at: datetime) -> str:
        """Return an instant that Slack shows in each reader's own time zone and language."""
        fallback = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        form = self("date.at", day="{date_short_pretty}", time="{time}")
        return f"<!date^{int(at.timestamp())}^{form}|{fallback}>"

    def mention(self, user_id: str) -> str:
        """Return the mention of a Slack user id; any other text is shown as typed."""
        if is_person(user_id):
            return f"<@{user_id}>"
        return self.inline(user_id, 60) or self("somebody")

    def inline(self, typed: str, limit: int) -> str:
        """Return user text on one line, escaped for mrkdwn, at most `limit` characters long."""
        return self.clip(escape(" ".join(typed.split())), limit)

    def clip(self, mrkdwn: str, limit: int) -> str:
        """Shorten escaped text to `limit` characters and mark it as shortened."""
        return clip(mrkdwn, limit, self("shortened"))

    def clip_plain(self, typed: str, limit: int) -> str:
        """Shorten the text of a plain_text object to `limit` characters and mark it as shortened."""
        return clip_plain(typed, limit, self("shortened"))

    @property
    def _babel(self) -> str:
        return _REGIONS.get(self.language, self.language)


def translator(language: str) -> Translator:
    """Return the translator for a language such as `de`; the English one if there is no catalogue."""
    return Translator(language if language in CATALOGUES else FALLBACK)


def personal_translator(language: str) -> Translator:
    """Return the translator for a surface that only one person reads; `language` is theirs."""
    return replace(translator(language), is_personal=True)


def language_of(slack_locale: str) -> str:
    """Return the catalogue's language for a locale as Slack writes it, such as `de-DE`."""
    language = slack_locale.replace("_", "-").partition("-")[0].lower()
    return language if language in CATALOGUES else FALLBACK


ENGLISH = translator(FALLBACK)
"""For the terminal, logs and JSON, which are English only."""

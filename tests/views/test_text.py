"""User text: escaped and shortened."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from views.text import escape, printable
from views.translator import ENGLISH

SHOWN = [
    ("plain words", "plain words"),
    ("R&D <b>", "R&amp;D &lt;b&gt;"),
    ("<!channel>", "&lt;!channel&gt;"),
    ("&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;"),
    ("*bold*", "\u2217bold\u2217"),
    ("_x_ ~y~ `z`", "\u02cdx\u02cd \u223cy\u223c \u02cbz\u02cb"),
    ("snake_case 2*3", "snake_case 2*3"),
    ("__init__", "\u02cd\u02cdinit\u02cd\u02cd"),
    (":tada: at 10:30", ":\u2060tada: at 10:\u206030"),
    ("a\n> b", "a\n\u00ad&gt; b"),
    ("\u202edetrever\u202c", "detrever"),
    ("nul\x00 half\ud800", "nul\ufffd half\ufffd"),
    ("two\r\nlines", "two\nlines"),
]


@pytest.mark.parametrize(("typed", "shown"), SHOWN)
def test_escaping(typed: str, shown: str) -> None:
    assert escape(typed) == shown


@pytest.mark.parametrize(
    ("mrkdwn", "limit", "clipped"),
    [
        ("short", 5, "short"),
        ("a" * 30, 20, "aaaaaaa… (shortened)"),
        ("aaaa&amp;" + "b" * 30, 20, "aaaa… (shortened)"),
        ("aaaa<@U0BORIS>" + "b" * 30, 20, "aaaa… (shortened)"),
        ("<@U0B> " + "b" * 30, 22, "<@U0B> bb… (shortened)"),
    ],
)
def test_clipping_leaves_no_broken_token(mrkdwn: str, limit: int, clipped: str) -> None:
    assert ENGLISH.clip(mrkdwn, limit) == clipped


@pytest.mark.parametrize(
    ("typed", "limit", "clipped"),
    [
        ("a < b", 8, "a < b"),
        ("&" * 8, 39, "&&&&&… (shortened)"),
        ("😀" * 20, 20, "😀😀😀… (shortened)"),
        ("\u202e" * 100 + "x", 20, "… (shortened)"),
    ],
)
def test_plain_text_is_counted_as_slack_may_count_it(typed: str, limit: int, clipped: str) -> None:
    assert ENGLISH.clip_plain(typed, limit) == clipped


def test_inline_text_is_one_line() -> None:
    assert ENGLISH.inline(" two\n\twords ", 50) == "two words"


@pytest.mark.parametrize(
    ("user_id", "shown"),
    [
        ("U0BORIS", "<@U0BORIS>"),
        ("W0HANA", "<@W0HANA>"),
        ("", "someone"),
        ("U1> <!channel", "U1&gt; &lt;!channel"),
        ("B0LOCAL", "B0LOCAL"),
    ],
)
def test_only_a_user_id_becomes_a_mention(user_id: str, shown: str) -> None:
    assert ENGLISH.mention(user_id) == shown


def test_a_date_is_shown_in_the_zone_of_its_reader() -> None:
    berlin = timezone(timedelta(hours=1))

    assert ENGLISH.date(datetime(2026, 11, 21, 11, 30, tzinfo=berlin)) == (
        "<!date^1795257000^{date_short_pretty} at {time}|2026-11-21 10:30 UTC>"
    )
    assert ENGLISH.date(datetime(2026, 11, 21, 10, 30, tzinfo=UTC)).startswith("<!date^1795257000^")


def test_printable_keeps_harmless_characters() -> None:
    assert printable("äöü 👩‍💻 عربى\n\tok") == "äöü 👩‍💻 عربى\n\tok"

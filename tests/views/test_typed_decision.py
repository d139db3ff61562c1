"""Typed decisions are recognized in any form; a message with more than a decision is a comment."""

import pytest

from views.plain_text import plain_text
from views.typed_decision import is_typed_decision

DECISIONS = """ok|OK.|Okay!|k|yes|Yes, please|YES!!!|approved|Approved ✅|approve|I approve|I approve this|+1|+1!|lgtm|LGTM 👍|
👍|👍🏽|:+1:|:+1::skin-tone-3:|:thumbsup:|:white_check_mark:|looks good to me|sounds good|ok, thanks|<@U0ANA> ok|fine, approved|
no|No.|nope|rejected|Rejected!|-1|:-1:|👎|❌|declined|denied|no, thanks|
ja|Ja!|ja bitte|genehmigt|GENEHMIGT|Ist genehmigt.|passt|einverstanden|in Ordnung|von mir aus ja|geht klar|sieht gut aus|
nein|Nein!|nein danke|abgelehnt|Ist abgelehnt|ＯＫ""".replace("\n", "").split("|")  # noqa: RUF001 - full width
COMMENTS = """ok, but who pays for it?|Is it approved yet?|no idea|yes and the other one too?|1|+10|-100 EUR|please|thanks|
Why?|okra|nobody knows|I would say no, since we have two|this|:tada:|:smile:|it is me|Nimm bitte den anderen|gut|
approved by finance last year|not ok|nicht genehmigt|""".replace("\n", "").split("|")


@pytest.mark.parametrize("text", DECISIONS)
def test_a_typed_decision_is_recognized(text: str) -> None:
    assert is_typed_decision(text)


@pytest.mark.parametrize("text", COMMENTS)
def test_any_other_message_is_a_comment(text: str) -> None:
    assert not is_typed_decision(text)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("&amp;lt;", "&lt;"),
        ("<@U0ANA> and <@U0BORIS|boris>", "@U0ANA and @boris"),
        ("<#C0GENERAL|general>", "#general"),
        ("<https://example.com/a?b=1&amp;c=2|there>", "https://example.com/a?b=1&c=2"),
        ("<mailto:ana@example.com|ana@example.com>", "ana@example.com"),
        ("<!here> <!subteam^S0HR|@hr-team> <!date^1^{date}|Friday>", "@here @hr-team Friday"),
        ("  \n", ""),
        ("<", "<"),
    ],
)
def test_a_message_is_read_as_plain_text(said: str, text: str) -> None:
    assert plain_text(said) == text

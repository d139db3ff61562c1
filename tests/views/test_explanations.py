"""Texts of rules and of failures, in each language."""

import pytest

from tests.views.contents import usd
from views.explanations import failure_mrkdwn, failure_text, rule_text
from views.translator import ENGLISH, translator
from workflows.rules.approvals.policy import RouteReason
from workflows.rules.shared.failure import Failure, read_failure

OUT_OF_STOCK = Failure(code="out_of_stock", data={"sku": "<!LAMP>", "wanted": "4", "left": "3"})


@pytest.mark.parametrize(
    ("rule", "english", "german"),
    [
        (RouteReason(policy="a *b*"), "a \u2217b\u2217", "a \u2217b\u2217"),
        (
            RouteReason(policy="order", up_to=usd("1000.00")),
            "order up to 1,000.00 USD",
            "order bis 1,000.00 USD",
        ),
        (
            RouteReason(policy="order", over=usd("1000.00")),
            "order over 1,000.00 USD",
            "order über 1,000.00 USD",
        ),
    ],
)
def test_the_text_of_a_rule(rule: RouteReason, english: str, german: str) -> None:
    assert [rule_text(rule, translator(locale)) for locale in ("en", "de")] == [english, german]


def test_the_text_of_a_failure() -> None:
    written = str(OUT_OF_STOCK)

    assert failure_text(written, ENGLISH) == "Out of stock: 4 of <!LAMP> ordered, 3 left."
    assert (
        failure_text(written, translator("de"))
        == "Nicht vorrätig: 4 von <!LAMP> bestellt, 3 übrig."
    )
    assert failure_mrkdwn(written, 300, ENGLISH) == (
        "Out of stock: 4 of &lt;!LAMP&gt; ordered, 3 left."
    )


@pytest.mark.parametrize(
    "written",
    [
        "Our bank says *no*.",
        'failure.unheard_of {"a": "b"}',
        "failure.out_of_stock {}",
        "failure.out_of_stock",
        "failure.out_of_stock [1]",
        "",
    ],
)
def test_a_failure_without_a_catalogue_text_is_shown_as_it_is(written: str) -> None:
    assert failure_text(written, translator("de")) == written
    assert "*" not in failure_mrkdwn(written, 300, translator("de"))


def test_a_failure_survives_serialization() -> None:
    assert read_failure(str(OUT_OF_STOCK)) == OUT_OF_STOCK
    assert read_failure(str(Failure(code="not_in_time"))) == Failure(code="not_in_time")
    assert read_failure("The card has expired.") is None

"""docs/audit.md: its examples are run, and its tables are compared with the program."""

import re
import shlex
from pathlib import Path

import pytest

from bot.actions.audit_verification import Compared
from bot.cli import audit_output
from bot.cli.terminal import Exit
from records.trail import Flaw
from tests.bot.cli_driver import ANA, BORIS, GUS, OPERATOR, CliDriver
from workflows.rules.shared.audit import Fact

DOCUMENT = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8")
REQUEST = "REQ-TRADE-FAIR"
EXAMPLES = [
    part.partition("\n")
    for block in re.findall(r"^```console\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    for part in block.split("$ countersign ")[1:]
]


def comparable_words(text: str, operator: str) -> list[str]:
    """Return the words without times, the operator and the borders of tables."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "WHEN", text)
    return re.sub(r"[│┃━─┏┓┡┩┳┴└┘╇┼├┤]", " ", text.replace(f": {operator}", ": OPERATOR")).split()


@pytest.mark.usefixtures("worker")
async def test_every_example_matches_the_output(cli: CliDriver) -> None:
    await cli.request(
        *("create", "--id", REQUEST, "--policy", "general", "--title", "Trade fair"),
        *("--text", "Two days in Hanover", "--amount", "1500.00 USD", "--as", ANA),
    )
    await cli.until_decidable(REQUEST)
    await cli.request("decide", REQUEST, "approve", "--as", GUS)
    why = ("--reason", "Ana is ill")
    await cli.request("decide", REQUEST, "reject", "--as", BORIS, *why)
    await cli.fact(REQUEST, Fact.REQUEST_REJECTED)

    assert len(EXAMPLES) >= 8
    for words, _, shown in EXAMPLES:
        result = await cli.run(*shlex.split(words))
        assert result.code == 0, words
        assert comparable_words(result.out + result.err, OPERATOR) == comparable_words(
            shown, "olga"
        ), words


def test_every_message_and_exit_code_is_documented() -> None:
    sentences = re.findall(
        r"^\| ((?:is|was|cannot be|differs|fits) [^|]+) \|", DOCUMENT, re.MULTILINE
    )
    codes = re.findall(r"^\| (\d) \|", DOCUMENT, re.MULTILINE)

    words = [*audit_output.FLAWS.values(), *audit_output.DIFFERENCES.values()]
    assert sentences == words
    assert codes == [
        str(int(code)) for code in (Exit.DONE, Exit.CANNOT, Exit.FLAWED, Exit.UNCHECKED)
    ]


def test_every_finding_has_a_message() -> None:
    compared = {*audit_output.DIFFERENCES, *audit_output.COMPARED}

    assert set(audit_output.FLAWS) == set(Flaw) - {Flaw.NOTHING_WRITTEN}
    assert compared == {outcome.value for outcome in Compared}

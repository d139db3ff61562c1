"""`countersign policy`: check a policy file, and explain what it does with a request."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli import policy_explain
from bot.policies import file as policy_file
from workflows.rules.approvals.policy import Policy

app = typer.Typer(help="The approval policies.", no_args_is_help=True)
out = Console(highlight=False)


@app.command("check")
def check(file: Annotated[Path, typer.Argument()] = Path("policies.toml")) -> None:
    """Check a policy file. Every error is reported with its line."""
    policies = policy_file.load(file)
    for name in policies.names:
        out.print(_tiers(policies.policy(name)))
    out.print(f"{file}: no errors.", markup=False)


@app.command("explain")
def explain(
    name: Annotated[str, typer.Argument(metavar="POLICY", help="The policy's name.")],
    amount: Annotated[str, typer.Option(help="The requested amount, such as 1000.01.")] = "",
    requester: Annotated[str, typer.Option(help="The requester's Slack member ID.")] = "",
    answer_within: Annotated[
        str, typer.Option(help="The requested deadline, such as 4h or 2d.")
    ] = "",
    file: Annotated[Path, typer.Option(help="The policy file.")] = Path("policies.toml"),
) -> None:
    """Show a request's approvers, quorums, notifications and deadlines without starting it."""
    policies = policy_file.load(file)
    question = policy_explain.read_question(policies, name, amount, requester, answer_within)
    out.print(policy_explain.explain(policies, question, datetime.now(UTC)))


def _tiers(checked: Policy) -> Table:
    table = Table("up to", "levels", title=f"{checked.name} ({checked.version})")
    for tier in checked.tiers:
        limit = str(tier.up_to) if tier.up_to else "any higher amount"
        table.add_row(limit, ", then ".join(tier.levels) or "no approval needed")
    return table

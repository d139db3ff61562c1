"""The policies that a worker accepts while the policy file changes under it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.policies.book import GRACE, ForeignPolicies, PolicyBook
from bot.policies.file import Policies, load
from workflows.payloads import data_converter
from workflows.rules.approvals.policy import Policy, route
from workflows.rules.approvals.registration import Registration, registration

SHIPPED = Path(__file__).parents[2] / "policies.toml"
WRITTEN = SHIPPED.read_text()
CHANGED = WRITTEN.replace('title = "Customer order"', 'title = "Sale"')


class Clock:
    """The time of a test."""

    now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class File:
    """A policy file, and the book of a worker that reads it."""

    def __init__(self, path: Path) -> None:
        self.path, self.clock = path, Clock()
        path.write_text(WRITTEN)
        self.book = PolicyBook(path, self.clock)

    def registered(self) -> Registration:
        """Return the registration of Gus's order under the file as it is now."""
        return of(load(self.path), "order")


def of(policies: Policies, name: str, person: str = "U0GUS") -> Registration:
    policy = policies.policy(name)
    demanded = route(policy, None)
    return registration(policy, person, policies.chain_of(person), demanded, (demanded,))


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "policies.toml")


@pytest.mark.parametrize("name", load(SHIPPED).names)
async def test_every_policy_is_known_after_its_way_through_temporal(name: str, file: File) -> None:
    policies = load(file.path)
    sent = await data_converter.encode([policies.policy(name)])
    (received,) = await data_converter.decode(sent, [Policy])
    demanded = route(received, None)

    asked = registration(received, "U0GUS", policies.chain_of("U0GUS"), demanded, (demanded,))

    assert file.book.knows(asked)


def test_a_changed_file_is_known_without_a_restart_and_the_old_one_for_an_hour(file: File) -> None:
    old = file.registered()
    file.path.write_text(CHANGED)
    new = file.registered()

    assert file.book.knows(new)
    assert file.book.knows(old)  # a bot that has not been restarted uses it
    file.clock.now += GRACE + timedelta(seconds=1)
    assert file.book.knows(new)
    assert not file.book.knows(old)


def test_a_file_that_cannot_be_read_changes_nothing(file: File) -> None:
    old = file.registered()
    file.path.write_text(CHANGED)
    new = file.registered()
    file.path.write_text("half-writ")

    assert not file.book.knows(new)
    assert file.book.knows(old)


def test_other_managers_are_not_known(file: File) -> None:
    policies = load(file.path)
    clara = of(policies, "order", "U0CLARA")

    assert file.book.knows(of(policies, "order", "U0GUS"))
    assert not file.book.knows(
        Registration(
            policy="order",
            digest=clara.digest,
            requester="U0GUS",
            managers=clara.managers,
            follows_policy=True,
        )
    )


def test_foreign_policies_are_known_if_the_setting_says_so(file: File) -> None:
    invented = Registration(
        policy="invented", digest="0", requester="U0GUS", managers=(), follows_policy=True
    )

    assert not file.book.knows(invented)
    assert ForeignPolicies(file.path, file.clock).knows(invented)

"""The registration of a request: what must be true of its policy and route before it may start."""

from dataclasses import dataclass

from workflows.rules.approvals.policy import Policy, Route, digest
from workflows.rules.people.actors import ManagedBy


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """The policy that a start brings along, and whether the policy demands its route.

    A start is its caller's word: `digest` is computed from the policy's values, not taken from its
    `version`. `managers` are the requester's line of the table `[managers]`.
    """

    policy: str
    digest: str
    requester: str
    managers: tuple[ManagedBy, ...]
    follows_policy: bool


def registration(
    policy: Policy,
    requester: str,
    managers: tuple[ManagedBy, ...],
    route: Route,
    demanded: tuple[Route, ...],
) -> Registration:
    """Return the registration of a request whose policy demands one of the routes `demanded`."""
    return Registration(
        policy=policy.name,
        digest=digest(policy),
        requester=requester,
        managers=managers,
        follows_policy=route in demanded,
    )

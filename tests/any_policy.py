"""A worker's policies in tests that start requests under policies of their own."""

from workflows.rules.approvals.registration import Registration


class AnyPolicy:
    """Knows every policy; routes are checked all the same."""

    admin_channel = "#approvals-admin"
    attempts = 1

    def knows(self, asked: Registration) -> bool:  # noqa: ARG002 - every policy is known
        return True

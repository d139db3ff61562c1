"""The errors that a command prints as one sentence."""

from bot.cli.demo import DemoError
from bot.cli.policy_explain import ExplainError
from bot.cli.terminal import Exit
from bot.policies.file import PolicyFileError, UnknownPolicyError
from bot.runtime.settings import SettingsError
from records.database import START_FAILURES

REFUSALS = (
    DemoError,
    ExplainError,
    PolicyFileError,
    UnknownPolicyError,
    SettingsError,
    *START_FAILURES,
)
EXIT_CODE = Exit.CANNOT

"""The table of Web API methods: arguments, token kind, scopes and handler."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from emulator.errors import Json, SlackError
from emulator.methods.conversion import convert
from emulator.stand_in import StandIn


class Token(StrEnum):
    """The kinds of token a call can have."""

    BOT = "bot"
    APP = "app"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Call:
    """A checked call, whose arguments have the declared types."""

    stand_in: StandIn
    arguments: Json

    def text(self, name: str, default: str = "") -> str:
        """Return a string argument."""
        value = self.arguments.get(name)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Return a boolean argument, or false if it is not given."""
        return bool(self.arguments.get(name))

    def number(self, name: str, default: int) -> int:
        """Return an integer argument."""
        value = self.arguments.get(name)
        return default if value is None else int(value)

    def require_scope(self, *alternatives: str) -> None:
        """Raise ``missing_scope`` unless the manifest has one of these scopes."""
        granted = self.stand_in.manifest.scopes
        if alternatives and not set(alternatives) & set(granted):
            provided = ",".join(granted)
            raise SlackError("missing_scope", needed=",".join(alternatives), provided=provided)


Handler = Callable[[Call], Json]


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method: its required and optional arguments with their types, and who may call it.

    Types: ``str``, ``bool``, ``int``, ``json`` (object or array, in forms as JSON text) and
    ``list`` (array or comma-separated text).
    """

    name: str
    handler: Handler
    token: Token = Token.BOT
    scopes: tuple[str, ...] = ()
    required: dict[str, str] = field(default_factory=dict)
    optional: dict[str, str] = field(default_factory=dict)

    def read(self, raw: Json) -> Json:
        """Check and convert a call's arguments; unknown arguments are ignored, as in Slack."""
        found: Json = {}
        problems = []
        for name, kind in (self.required | self.optional).items():
            value = raw.get(name)
            if value is None:
                if name in self.required:
                    problems.append(f"[ERROR] missing required field: {name}")
                continue
            try:
                found[name] = convert(value, kind)
            except (TypeError, ValueError):
                problems.append(f"[ERROR] must provide a valid {kind} [json-pointer:/{name}]")
        if problems:
            raise SlackError("invalid_arguments", messages=tuple(problems))
        return found


METHODS: dict[str, Method] = {}


def method(
    name: str,
    *,
    token: Token = Token.BOT,
    scopes: tuple[str, ...] = (),
    required: dict[str, str] | None = None,
    optional: dict[str, str] | None = None,
) -> Callable[[Handler], Handler]:
    """Register a function as a Web API method."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(
            name=name,
            handler=handler,
            token=token,
            scopes=scopes,
            required=required or {},
            optional=optional or {},
        )
        return handler

    return register

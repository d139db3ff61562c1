"""Schema migrations with Alembic, run from code."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

_FOLDER = Path(__file__).with_name("migrations")


def upgrade(connection: Connection, version: str = "head") -> None:
    """Run the missing migrations up to `version` in the connection's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, version)


def found(connection: Connection) -> str:
    """Return the schema version of the database; empty before the first migration."""
    return ",".join(MigrationContext.configure(connection).get_current_heads())


@cache
def needed() -> str:
    """Return the newest schema version."""
    return ",".join(_scripts().get_heads())


def is_known(version: str) -> bool:
    """Return whether this program knows the version. A newer program wrote an unknown version."""
    return not version or version in {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config

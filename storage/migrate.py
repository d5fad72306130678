"""Bring a database's tables to a revision, by the alembic scripts in `migrations/`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

SCRIPTS = Path(__file__).resolve().parents[1] / "migrations"


class ForeignKeysOn(Exception):
    """SQLite would delete the rows that refer to a table which a migration copies and drops."""


class DanglingKeys(Exception):
    """After a migration, rows refer to rows that do not exist."""


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Apply the migrations up to `revision`, in the connection's transaction."""
    _check(connection)
    command.upgrade(_config(connection), revision)
    _check(connection)


def downgrade(connection: Connection, revision: str) -> None:
    """Take migrations back down to `revision` ("base": all), in the connection's transaction."""
    _check(connection)
    command.downgrade(_config(connection), revision)
    _check(connection)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _check(connection: Connection) -> None:
    """See to it that altering tables neither loses nor orphans rows (SQLite)."""
    if connection.dialect.name != "sqlite":
        return
    if connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one():
        raise ForeignKeysOn
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if dangling:
        raise DanglingKeys(f"{len(dangling)} rows, the first in {dangling[0][0]}")

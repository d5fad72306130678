"""How alembic runs: in the transaction it is given, or on MYTALKCON_DATABASE_URL when called by hand."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine, make_url

from storage.models import Base


def run(connection: Connection) -> None:
    """Apply what alembic was asked for. SQLite alters tables by copying them (batch)."""
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


def by_hand() -> None:
    """Connect to the operator's database."""
    url = make_url(os.environ["MYTALKCON_DATABASE_URL"])
    if url.drivername == "sqlite+aiosqlite":
        url = url.set(drivername="sqlite")
    with create_engine(url).begin() as connection:
        run(connection)


given = context.config.attributes.get("connection")
if given is None:
    by_hand()
else:
    run(given)

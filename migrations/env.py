"""How Alembic meets our database: one connection, a lock against a second migration, short waits."""

import importlib
import os
import pkgutil

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection

import gateway.store
from gateway.store.base import Base, UtcDateTime
from gateway.store.database import POSTGRESQL, parse_database_url

for module in pkgutil.iter_modules(gateway.store.__path__):
    importlib.import_module(f"gateway.store.{module.name}")

# A migration that waits longer than this for a lock would stop the readers queueing behind it: fail instead.
LOCK_TIMEOUT_MS = 4000
# Any number will do, as long as all our migrations use the same one.
MIGRATION_LOCK = 7_370_001


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our moments as the plain type they are stored in, so that old migrations need no code of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    """Run the migrations in one transaction on the given connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    url = parse_database_url(os.environ["GATEWAY_DATABASE_URL"])
    engine = create_engine(url if url.drivername == POSTGRESQL else url.set(drivername="sqlite"))
    with engine.begin() as own_connection:
        run(own_connection)

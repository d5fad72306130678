"""Migrations: the tables are what the models say; people and characters survive the way down and up."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, insert, text

from storage.database import Database, migrate_sqlite, prepare_sqlite
from storage.migrate import downgrade, upgrade
from storage.models import Base, Job


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{tmp_path / 'memory.db'}")
    prepare_sqlite(engine, foreign_keys=False)
    return engine


def fill(connection: Connection) -> None:
    """Two people with a character, a file and a render each."""
    for i in range(2):
        values = {
            "person": f"person-{i}",
            "character": f"character-{i}",
            "blob": f"blob-{i}",
            "name": f"나 {i}",
        }
        for statement in (
            "INSERT INTO people (id, platform, platform_id, created_at, language, language_chosen,"
            " consent_version, choosing) VALUES (:person, 'console', :person, 1.5, 'ko', 0, 1, 0)",
            "INSERT INTO characters VALUES (:character, :person, :name, 'pencil', 7, 2.5)",
            "INSERT INTO blobs VALUES (:blob, :person, 'render', 'sticker.webp', 9, 3.5, NULL, :character)",
            "INSERT INTO renders (id, person_id, character_id, name, blob_id, file_ids, created_at)"
            " VALUES (:blob, :person, :character, 'sticker.webp', :blob, '{}', 4.5)",
        ):
            connection.execute(text(statement), values)


def contents(connection: Connection) -> dict[str, list[dict[str, object]]]:
    tables = ("people", "characters", "blobs", "renders")
    return {t: [dict(r) for r in connection.execute(text(f"SELECT * FROM {t}")).mappings()] for t in tables}  # noqa: S608


def test_the_tables_are_what_the_models_say(engine: Engine):
    with engine.begin() as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_people_and_characters_survive_the_way_up_and_down(engine: Engine):
    with engine.begin() as connection:
        upgrade(connection, "0001")
        fill(connection)
        before = contents(connection)
    with engine.begin() as connection:
        upgrade(connection)
        job = {
            "id": "job", "person_id": "person-0", "address": "here", "kind": "speak", "state": "waiting",
            "blob_id": "blob-0", "seed": 0, "attempts": 0, "error_values": {},
            "created_at": 5.5,
        }  # fmt: skip
        connection.execute(insert(Job).values(job))
        connection.execute(text("UPDATE renders SET job_id = 'job' WHERE id = 'blob-0'"))
    with engine.begin() as connection:
        downgrade(connection, "0001")
        assert contents(connection) == before
    with engine.begin() as connection:
        upgrade(connection)
        assert [row["name"] for row in contents(connection)["characters"]] == ["나 0", "나 1"]
    with engine.begin() as connection:
        downgrade(connection, "base")
        left = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        assert set(left) - {"sqlite_sequence"} == {"alembic_version"}, "the second is SQLite's own"


def test_talks_that_wait_keep_their_feeling_and_backgrounds_go_on_the_way_down(engine: Engine):
    with engine.begin() as connection:
        upgrade(connection, "0005")
        connection.execute(
            text(
                "INSERT INTO people (id, platform, platform_id, created_at, language, language_chosen,"
                " consent_version, choosing) VALUES ('ann', 'console', 'ann', 1.5, 'ko', 0, 1, 0)"
            )
        )
        connection.execute(
            text("INSERT INTO characters VALUES ('me', 'ann', 'me', 'pencil', 7, 2.5, 'happy')")
        )
        for job, character in (("happy", "me"), ("gone", "nobody"), ("draw", None)):
            connection.execute(
                text(
                    "INSERT INTO jobs (id, person_id, address, kind, state, blob_id, character_id, seed,"
                    " attempts, error_values, created_at)"
                    " VALUES (:job, 'ann', 'here', 'speak', 'waiting', 'voice', :character, 0, 0, '{}', 5.5)"
                ),
                {"job": job, "character": character},
            )
    with engine.begin() as connection:
        upgrade(connection)
        felt = dict(connection.execute(text("SELECT id, feeling FROM jobs")).all())
        assert felt == {"happy": "happy", "gone": "neutral", "draw": "neutral"}
        connection.execute(text("UPDATE jobs SET kind = 'background' WHERE id = 'draw'"))
        connection.execute(
            text("INSERT INTO blobs VALUES ('b', 'ann', 'background', 'background.jpg', 9, 3.5, NULL, NULL)")
        )
    with engine.begin() as connection:
        downgrade(connection, "0005")
        left = connection.execute(text("SELECT id FROM jobs ORDER BY number")).scalars().all()
        assert left == ["happy", "gone"]
        assert connection.execute(text("SELECT expires_at FROM blobs")).scalars().all() == [0.0]


def test_a_failing_migration_changes_nothing(engine: Engine):
    """All migrations of a start are one transaction."""
    with engine.begin() as connection:
        upgrade(connection, "0001")
        fill(connection)
        connection.execute(text("CREATE TABLE deliveries (id TEXT)"))  # stands in the way of 0002
    with pytest.raises(Exception, match="deliveries"), engine.begin() as connection:
        upgrade(connection)
    with engine.begin() as connection:
        tables = (
            connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        )
        assert "jobs" not in tables
        assert len(contents(connection)["characters"]) == 2


async def test_opening_makes_the_tables_and_sets_what_sqlite_needs(tmp_path: Path):
    path = tmp_path / "memory.db"
    database = await Database.open(f"sqlite+aiosqlite:///{path}")
    async with database.reading() as work:
        for pragma, value in (
            ("journal_mode", "wal"),
            ("secure_delete", 1),
            ("foreign_keys", 1),
            ("synchronous", 2),
        ):
            found = await work.session.execute(text(f"PRAGMA {pragma}"))
            assert found.scalar_one() == value, pragma
    await database.close()
    with sqlite3.connect(path) as plain:
        assert plain.execute("SELECT version_num FROM alembic_version").fetchall() == [("0006",)]


@pytest.mark.parametrize("rounds", [8, pytest.param(40, marks=pytest.mark.long)])
def test_several_that_start_at_once_on_a_new_database_wait_for_each_other(tmp_path: Path, rounds: int):
    """Without waiting for the switch to WAL about one of twenty rounds fails."""
    together = threading.Barrier(4)

    def start(place: Path) -> None:
        together.wait()
        migrate_sqlite(f"sqlite:///{place}")

    with ThreadPoolExecutor(4) as threads:
        for number in range(rounds):
            list(threads.map(start, [tmp_path / f"{number}.db"] * 4))

"""The state database: the same tables in SQLite and PostgreSQL, upgraded once."""

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from campaigns.state.database import (
    InvalidDatabaseUrlError,
    OutdatedStateError,
    connect,
    missing_migrations,
    open_state,
    state_url,
    upgrade_state,
)
from campaigns.state.tables import ApiKey, Base


def test_the_migrations_make_exactly_the_declared_tables(state):
    assert missing_migrations(state) == []
    assert set(inspect(state).get_table_names()) == {"alembic_version", *Base.metadata.tables}


def test_a_second_upgrade_changes_nothing(state):
    assert upgrade_state(state) == upgrade_state(state)


def test_an_embedded_database_is_made_on_first_use(tmp_path):
    engine = open_state(tmp_path)
    assert (tmp_path / "state.db").is_file()
    assert missing_migrations(engine) == []
    engine.dispose()


def test_an_embedded_database_lets_readers_read_while_one_writes(tmp_path):
    engine = open_state(tmp_path)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()


def test_starting_at_once_on_an_empty_folder_upgrades_once(tmp_path):
    problems = []

    def start():
        try:
            open_state(tmp_path).dispose()
        except Exception as error:  # noqa: BLE001 - a thread has no other way to report
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_connecting_to_a_new_file_does_not_disturb_who_reads_it(tmp_path):
    reader = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    reader.execute("CREATE TABLE other (a)")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM other").fetchall()
    engine = connect(state_url(tmp_path))
    assert missing_migrations(engine)
    engine.dispose()
    reader.close()


def test_postgresql_is_upgraded_by_command_only(tmp_path, postgresql):
    with pytest.raises(OutdatedStateError, match="Run `shortlist db upgrade`"):
        open_state(tmp_path, postgresql)
    engine = connect(state_url(tmp_path, postgresql))
    upgrade_state(engine)
    engine.dispose()
    open_state(tmp_path, postgresql).dispose()


def test_a_database_of_a_newer_version_is_left_alone(state):
    with state.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OutdatedStateError, match="Use the newer version"):
        upgrade_state(state)


@pytest.mark.parametrize("url", ["mysql://host/name", "state.db", "sqlite://", "http://x"])
def test_what_is_no_database_of_ours_is_refused_with_the_two_forms(tmp_path, url):
    with pytest.raises(InvalidDatabaseUrlError, match=r"postgresql://USER@HOST/DATABASE or sqlite"):
        state_url(tmp_path, url)


def test_a_password_is_not_repeated_in_an_error(tmp_path):
    with pytest.raises(InvalidDatabaseUrlError) as caught:
        state_url(tmp_path, "mysql://ann:hunter2@host/name")
    assert "hunter2" not in str(caught.value)


def an_api_key(created_at):
    return ApiKey(
        prefix="1f3a9c0b",
        name="shop",
        secret_sha256="0" * 64,
        scopes=["lists:read"],
        created_at=created_at,
        expires_at=created_at,
        revoked_at=None,
    )


def test_a_time_comes_back_as_the_same_moment_in_utc(state):
    noon_in_taipei = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=8)))
    with Session(state) as session, session.begin():
        session.add(an_api_key(noon_in_taipei))
    with Session(state) as session:
        stored = session.get_one(ApiKey, "1f3a9c0b").created_at
    assert stored == noon_in_taipei
    assert stored.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(state):
    with Session(state) as session:
        session.add(an_api_key(datetime(2026, 3, 1, 12)))  # noqa: DTZ001 - that is the point
        with pytest.raises(StatementError, match="has no time zone"):
            session.flush()

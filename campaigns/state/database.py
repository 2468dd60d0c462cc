"""Open the state database: SQLite beside the artefacts, or PostgreSQL by its URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError

from campaigns.state.tables import Base
from pipeline.lock import exclusive

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_TIMEOUT_MS = 10_000


class OutdatedStateError(ValueError):
    """The tables of the database are not those that this version of Shortlist needs."""


class UnreachableStateError(ConnectionError):
    """The database does not answer."""


class InvalidDatabaseUrlError(ValueError):
    """The URL does not name a database that can hold the state."""


def state_url(artifacts: Path, url: str | None = None) -> URL:
    """Return the address of the state database.

    Parameters
    ----------
    artifacts : Path
        Where the embedded database lies if no other is named.
    url : str, optional
        `postgresql://USER@HOST/DATABASE`, or `sqlite:///FILE`.

    Raises
    ------
    InvalidDatabaseUrlError
        If it is neither.

    Examples
    --------
    >>> state_url(Path("artifacts"), "postgres://ann@db.example/shortlist").drivername
    'postgresql+psycopg'
    """
    if not url:
        return URL.create("sqlite", database=str(artifacts.absolute() / "state.db"))
    try:
        given = make_url(url)
        backend = given.drivername.partition("+")[0]
    except ArgumentError:
        backend = "no URL"
    if backend in {"postgres", "postgresql"}:
        return given.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and given.database:
        return given
    raise InvalidDatabaseUrlError(
        f"SHORTLIST_DATABASE_URL names a {backend} database. Use postgresql://USER@HOST/DATABASE "
        "or sqlite:///FILE, or leave it out for artifacts/state.db."
    )


def open_state(artifacts: Path, url: str | None = None) -> Engine:
    """Connect to the state database and make sure that its tables are up to date.

    SQLite belongs to this project alone, so it is made and upgraded on the way. A
    PostgreSQL database is upgraded by whoever runs `shortlist db upgrade`, because other
    workers may still need the old tables.

    Raises
    ------
    OutdatedStateError
        If a PostgreSQL database has not been upgraded, or any is newer than we are.
    UnreachableStateError
        If it does not answer.
    """
    engine = connect(state_url(artifacts, url))
    try:
        if engine.dialect.name == "sqlite":
            upgrade_state(engine)
        _check_revision(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def connect(url: URL) -> Engine:
    """Return an engine for the state database, without looking at its tables."""
    engine = create_engine(
        url,
        pool_pre_ping=url.get_backend_name() != "sqlite",
        hide_parameters=True,  # errors are logged, and values may tell of customers
    )
    if engine.dialect.name == "sqlite":
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def upgrade_state(engine: Engine) -> str:
    """Bring the tables up to date, one process at a time; return their revision.

    Raises
    ------
    OutdatedStateError
        If a newer version of Shortlist has changed the tables.
    """
    if engine.dialect.name != "sqlite":
        return _upgrade(engine)
    with exclusive(Path(f"{engine.url.database}.lock")):
        _let_readers_read(engine)
        return _upgrade(engine)


def missing_migrations(engine: Engine) -> list[Any]:
    """Return what the declared tables have and the database lacks, or the other way round."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def _upgrade(engine: Engine) -> str:
    scripts = _scripts()
    found = _revision(engine)
    if found == _head():
        return found
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise OutdatedStateError(
            f"the state database is at revision {found}, which this version of Shortlist does "
            "not know. Use the newer version that wrote it."
        )

    def steps(revision: Any, _context: Any) -> Any:
        return scripts._upgrade_revs("head", revision)  # noqa: SLF001  # as alembic's own command does

    # Without env.py: there is nothing to configure that is not known here.
    with (
        EnvironmentContext(Config(), scripts, fn=steps, destination_rev="head") as environment,
        engine.begin() as connection,
    ):
        environment.configure(connection=connection, target_metadata=Base.metadata)
        with environment.begin_transaction():
            environment.run_migrations()
    return _head()


def _check_revision(engine: Engine) -> None:
    found, expected = _revision(engine), _head()
    if found != expected:
        raise OutdatedStateError(
            f"the state database is at revision {found or 'none'}, this version of Shortlist "
            f"needs {expected}. Run `shortlist db upgrade`."
        )


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(_MIGRATIONS))


def _head() -> str:
    return str(_scripts().get_current_head())


def _revision(engine: Engine) -> str | None:
    with _told_when_unreachable(engine), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _let_readers_read(engine: Engine) -> None:
    """Let readers read while one writes, for as long as the file exists.

    SQLite refuses the change at once, without waiting, while anybody else has the file open,
    so it is made under the lock that every process takes before its first look.
    """
    with _told_when_unreachable(engine), engine.connect() as connection:
        connection.execute(text("PRAGMA journal_mode = WAL"))


@contextmanager
def _told_when_unreachable(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise UnreachableStateError(
            f"the state database {where} does not answer. Check that it runs, and that "
            "SHORTLIST_DATABASE_URL is right."
        ) from error


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    """Wait for a writer instead of failing, and hold what was promised."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA synchronous = FULL")  # a revoked key stays revoked after a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()

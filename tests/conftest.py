"""Real databases for whoever asks: SQLite in a folder of its own, PostgreSQL on a socket."""

import tempfile
import uuid
import warnings
from pathlib import Path

import pytest
from databases import run
from hypothesis import settings
from sqlalchemy import make_url

from campaigns.state.database import connect, state_url, upgrade_state

# A busy machine is no defect; what has to be fast is measured by the benchmarks.
settings.register_profile("shortlist", deadline=None)
settings.load_profile("shortlist")


@pytest.fixture(scope="session")
def postgresql_server():
    """The URL of a PostgreSQL server that runs for the session."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR
            import pgserver

        with tempfile.TemporaryDirectory(prefix="pg") as folder:
            server = pgserver.get_server(Path(folder), cleanup_mode="stop")
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            run(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            yield url
            server.cleanup()
    except (ImportError, OSError, RuntimeError) as error:
        pytest.skip(f"no PostgreSQL runs here: {error}")


@pytest.fixture
def postgresql(postgresql_server):
    """The URL of PostgreSQL with nothing in it: a schema of its own, made in milliseconds."""
    schema = f"test_{uuid.uuid4().hex[:12]}"
    run(postgresql_server, f"CREATE SCHEMA {schema}")
    # In Taipei, where times come back with another zone than they were stored with.
    options = f"-csearch_path={schema} -ctimezone=Asia/Taipei"
    url = postgresql_server.update_query_dict({"options": options})
    return url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """The URL to set, for each kind of database in turn: none means the embedded one."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgresql")


@pytest.fixture
def state(database, tmp_path):
    """An up-to-date state database of each kind in turn."""
    engine = connect(state_url(tmp_path, database))
    upgrade_state(engine)
    yield engine
    engine.dispose()

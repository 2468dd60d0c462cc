"""Statements for a PostgreSQL server, outside of what is tested."""

from sqlalchemy import create_engine, text


def run(url, *statements):
    """Run each statement on its own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()

"""Count every reason for which somebody is left out; hold consents, contacts and outcomes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_LISTS = sa.table(
    "lists",
    sa.column("id", sa.String),
    sa.column("model", sa.String),
    sa.column("control", sa.Integer),
    sa.column("excluded", sa.JSON),
    sa.column("not_eligible", sa.Integer),
    sa.column("below_cut_off", sa.Integer),
)
_OF_A_MODEL: dict[str, sa.types.TypeEngine[Any]] = {
    "model": sa.String(),
    "version": sa.String(),
    "score_set": sa.String(),
    "score_set_revision": sa.Integer(),
}
_COUNTS = ("not_eligible", "below_cut_off")


def upgrade() -> None:
    """Put the two counts of each list into one document; make the tables of the loop."""
    op.add_column("lists", sa.Column("campaign", sa.String(64), nullable=True))
    op.add_column(
        "lists", sa.Column("control", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column(
        "lists", sa.Column("excluded", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(_LISTS)).mappings().all():
        counts = {name: row[name] for name in _COUNTS}
        connection.execute(
            sa.update(_LISTS).where(_LISTS.c.id == row["id"]).values(excluded=counts)
        )
    with op.batch_alter_table("lists") as lists:
        for name in _COUNTS:
            lists.drop_column(name)
        lists.alter_column("control", server_default=None)
        lists.alter_column("excluded", server_default=None)
        for name, kind in _OF_A_MODEL.items():
            lists.alter_column(name, existing_type=kind, nullable=True)
    op.create_index("lists_by_campaign", "lists", ["campaign"])
    op.create_table(
        "consent_changes",
        sa.Column("customer_id", sa.String(255), primary_key=True),
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("purpose", sa.String(64), primary_key=True),
        sa.Column("event_time", _TIME, primary_key=True),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
    )
    op.create_table(
        "suppressions",
        sa.Column("customer_id", sa.String(255), primary_key=True),
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
    )
    op.create_table(
        "contact_events",
        sa.Column("campaign_id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(255), primary_key=True),
        sa.Column("channel", sa.String(32), primary_key=True),
        sa.Column("event_time", _TIME, primary_key=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
    )
    op.create_index("contact_events_by_time", "contact_events", ["event_time"])
    op.create_table(
        "outcome_events",
        sa.Column("campaign_id", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(255), primary_key=True),
        sa.Column("kind", sa.String(64), primary_key=True),
        sa.Column("event_time", _TIME, primary_key=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("received_at", _TIME, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables, and lists that no model ranked; keep the two counts that there were."""
    for name in ("outcome_events", "contact_events", "suppressions", "consent_changes"):
        op.drop_table(name)
    op.drop_index("lists_by_campaign", "lists")
    for name in _COUNTS:
        op.add_column(
            "lists", sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
    connection = op.get_bind()
    for row in connection.execute(sa.select(_LISTS)).mappings().all():
        counts = {name: row["excluded"].get(name, 0) for name in _COUNTS}
        connection.execute(sa.update(_LISTS).where(_LISTS.c.id == row["id"]).values(**counts))
    connection.execute(sa.delete(_LISTS).where(_LISTS.c.model.is_(None)))
    with op.batch_alter_table("lists") as lists:
        for name, kind in _OF_A_MODEL.items():
            lists.alter_column(name, existing_type=kind, nullable=False)
        for name in ("campaign", "control", "excluded"):
            lists.drop_column(name)
        for name in _COUNTS:
            lists.alter_column(name, server_default=None)

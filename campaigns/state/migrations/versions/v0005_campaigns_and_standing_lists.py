"""Make the tables of campaign plans and of standing lists."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "campaigns",
        sa.Column("campaign_id", sa.String(64), primary_key=True),
        sa.Column("goal", sa.String(), nullable=True),
        sa.Column("channel", sa.String(32), nullable=True),
        sa.Column("offer", sa.String(), nullable=True),
        sa.Column("product_id", sa.String(255), nullable=True),
        sa.Column("starts_at", _TIME, nullable=False),
        sa.Column("ends_at", _TIME, nullable=True),
        sa.Column("contact_cost", sa.Double(), nullable=True),
        sa.Column("redemption_cost", sa.Double(), nullable=True),
        sa.Column("margin_share", sa.Double(), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_index("campaigns_by_time", "campaigns", ["created_at", "campaign_id"])
    op.create_table(
        "standing_lists",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
    )
    op.create_table(
        "standing_runs",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("due_on", sa.Date(), primary_key=True),
        sa.Column("list_id", sa.String(32), nullable=False),
        sa.Column("claimed_at", _TIME, nullable=False),
        sa.Column("built_at", _TIME, nullable=True),
    )
    op.create_table(
        "reminded",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("customer_id", sa.String(255), primary_key=True),
        sa.Column("about", sa.String(255), primary_key=True),
        sa.Column("due_on", sa.Date(), primary_key=True),
    )


def downgrade() -> None:
    """Drop the tables."""
    for name in ("reminded", "standing_runs", "standing_lists", "campaigns"):
        op.drop_table(name)

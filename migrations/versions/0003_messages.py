"""Messages of the chat page, which no platform keeps for us."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(22)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "messages",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("event_id", sa.String(64)),
        sa.Column("job_id", ID),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.UniqueConstraint("person_id", "event_id", name="uq_messages_person_id_event_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_messages_person_id_people", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,  # a number is never given twice: pages know messages by it
    )
    op.create_index("ix_messages_person_id_number", "messages", ["person_id", "number"])
    op.create_index("ix_messages_job_id", "messages", ["job_id"])


def downgrade() -> None:
    """Forget what was said; characters and files stay."""
    op.drop_table("messages")

"""How talks look and sound: effect, background and caption, of a person and of each job."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PLAIN = {"effect": "none", "background": "warm"}


def upgrade() -> None:
    """Add the columns; who is there keeps what was always so."""
    with op.batch_alter_table("people") as people:
        for name, value in PLAIN.items():
            people.add_column(sa.Column(name, sa.String(16), nullable=False, server_default=value))
        people.add_column(sa.Column("picture_id", sa.String(22)))
        people.add_column(sa.Column("next_picture_id", sa.String(22)))
        people.add_column(sa.Column("caption", sa.String, nullable=False, server_default=""))
    with op.batch_alter_table("jobs") as jobs:
        for name, value in ({"feeling": "neutral"} | PLAIN).items():
            jobs.add_column(sa.Column(name, sa.String(16), nullable=False, server_default=value))
        jobs.add_column(sa.Column("background_id", sa.String(22)))
        jobs.add_column(sa.Column("caption", sa.String, nullable=False, server_default=""))
    # who waits for a talk gets it with the feeling that the character has
    op.execute(
        "UPDATE jobs SET feeling = (SELECT feeling FROM characters WHERE characters.id = jobs.character_id)"
        " WHERE character_id IN (SELECT id FROM characters)"
    )


def downgrade() -> None:
    """Forget them; pictures go with the next sweep, and jobs that make one are unknown from here on."""
    op.execute("UPDATE blobs SET expires_at = 0 WHERE purpose = 'background'")
    made = "job_id IN (SELECT id FROM jobs WHERE kind = 'background')"
    op.execute(f"DELETE FROM deliveries WHERE {made}")  # noqa: S608 our own words
    op.execute(f"UPDATE renders SET job_id = NULL WHERE {made}")  # noqa: S608 our own words
    op.execute("DELETE FROM jobs WHERE kind = 'background'")
    with op.batch_alter_table("jobs") as jobs:
        for name in ("feeling", "effect", "background", "background_id", "caption"):
            jobs.drop_column(name)
    with op.batch_alter_table("people") as people:
        for name in ("effect", "background", "picture_id", "next_picture_id", "caption"):
            people.drop_column(name)

"""How a character looks while it speaks."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; characters that are there are neutral."""
    with op.batch_alter_table("characters") as characters:
        characters.add_column(sa.Column("feeling", sa.String(16), nullable=False, server_default="neutral"))


def downgrade() -> None:
    """Forget feelings."""
    with op.batch_alter_table("characters") as characters:
        characters.drop_column("feeling")

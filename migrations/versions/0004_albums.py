"""Photos that were sent together: the others are tried when the first shows no face."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let a conversation remember them."""
    op.add_column("people", sa.Column("other_photos", sa.JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Forget them; their files go with the next sweep."""
    op.drop_column("people", "other_photos")

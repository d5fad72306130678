"""People, their characters, files and renders."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(22)


def upgrade() -> None:
    """Make the tables of what is remembered."""
    op.create_table(
        "people",
        sa.Column("id", ID, primary_key=True),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("platform_id", sa.String(64), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("language_chosen", sa.Boolean, nullable=False),
        sa.Column("consent_version", sa.Integer, nullable=False),
        sa.Column("consent_at", sa.Double),
        sa.Column("character_id", ID),
        sa.Column("photo_id", ID),
        sa.Column("photo_at", sa.Double),
        sa.Column("choosing", sa.Boolean, nullable=False),
        sa.Column("voice_id", ID),
        sa.Column("voice_at", sa.Double),
        sa.Column("asked", sa.String(64)),
        sa.UniqueConstraint("platform", "platform_id", name="uq_people_platform_platform_id"),
    )
    op.create_table(
        "characters",
        sa.Column("id", ID, primary_key=True),
        _person("characters"),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("style", sa.String(32), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_characters_person_id_created_at", "characters", ["person_id", "created_at"])
    op.create_table(
        "blobs",
        sa.Column("id", ID, primary_key=True),
        _person("blobs"),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double),
        sa.Column("character_id", ID),
        sa.ForeignKeyConstraint(
            ["character_id"], ["characters.id"], name="fk_blobs_character_id_characters", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "renders",
        sa.Column("id", ID, primary_key=True),
        _person("renders"),
        sa.Column("character_id", ID),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("blob_id", ID),
        sa.Column("file_ids", sa.JSON, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(
            ["character_id"],
            ["characters.id"],
            name="fk_renders_character_id_characters",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["blob_id"], ["blobs.id"], name="fk_renders_blob_id_blobs", ondelete="SET NULL"
        ),
    )
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_table(
        "seen_events",
        sa.Column("person_id", ID, primary_key=True),
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("seen_at", sa.Double, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_seen_events_person_id_people", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_seen_events_seen_at", "seen_events", ["seen_at"])
    op.create_table(
        "blocks",
        sa.Column("platform", sa.String(16), primary_key=True),
        sa.Column("platform_id", sa.String(64), primary_key=True),
        sa.Column("blocked_at", sa.Double, nullable=False),
    )


INDEXES = (
    ("blobs", "person_id"),
    ("blobs", "expires_at"),
    ("blobs", "character_id"),
    ("renders", "person_id"),
    ("renders", "character_id"),
    ("renders", "blob_id"),
)


def downgrade() -> None:
    """Forget everything."""
    for table in ("blocks", "seen_events", "renders", "blobs", "characters", "people"):
        op.drop_table(table)


def _person(table: str) -> sa.Column[str]:
    key = sa.ForeignKey("people.id", name=f"fk_{table}_person_id_people", ondelete="CASCADE")
    return sa.Column("person_id", ID, key, nullable=False)

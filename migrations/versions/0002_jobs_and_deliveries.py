"""Jobs, what was delivered of them, and fairness between people."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(22)


def upgrade() -> None:
    """Make the tables of work; renders say which job made them, people when they were last served."""
    op.create_table(
        "jobs",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("blob_id", ID, nullable=False),
        sa.Column("character_id", ID),
        sa.Column("style", sa.String(32)),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(128)),
        sa.Column("stage", sa.String(16)),
        sa.Column("error_id", sa.String(64)),
        sa.Column("error_values", sa.JSON, nullable=False),
        sa.Column("error", sa.String),
        sa.Column("progress_message", sa.String(64)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("started_at", sa.Double),
        sa.Column("heartbeat_at", sa.Double),
        sa.Column("finished_at", sa.Double),
        sa.UniqueConstraint("id", name="uq_jobs_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_jobs_person_id_people", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_jobs_state_number", "jobs", ["state", "number"])
    op.create_index("ix_jobs_person_id_created_at", "jobs", ["person_id", "created_at"])
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"])
    op.create_table(
        "deliveries",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("platform", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("part", sa.String(64), nullable=False),
        sa.Column("words", sa.JSON, nullable=False),
        sa.Column("render_id", ID),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("courier", sa.String(128)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False),
        sa.Column("message_id", sa.String(64)),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("sending_at", sa.Double),
        sa.Column("sent_at", sa.Double),
        sa.UniqueConstraint("id", name="uq_deliveries_id"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_deliveries_person_id_people", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name="fk_deliveries_job_id_jobs", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["render_id"], ["renders.id"], name="fk_deliveries_render_id_renders", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_deliveries_state_number", "deliveries", ["state", "number"])
    op.create_index("ix_deliveries_person_id", "deliveries", ["person_id"])
    op.create_index("ix_deliveries_job_id", "deliveries", ["job_id"])
    op.create_index("ix_deliveries_render_id", "deliveries", ["render_id"])
    with op.batch_alter_table("renders") as renders:
        renders.add_column(sa.Column("job_id", ID))
        renders.create_foreign_key("fk_renders_job_id_jobs", "jobs", ["job_id"], ["id"], ondelete="SET NULL")
        renders.create_index("ix_renders_job_id", ["job_id"])
    op.add_column("people", sa.Column("served_at", sa.Double))


def downgrade() -> None:
    """Forget work; people, characters and files stay."""
    op.drop_table("deliveries")
    with op.batch_alter_table("renders") as renders:
        renders.drop_index("ix_renders_job_id")
        renders.drop_constraint("fk_renders_job_id_jobs", type_="foreignkey")
        renders.drop_column("job_id")
    op.drop_table("jobs")
    with op.batch_alter_table("people") as people:
        people.drop_column("served_at")

"""who asked for a job, and whose turn it is."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24c"
down_revision = "2026_11_24b"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("workspace", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("person", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("team_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("told_teams", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_inbox_team_id"), "joint_team", ["team_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_inbox_team_id"), type_="foreignkey")
        batch_op.drop_column("told_at")
        batch_op.drop_column("told_teams")
        batch_op.drop_column("team_id")
        batch_op.drop_column("person")
        batch_op.drop_column("workspace")

    op.drop_table("lease")

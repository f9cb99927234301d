"""issues as text, and how far their histories are proved.

Every board is read anew: what was stored of its issues lacks what is kept from now on.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24g"
down_revision = "2026_11_24f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM board_issue")
    op.execute("DELETE FROM issue")
    op.execute("UPDATE board SET cursor = NULL, swept_at = NULL")
    op.create_table(
        "former_key",
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_former_key_issue_id")),
        sa.ForeignKeyConstraint(["site_id"], ["jira_site.id"], name=op.f("fk_former_key_site_id")),
        sa.PrimaryKeyConstraint("site_id", "key", name=op.f("pk_former_key")),
    )
    with op.batch_alter_table("former_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_key_issue_id"), ["issue_id"], unique=False)

    with op.batch_alter_table("board", schema=None) as batch_op:
        batch_op.add_column(sa.Column("described_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("backfill", sa.JSON(), nullable=False, server_default="{}"))

    with op.batch_alter_table("board", schema=None) as batch_op:
        batch_op.alter_column("backfill", existing_type=sa.JSON(), server_default=None)

    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.add_column(sa.Column("status", sa.String(), nullable=False))
        batch_op.add_column(sa.Column("status_category", sa.String(), nullable=False))
        batch_op.add_column(sa.Column("whole", sa.Boolean(), nullable=False))
        batch_op.add_column(sa.Column("tries", sa.Integer(), nullable=False))
        batch_op.add_column(sa.Column("again_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("unseen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("unseen", sa.String(), nullable=True))
        batch_op.alter_column("value", existing_type=sa.JSON(), type_=sa.Text(), postgresql_using="value::text")
        batch_op.create_index(batch_op.f("ix_issue_again_at"), ["again_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_issue_site_id_updated"), ["site_id", "updated"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM board_issue")
    op.execute("DELETE FROM issue")
    op.execute("UPDATE board SET cursor = NULL, swept_at = NULL")
    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_issue_site_id_updated"))
        batch_op.drop_index(batch_op.f("ix_issue_again_at"))
        batch_op.alter_column("value", existing_type=sa.Text(), type_=sa.JSON(), postgresql_using="value::json")
        batch_op.drop_column("unseen")
        batch_op.drop_column("unseen_at")
        batch_op.drop_column("again_at")
        batch_op.drop_column("tries")
        batch_op.drop_column("whole")
        batch_op.drop_column("status_category")
        batch_op.drop_column("status")

    with op.batch_alter_table("board", schema=None) as batch_op:
        batch_op.drop_column("backfill")
        batch_op.drop_column("described_at")

    with op.batch_alter_table("former_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_former_key_issue_id"))

    op.drop_table("former_key")

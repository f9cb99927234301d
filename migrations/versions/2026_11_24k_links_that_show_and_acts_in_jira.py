"""links that show and acts in Jira."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24k"
down_revision = "2026_11_24j"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jira_act",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("jira_issue_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offer", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_jira_act_member_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["site_id"], ["jira_site.id"], name=op.f("fk_jira_act_site_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["joint_team.id"], name=op.f("fk_jira_act_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jira_act")),
        sa.UniqueConstraint("ref", name=op.f("uq_jira_act_ref")),
    )
    with op.batch_alter_table("jira_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jira_act_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_jira_act_member_id"), ["member_id"], unique=False)

    op.create_table(
        "follow",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filter_id", sa.String(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("seen_history", sa.Integer(), nullable=False),
        sa.Column("bundle", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_follow_board_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["channel_id"], ["channel.id"], name=op.f("fk_follow_channel_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["joint_team.id"], name=op.f("fk_follow_team_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow")),
        sa.UniqueConstraint(
            "channel_id", "board_id", "filter_id", name=op.f("uq_follow_channel_id_board_id_filter_id")
        ),
    )
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_team_id"), ["team_id"], unique=False)

    with op.batch_alter_table("jira_site", schema=None) as batch_op:
        batch_op.add_column(sa.Column("acting", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("joint_team", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unfurls", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    with op.batch_alter_table("joint_team", schema=None) as batch_op:
        batch_op.drop_column("unfurls")

    with op.batch_alter_table("jira_site", schema=None) as batch_op:
        batch_op.drop_column("acting")

    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_team_id"))

    op.drop_table("follow")
    with op.batch_alter_table("jira_act", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jira_act_member_id"))
        batch_op.drop_index(batch_op.f("ix_jira_act_asked_at"))

    op.drop_table("jira_act")

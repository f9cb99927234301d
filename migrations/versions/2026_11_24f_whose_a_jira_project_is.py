"""whose a Jira project is, which sides accept it as joint, and blockers that name an issue by site and id.

All issues are read once more, with their project and security level; until then they are internal.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24f"
down_revision = "2026_11_24e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "jira_project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("jira_project_id", sa.String(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("internal_fields", sa.JSON(), nullable=False),
        sa.Column("stores_secured", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_jira_project_organisation_id")),
        sa.ForeignKeyConstraint(["site_id"], ["jira_site.id"], name=op.f("fk_jira_project_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jira_project")),
        sa.UniqueConstraint("site_id", "jira_project_id", name=op.f("uq_jira_project_site_id_jira_project_id")),
    )
    with op.batch_alter_table("jira_project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jira_project_site_id"), ["site_id"], unique=False)

    op.create_table(
        "joint_acceptance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("side_id", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["accepted_by"], ["member.id"], name=op.f("fk_joint_acceptance_accepted_by")),
        sa.ForeignKeyConstraint(["project_id"], ["jira_project.id"], name=op.f("fk_joint_acceptance_project_id")),
        sa.ForeignKeyConstraint(["side_id"], ["side.id"], name=op.f("fk_joint_acceptance_side_id")),
        sa.ForeignKeyConstraint(["team_id"], ["joint_team.id"], name=op.f("fk_joint_acceptance_team_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["member.id"], name=op.f("fk_joint_acceptance_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_joint_acceptance")),
        sa.UniqueConstraint("project_id", "side_id", name=op.f("uq_joint_acceptance_project_id_side_id")),
    )
    with op.batch_alter_table("joint_acceptance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_joint_acceptance_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_joint_acceptance_team_id"), ["team_id"], unique=False)

    op.create_table(
        "several_boards",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("record_board_id", sa.Integer(), nullable=False),
        sa.Column("counterparts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["record_board_id"], ["board.id"], name=op.f("fk_several_boards_record_board_id")),
        sa.ForeignKeyConstraint(["team_id"], ["joint_team.id"], name=op.f("fk_several_boards_team_id")),
        sa.PrimaryKeyConstraint("team_id", name=op.f("pk_several_boards")),
    )
    op.create_table(
        "withheld_issue",
        sa.Column("board_id", sa.Integer(), nullable=False),
        sa.Column("jira_issue_id", sa.String(), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["board_id"], ["board.id"], name=op.f("fk_withheld_issue_board_id")),
        sa.PrimaryKeyConstraint("board_id", "jira_issue_id", name=op.f("pk_withheld_issue")),
    )
    with op.batch_alter_table("blocker", schema=None) as batch_op:
        batch_op.add_column(sa.Column("site_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("jira_issue_id", sa.String(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_blocker_site_id"), "jira_site", ["site_id"], ["id"])
    _name_issues_by_id()
    with op.batch_alter_table("blocker", schema=None) as batch_op:
        batch_op.drop_column("issue_key")
    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.add_column(sa.Column("project", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("secured", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.alter_column("project", server_default=None)
        batch_op.alter_column("secured", server_default=None)
    op.execute("UPDATE board SET cursor = NULL, swept_at = NULL")


def _name_issues_by_id() -> None:
    """The issue of a blocker is the one of its joint team's boards that has its key now."""
    session = op.get_bind()
    found = session.execute(
        sa.text(
            "SELECT blocker.id, blocker.issue_key, blocker.open_key, issue.site_id, issue.jira_issue_id FROM blocker"
            " JOIN board ON board.team_id = blocker.team_id JOIN board_issue ON board_issue.board_id = board.id"
            " JOIN issue ON issue.id = board_issue.issue_id AND issue.key = blocker.issue_key ORDER BY issue.id"
        )
    ).all()
    for row, key, open_key, site, number in found:
        now = None if open_key is None else open_key.replace(f"|issue:{key}|", f"|issue:{site}/{number}|")
        told = {"row": row, "site": site, "number": number, "open_key": now}
        update = "UPDATE blocker SET site_id = :site, jira_issue_id = :number, open_key = :open_key WHERE id = :row"
        session.execute(sa.text(update), told)


def downgrade() -> None:
    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.drop_column("secured")
        batch_op.drop_column("project")

    with op.batch_alter_table("blocker", schema=None) as batch_op:
        batch_op.add_column(sa.Column("issue_key", sa.VARCHAR(), nullable=True))
        batch_op.drop_constraint(batch_op.f("fk_blocker_site_id"), type_="foreignkey")
        batch_op.drop_column("jira_issue_id")
        batch_op.drop_column("site_id")

    op.drop_table("withheld_issue")
    op.drop_table("several_boards")
    with op.batch_alter_table("joint_acceptance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_joint_acceptance_team_id"))
        batch_op.drop_index(batch_op.f("ix_joint_acceptance_project_id"))

    op.drop_table("joint_acceptance")
    with op.batch_alter_table("jira_project", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jira_project_site_id"))

    op.drop_table("jira_project")

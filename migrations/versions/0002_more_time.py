"""More time: requests for extensions and pauses, waivers, dues that wait for a calendar, notices within hours."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KINDS = (
    "triage", "issue", "sign", "feedback", "decide", "review", "measure", "verify", "answer", "round", "correction",
    "audit", "archive", "reexamine",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "clock_requests",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("task_no", sa.Text(), nullable=False),
        sa.Column("n", NUMBER, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("clock_id", NUMBER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("wanted_at", MOMENT, nullable=False),
        sa.Column("granted_at", MOMENT, nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decision_text", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "decision IN ('granted', 'refused', 'lapsed')", name=op.f("ck_clock_requests_decision_known")
        ),
        sa.CheckConstraint("kind IN ('extension', 'pause')", name=op.f("ck_clock_requests_kind_known")),
        sa.CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_clock_requests_decided_has_moment")
        ),
        sa.ForeignKeyConstraint(["clock_id"], ["clocks.id"], name=op.f("fk_clock_requests_clock_id_clocks")),
        sa.ForeignKeyConstraint(["task_no"], ["tasks.no"], name=op.f("fk_clock_requests_task_no_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_requests")),
        sa.UniqueConstraint("task_no", "n", name=op.f("uq_clock_requests_task_no_n")),
    )
    op.create_index(op.f("ix_clock_requests_task_no"), "clock_requests", ["task_no"])
    undecided = sa.text("decided_at IS NULL")
    op.create_index(
        "uq_clock_requests_open",
        "clock_requests",
        ["clock_id", "kind"],
        unique=True,
        sqlite_where=undecided,
        postgresql_where=undecided,
    )
    op.create_table(
        "waivers",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("breach_id", NUMBER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["breach_id"], ["breaches.id"], name=op.f("fk_waivers_breach_id_breaches")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waivers")),
        sa.UniqueConstraint("breach_id", name=op.f("uq_waivers_breach_id")),
    )
    # A plain ALTER: a rebuilt table would lose the triggers that keep breaches append-only.
    op.add_column("breaches", sa.Column("cause", sa.Text(), nullable=True))
    with op.batch_alter_table("clock_plans") as table:
        table.add_column(sa.Column("remaining", NUMBER, nullable=True))
        table.alter_column("due_at", existing_type=MOMENT, nullable=True)
    _clocks()
    zero = sa.text("0")
    op.add_column("calendars", sa.Column("replanned", NUMBER, nullable=False, server_default=zero))
    op.execute("UPDATE calendars SET replanned = revision")
    op.add_column("issues", sa.Column("rerated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("notices", sa.Column("visible_at", MOMENT, nullable=True))
    op.execute("UPDATE notices SET visible_at = at")
    with op.batch_alter_table("notices") as table:
        table.alter_column("visible_at", existing_type=MOMENT, nullable=False)


def _clocks() -> None:
    zero = sa.text("0")
    op.add_column("clocks", sa.Column("remaining", NUMBER, nullable=True))
    op.add_column("clocks", sa.Column("pause_until", MOMENT, nullable=True))
    op.add_column("clocks", sa.Column("asked_of", sa.Text(), nullable=True))
    op.add_column("clocks", sa.Column("rerated_until", MOMENT, nullable=True))
    for name in ("paused", "extensions", "checked_revision", "checked_national"):
        op.add_column("clocks", sa.Column(name, NUMBER, nullable=False, server_default=zero))
    op.execute("UPDATE clocks SET checked_revision = calendar_revision, checked_national = national_revision")
    with op.batch_alter_table("clocks") as table:
        table.drop_constraint(op.f("ck_clocks_kind_known"), type_="check")
        listed = ", ".join(f"'{kind}'" for kind in KINDS)
        table.create_check_constraint(op.f("ck_clocks_kind_known"), f"kind IN ({listed})")
        table.create_check_constraint(
            op.f("ck_clocks_paused_has_remaining"), "state <> 'paused' OR remaining IS NOT NULL"
        )


def downgrade() -> None:
    raise RuntimeError("what was granted and waived since then would be lost: restore the backup instead")

"""Whether the process lives, whether it can work, and figures for Prometheus."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import ColumnElement, Text, and_, func, or_, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError

from .domain.clocks import ARMED, LIVE
from .domain.numbers import SHANGHAI
from .extensions import db
from .models.beat import Beat
from .models.clock import Breach, Clock, ClockRung
from .models.issue import Issue
from .models.task import Task
from .queries.calendars import horizon

blueprint = Blueprint("health", __name__)
FRESH = timedelta(seconds=60)
# What has not fired so long after its moment, workers sweeping, cannot be fired: its row or its issue's is damaged.
STUCK = timedelta(minutes=5)
RETRY_SECONDS = "5"


@blueprint.get("/healthz")
def alive() -> Response:
    """The process answers; the database is not asked."""
    return Response("ok\n", content_type="text/plain")


@blueprint.get("/readyz")
def ready() -> Response:
    """Database, migrations and a worker's beat under 60 s; else 503 with what is missing, in words."""
    missing = [what for what, check in CHECKS if not _holds(check)]
    text = "ready\n" if not missing else "".join(f"not ready: {what}\n" for what in missing)
    answer = Response(text, status=503 if missing else 200, content_type="text/plain")
    if missing:
        answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _holds(check: Any) -> bool:
    try:
        return bool(check())
    except SQLAlchemyError:
        db.session.rollback()
        return False


def database_answers() -> bool:
    """Whether the database answers at all."""
    return db.session.scalar(select(1)) == 1


def migrations_are_done() -> bool:
    """Whether the database is at the newest migration."""
    folder = current_app.extensions["migrate"].directory
    newest = ScriptDirectory(folder).get_current_head()
    return MigrationContext.configure(db.session.connection()).get_current_revision() == newest


def a_worker_beats() -> bool:
    """Whether some worker gave a sign of life in the last minute."""
    last = db.session.scalar(select(func.max(Beat.at)))
    return last is not None and datetime.now(UTC) - last < FRESH


CHECKS = (
    ("the database does not answer", database_answers),
    ("the database is not at the newest migration (flask db upgrade)", migrations_are_done),
    ("no worker gave a sign of life in the last 60 s (flask worker)", a_worker_beats),
)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Figures from the database, the same from every process."""
    registry = CollectorRegistry()
    registry.register(_Figures())
    return Response(generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8")


class _Figures:
    """Counts by state and the sweep's backlog, asked at each scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges."""
        for name, entity in (("issues", Issue), ("tasks", Task)):
            gauge = GaugeMetricFamily(f"cxloop_{name}", f"{name} by state", labels=["state"])
            for state, count in db.session.execute(select(entity.state, func.count()).group_by(entity.state)):
                gauge.add_metric([state], count)
            yield gauge
        running = GaugeMetricFamily("cxloop_clocks_live", "clocks that are not over, by kind", labels=["kind"])
        live = select(Clock.kind, func.count()).where(Clock.state.in_(LIVE)).group_by(Clock.kind)
        for kind, count in db.session.execute(live):
            running.add_metric([kind], count)
        yield running
        yield GaugeMetricFamily("cxloop_rungs_overdue", "armed rungs whose moment has passed", value=backlog())
        yield from _horizon()
        stuck = db.session.scalar(select(func.count()).select_from(ClockRung).where(_due_before(_long_ago()))) or 0
        yield GaugeMetricFamily("cxloop_rungs_stuck", "armed rungs that should have fired 5 minutes ago", value=stuck)
        breaches = db.session.scalar(select(func.count()).select_from(Breach)) or 0
        yield GaugeMetricFamily("cxloop_breaches_written", "breaches ever written", value=breaches)


def _horizon() -> Iterator[GaugeMetricFamily]:
    """How far the national days are official: a reason to warn somebody in time, none to be unready."""
    found = horizon(at=datetime.now(UTC))
    if found is None:
        return
    end = datetime.combine(found.official_until + timedelta(days=1), time(), SHANGHAI)
    about = "when the official national days end, in seconds since 1970"
    yield GaugeMetricFamily("cxloop_national_days_end_seconds", about, value=end.timestamp())
    about = "1 while a year's notice is missing that should be there by now"
    yield GaugeMetricFamily("cxloop_national_notice_missing", about, value=int(found.missing is not None))


def backlog() -> int:
    """How many rungs should have fired by now and have not."""
    return db.session.scalar(select(func.count()).select_from(ClockRung).where(_due_before(datetime.now(UTC)))) or 0


def stuck(*, most: int) -> list[str]:
    """The rungs that should have fired long ago: subject, kind, rung. No moment is read, for it may be the fault."""
    found = (
        select(Clock.subject, Clock.kind, ClockRung.code)
        .join(Clock, Clock.id == ClockRung.clock_id)
        .where(or_(_due_before(_long_ago()), and_(ClockRung.state == ARMED, _unreadable())))
        .order_by(Clock.subject, Clock.kind, ClockRung.code)
        .limit(most)
    )
    return [" ".join(row) for row in db.session.execute(found)]


def _long_ago() -> datetime:
    return datetime.now(UTC) - STUCK


def _due_before(moment: datetime) -> ColumnElement[bool]:
    return and_(ClockRung.state == ARMED, ClockRung.moment <= moment)


def _unreadable() -> ColumnElement[bool]:
    """A moment that never comes because it is none: any text on SQLite, infinity on PostgreSQL."""
    if db.engine.dialect.name == "sqlite":
        return type_coerce(ClockRung.moment, Text).op("NOT GLOB")("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] *")
    return func.isfinite(ClockRung.moment).is_(False)

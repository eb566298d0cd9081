"""Calendars: asked for dues and days, published, previewed; the year's notice taken in."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask import Response, request
from marshmallow import ValidationError
from werkzeug.exceptions import NotFound

from ..domain.calendar import CalendarError, Target, WorkCalendar
from ..domain.permissions import Facts, Person, permitted, relate
from ..models.calendar import NATIONAL, Calendar, definition_of
from ..operations.act import Forbidden
from ..operations.act import Invalid as Refused
from ..operations.calendars import ImportedDays, national_difference, proposed
from ..operations.clocks.engine import current_calendar
from ..operations.clocks.foresight import Foresight, foresee
from ..queries import calendars
from ..queries.listing import BadQuery, Listing
from ..schemas import calendar_views, views
from ..schemas.calendars import CalendarPreview
from ..schemas.day_files import BadDays, DayFile, Fault, read_day_file
from ..schemas.fields import Said
from ..schemas.files import BadFile
from ..wording import say
from . import door
from .blueprint import act_route, get_route, list_route, noun, post_route, question_route, read_route

blueprint = noun("calendars", "Working time")


def due(code: str) -> Response:
    """The due time after a start: `hours` of working time, or `days` as whole working days."""
    calendar, start = _calendar(code), door.read_moment("start")
    named = [name for name in ("hours", "days", "natural_hours", "natural_days") if name in request.args]
    if len(named) != 1:
        raise BadQuery("hours", "error.target")
    try:
        target = Target.from_json({named[0]: _figure(named[0])})
        found = calendar.due(start, target)
    except CalendarError as error:
        raise BadQuery(named[0], f"error.{error.message}") from None
    except ValueError:
        raise BadQuery(named[0], "error.target") from None
    return door.ask({"due_at": found, "provisional": calendar.is_provisional(found)})


def worked(code: str) -> Response:
    """The hours of working time between two moments."""
    calendar, start, end = _calendar(code), door.read_moment("start"), door.read_moment("end")
    if end < start:
        raise BadQuery("end", "error.before_start")
    return door.ask({"hours": Decimal(calendar.worked(start, end)) / 3600})


def _figure(name: str) -> int | float:
    try:
        figure = Decimal(request.args[name])
    except ArithmeticError:
        raise BadQuery(name, "error.invalid_number") from None
    if not figure.is_finite() or not 0 <= figure <= 100_000:
        raise BadQuery(name, "error.out_of_range", low=0, high=100_000)
    return int(figure) if figure == figure.to_integral_value() else float(figure)


def _calendar(code: str) -> WorkCalendar:
    door.caller()
    if code == NATIONAL:
        raise NotFound
    try:
        return current_calendar(code)[0]
    except LookupError:
        raise NotFound from None


# Each date answers


def days(code: str) -> Response:
    """Why each date is worked or not, with its hours: at most 400 dates."""
    door.caller()
    found = calendars.days(code=code, first=_date("from"), last=_date("to"))
    return door.ask(
        None if found is None else {"calendar": code, "items": [{**day, "text": worded(day)} for day in found]}
    )


def _date(name: str) -> date:
    text = request.args.get(name)
    if text is None:
        raise BadQuery(name, "error.required")
    try:
        found = date.fromisoformat(text) if len(text) == len("2026-10-01") else None
    except ValueError:
        found = None
    if found is None or not 1970 <= found.year <= 2199:
        raise BadQuery(name, "error.bad_date")
    return found


_WHY = {
    ("week", True): "day.week",
    ("weekend", False): "day.weekend",
    ("holiday", False): "day.holiday",
    ("workday", True): "day.workday",
    ("local", False): "day.local_holiday",
    ("local", True): "day.local_workday",
}


def worded(day: dict[str, Any]) -> str:
    """A date's answer in the caller's words: what decided it, by which notice, its hours, and what may still change."""
    said = [say(_WHY[day["why"], day["working"]])]
    if day["name"]:
        said[0] = say("day.named", what=said[0], name=day["name"])
    if day["hours"]:
        said.append(say("day.hours", hours=say("day.and").join(f"{start}-{end}" for start, end in day["hours"])))
    if day["source"]:
        said.append(say("day.source", source=day["source"]))
    if "freeze" in day:
        said.append(say("day.freeze", name=day["freeze"]))
    if day["provisional"]:
        said.append(say("day.provisional"))
    return say("day.then").join(said)


# Published, previewed, taken in


def _views(rows: Any, person: Person, at: datetime) -> list[dict[str, Any]]:
    return [_warned(view) for view in calendars.calendar_views(rows, person, at)]


def _warned(view: dict[str, Any]) -> dict[str, Any]:
    year = view["missing_notice"]
    return view | {"warning": None if year is None else say("day.notice_missing", year=year)}


def find_calendar(*, code: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One calendar with its newest definition, or None."""
    view = calendars.find_calendar(code=code, person=person, at=at)
    return None if view is None else _warned(view)


def _published(calendar: Calendar, person: Person, at: datetime) -> Any:
    return find_calendar(code=calendar.code, person=person, at=at)


def import_days(code: str) -> Response:
    """Take in a year's notice: a CSV or JSON file as multipart `file`, or holiday-cn's JSON as the body."""
    door.caller()
    told = _read(_raw(), request.form.get("source", ""))
    fields = told.fields()
    for name, read in (("official_until", str), ("year", _year)):
        if request.form.get(name):
            fields[name] = read(request.form[name])
    try:
        return door.do("calendar.import_days", code, imported_view, fields=fields)
    except Refused as error:
        faults = told.faults_of(error.errors)
        if faults is None:
            raise
        raise _bad_rows(faults) from None


def _raw() -> bytes:
    if request.mimetype != "multipart/form-data":
        door.read_body()
        return request.get_data(cache=True)
    found = request.files.get("file")
    if found is None:
        raise ValidationError({"file": [Said("error.required")]})
    return bytes(found.read())


def _read(raw: bytes, source: str) -> DayFile:
    try:
        return read_day_file(raw, source=source)
    except BadFile as error:
        ((field, (key, params)),) = error.errors.items()
        raise ValidationError({field: [Said(key, **params)]}) from None
    except BadDays as error:
        raise _bad_rows(error.faults) from None


def _bad_rows(faults: list[Fault]) -> ValidationError:
    return ValidationError(
        {f"rows.{row}.{field}".rstrip("."): [Said(key, **params)] for row, field, key, params in faults}
    )


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4 and 1970 <= int(text) <= 2199):
        raise ValidationError({"year": [Said("error.out_of_range", low=1970, high=2199)]})
    return int(text)


def imported_view(result: ImportedDays, _person: Person, _at: datetime) -> dict[str, Any]:
    """What a notice changed: the dates added, changed and removed."""
    row = result.calendar
    until = definition_of(row.code, row.revision)["official_until"]
    told = {"code": row.code, "revision": row.revision, "version": row.version, "official_until": until}
    return told | {name: list(dates) for name, dates in asdict(result.difference).items()}


def preview(code: str) -> Response:
    """What publishing a definition, or days, would do to running clocks: which move, from when to when."""
    person = door.person()
    why = permitted(act="calendar.publish", relations=relate(person=person, facts=Facts()))
    fields = dict(CalendarPreview().load(door.read_body()))
    if why is not None:
        raise Forbidden(why)
    page, size = fields.pop("page", 1), fields.pop("page_size", calendars.MOST_MOVES)
    definitions = proposed(code=code, **fields)
    found = foresee(definitions, at=door.now(), skip=(page - 1) * size, most=size)
    view = foresight_view(found) | {"page": page, "page_size": size}
    if code == NATIONAL:
        view["days"] = asdict(national_difference(definitions[code]))
    return door.ask(view)


def foresight_view(found: Foresight) -> dict[str, Any]:
    """What a publication would do, ready for a page."""
    items = [
        {
            "clock": move.id, "subject": move.subject, "kind": move.kind, "unit": move.unit, "severity": move.severity,
            "calendar": move.calendar, "from": move.was_at, "to": move.due_at, "moves": move.moves,
            "becomes_official": move.becomes_official,
        }
        for move in found.items
    ]  # fmt: skip
    return {
        "calendars": found.calendars, "looked_at": found.looked_at, "count": found.moved, "official": found.official,
        "items": items, "more": found.more,
    }  # fmt: skip


def _asked(name: str, kind: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "required": True, "schema": {"type": "string", "format": kind}}


_TARGETS = [
    {"in": "query", "name": name, "schema": {"type": "number"}}
    for name in ("hours", "days", "natural_hours", "natural_days")
]
_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "CSV, or holiday-cn's JSON"},
                    "year": {"type": "string", "description": "The notice's, by default that of most days"},
                    "official_until": {"type": "string", "format": "date"},
                    "source": {"type": "string", "description": "For days that name none"},
                },
            }
        },
        "application/json": {"schema": {"type": "object"}},
    },
}
LISTING = Listing(
    name=calendars.LISTING.name, entity=Calendar, seen=calendars.LISTING.seen, view=_views,
    sorts=calendars.LISTING.sorts, order=calendars.LISTING.order,
)  # fmt: skip

list_route(blueprint, LISTING, calendar_views.CalendarView)
read_route(blueprint, "/<string:code>", "calendars.read", calendar_views.CalendarView, find_calendar)
get_route(blueprint, "/<string:code>/due", "calendars.due", views.Due, due, [_asked("start", "date-time"), *_TARGETS])
get_route(
    blueprint, "/<string:code>/worked", "calendars.worked", views.Worked, worked,
    [_asked("start", "date-time"), _asked("end", "date-time")],
)  # fmt: skip
get_route(
    blueprint, "/<string:code>/days", "calendars.days", calendar_views.CalendarDays, days,
    [_asked("from", "date"), _asked("to", "date")],
)  # fmt: skip
question_route(
    blueprint, "/<string:code>/preview", "calendars.preview", calendar_views.CalendarForesight, preview, CalendarPreview
)
act_route(
    blueprint, "/<string:code>", "calendar.publish", calendar_views.CalendarView, _published, on=lambda code: code
)
act_route(
    blueprint, "/<string:code>", "calendar.withdraw", calendar_views.CalendarView, _published, on=lambda code: code
)
post_route(
    blueprint, "/<string:code>/import", "calendar.import_days", calendar_views.DaysImported, import_days, form=_FORM
)

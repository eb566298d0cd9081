"""What goes out about calendars, as the API documents it."""

from marshmallow import Schema, fields


def _moment() -> fields.String:
    return fields.String(allow_none=True, metadata={"format": "date-time"})


def _date() -> fields.String:
    return fields.String(allow_none=True, metadata={"format": "date"})


class CalendarView(Schema):
    """A calendar; its list form lacks the definitions. `own` is what it says itself, over its `base`."""

    code = fields.String()
    revision = fields.Integer()
    version = fields.Integer()
    name = fields.String()
    name_en = fields.String()
    base = fields.String(allow_none=True)
    withdrawn = fields.Boolean()
    units = fields.List(fields.String())
    official_until = _date()
    missing_notice = fields.Integer(allow_none=True, metadata={"description": "the year whose notice is missing"})
    warning = fields.String(allow_none=True)
    replanning = fields.Boolean()
    published_at = _moment()
    definition = fields.Dict()
    own = fields.Dict()
    digest = fields.String()


class CalendarDay(Schema):
    """Why a date is worked or not, with its hours."""

    date = _date()
    working = fields.Boolean()
    why = fields.String(metadata={"enum": ["week", "weekend", "holiday", "workday", "local"]})
    name = fields.String()
    source = fields.String()
    hours = fields.List(fields.List(fields.String()))
    freeze = fields.String()
    provisional = fields.Boolean()
    text = fields.String()


class CalendarDays(Schema):
    """Dates, one after another."""

    calendar = fields.String()
    items = fields.List(fields.Nested(CalendarDay))


class DaysImported(Schema):
    """What a notice changed in the national days."""

    code = fields.String()
    revision = fields.Integer()
    version = fields.Integer()
    official_until = _date()
    added = fields.List(_date())
    changed = fields.List(_date())
    removed = fields.List(_date())


class ClockMove(Schema):
    """A running clock that a publication would move, or make official."""

    clock = fields.Integer()
    subject = fields.String()
    kind = fields.String()
    unit = fields.String()
    severity = fields.Integer()
    calendar = fields.String()
    from_ = fields.String(data_key="from", attribute="from", metadata={"format": "date-time"})
    to = fields.String(metadata={"format": "date-time"})
    moves = fields.Boolean()
    becomes_official = fields.Boolean()


class CalendarForesight(Schema):
    """What a publication would do to running clocks; nothing was changed."""

    calendars = fields.List(fields.String())
    looked_at = fields.Integer()
    count = fields.Integer(metadata={"description": "clocks that would move"})
    official = fields.Integer(metadata={"description": "provisional dues that would become official"})
    items = fields.List(fields.Nested(ClockMove))
    page = fields.Integer()
    page_size = fields.Integer()
    more = fields.Integer()
    days = fields.Dict(metadata={"description": "of the national days: added, changed, removed"})

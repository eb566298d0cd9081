"""What the acts on calendars take."""

from .fields import Anything, Code, Many, Strict, Truth, Whole


class UnitSetDays(Strict):
    """A unit's own days and hours: days are put by date, those of `drop` go; hours replace what holds."""

    days = Anything()
    drop = Many(Code(), most=400)
    week = Anything(allow_none=True)
    weeks = Anything(allow_none=True)
    workday_week = Anything(allow_none=True)
    below = Truth()


class CalendarImportDays(Strict):
    """A year's notice, as it was read from its file; the year is the notice's, by default that of most of its days."""

    days = Anything(required=True)
    year = Whole(low=1970, high=2199, allow_none=True)
    official_until = Code(allow_none=True)


class CalendarPreview(Strict):
    """What would be published: a definition, or days: a notice's for the national table, else more days of its own."""

    definition = Anything(allow_none=True)
    days = Anything(allow_none=True)
    year = Whole(low=1970, high=2199, allow_none=True)
    official_until = Code(allow_none=True)
    page = Whole(low=1, high=100_000)
    page_size = Whole(low=1, high=100)

"""What the acts on the group itself take: units, people, tokens, calendars, policies."""

from ..domain.vocabulary import Role, UnitKind
from .fields import NAME, Anything, Code, Many, Moment, OneOf, Part, Strict, Text, Whole


class UnitAdd(Strict):
    """A unit of the group."""

    name = Text(most=NAME, line=True, required=True)
    name_en = Text(most=NAME, line=True, required=True)
    short = Text(most=NAME, line=True)
    kind = OneOf(UnitKind, required=True)
    parent = Code(allow_none=True)
    calendar = Code(required=True)
    owns = Text(blank=True)


class MembershipRow(Strict):
    """A role in a unit."""

    unit = Code(required=True)
    role = OneOf(Role, required=True)


class UserAdd(Strict):
    """A person."""

    name = Text(most=NAME, line=True, required=True)
    name_en = Text(most=NAME, line=True)
    locale = OneOf(("zh", "en"))
    memberships = Many(Part(MembershipRow), required=True)


class PasswordSet(Strict):
    """A new password."""

    password = Text(most=500, required=True)


class TokenRevoke(Strict):
    """Which token."""

    n = Whole(low=1, required=True)


class CalendarPublish(Strict):
    """A calendar's definition."""

    definition = Anything(required=True)


class PolicyPublish(Strict):
    """A policy's body."""

    body = Anything(required=True)
    effective_from = Moment(allow_none=True)

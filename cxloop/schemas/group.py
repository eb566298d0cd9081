"""What the acts on the group itself take: units, people, tokens, calendars, policies."""

from ..domain.clocks import KINDS
from ..domain.policy_parts import SIGN_OFFS
from ..domain.vocabulary import Role, UnitKind
from .fields import NAME, Anything, Code, Day, Many, Moment, OneOf, Part, Strict, Text, Whole


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


class UnitSignOff(Strict):
    """Whose signature."""

    sign_off = OneOf(SIGN_OFFS, allow_none=True, required=True)


class DelegationSet(Strict):
    """Who stands in, and from when to when."""

    deputy = Code(required=True)
    from_at = Moment(allow_none=True)
    to_at = Moment(required=True)


class DelegationEnd(Strict):
    """Which delegation."""

    n = Whole(low=1, required=True)


class DutyRow(Strict):
    """Who is on duty on a date."""

    day = Day(required=True)
    user = Code(required=True)
    phone = Text(most=40, line=True, allow_none=True)


class UnitDuty(Strict):
    """A stretch of the roster."""

    days = Many(Part(DutyRow), most=400, least=1, required=True)


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


class ClockFilter(Strict):
    """Which running clocks."""

    severity = Whole(low=1, high=4, allow_none=True)
    kind = OneOf(KINDS, allow_none=True)
    owner = Code(allow_none=True)


class PolicyApply(Strict):
    """Which version to which clocks: the ones named, or all running ones that a filter lets through."""

    # An act's own `version` is the one that its caller has read.
    to_version = Whole(low=1, required=True, data_key="version", attribute="to_version")
    clocks = Many(Whole(low=1, high=2**53), most=100_000, least=1, allow_none=True)
    among = Part(ClockFilter, data_key="filter", attribute="among", allow_none=True)
    text = Text(most=1000, required=True)

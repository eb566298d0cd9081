"""What goes out about policies, as the API documents it."""

from marshmallow import Schema, fields

from ..domain.differences import ADDED, CHANGED, REMOVED, REORDERED

_MOMENT = {"format": "date-time"}
_CHANGES = {"enum": [ADDED, REMOVED, CHANGED, REORDERED]}


class PolicyVersionView(Schema):
    """One version of a policy; in the list of versions it lacks code and body."""

    code = fields.String()
    n = fields.Integer()
    effective_from = fields.String(metadata=_MOMENT)
    published_at = fields.String(metadata=_MOMENT)
    published_by = fields.String(allow_none=True)
    digest = fields.String()
    in_force = fields.Boolean()
    body = fields.Dict()


class PolicyView(Schema):
    """A policy; its list form lacks versions and body."""

    code = fields.String()
    current = fields.Integer()
    version = fields.Integer()
    in_force = fields.Integer(allow_none=True)
    versions = fields.List(fields.Nested(PolicyVersionView))
    body = fields.Dict(allow_none=True)


class PolicyChange(Schema):
    """A key that two versions differ in."""

    key = fields.String()
    change = fields.String(metadata=_CHANGES)
    before = fields.Raw(allow_none=True)
    after = fields.Raw(allow_none=True)


class PolicyChanges(Schema):
    """What differs between two versions."""

    code = fields.String()
    from_ = fields.Integer(data_key="from")
    to = fields.Integer()
    changes = fields.List(fields.Nested(PolicyChange))


class MovedView(Schema):
    """A running clock that goes by another version, and from when to when its due goes."""

    clock = fields.Integer()
    subject = fields.String()
    kind = fields.String()
    owner = fields.String()
    from_ = fields.String(data_key="from", metadata=_MOMENT)
    to = fields.String(metadata=_MOMENT)


class SkippedView(Schema):
    """A clock that stays as it is, and why: its state, `no_figure` or `same`."""

    clock = fields.Integer()
    subject = fields.String()
    kind = fields.String()
    why = fields.String()


class AppliedView(Schema):
    """A version of the policy applied to running clocks, or what that would do."""

    code = fields.String()
    to_version = fields.Integer()
    moved = fields.List(fields.Nested(MovedView))
    skipped = fields.List(fields.Nested(SkippedView))

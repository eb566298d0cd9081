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

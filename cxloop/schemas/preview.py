"""What comes in with a question that needs a body: when would it be due?"""

from typing import Any

from marshmallow import ValidationError, fields

from ..domain.targets import Target
from .fields import Anything, Invalid, Many, Moment, Part, Strict


class Length(fields.Field[Any]):
    """A target as one object: exactly one of hours, days, natural_hours, natural_days."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            error_messages={"required": "error.required", "null": "error.required"},
            metadata={
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {
                    "hours": {"type": "number", "minimum": 0},
                    "days": {"type": "integer", "minimum": 0},
                    "natural_hours": {"type": "number", "minimum": 0},
                    "natural_days": {"type": "integer", "minimum": 0},
                },
                "additionalProperties": False,
            },
            **kwargs,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Target:
        if not isinstance(value, dict):
            raise Invalid("error.not_an_object")
        try:
            return Target.from_json(value)
        except ValueError:
            raise Invalid("error.target") from None


class PauseBody(Strict):
    """A pause. Its end must be said: null while it still lasts, which is not the same as forgetting it."""

    begins = Moment(required=True, data_key="from")
    ends = Moment(required=True, allow_none=True, data_key="to")


class ExtensionBody(Strict):
    """An extension: hours of working time, or whole working days."""

    at = Moment(required=True)
    # Read as a target is: a seventh of an hour that came as seconds, say.
    hours = Anything(metadata={"type": "number", "minimum": 0})
    days = Anything(metadata={"type": "integer", "minimum": 0})


class PreviewBody(Strict):
    """A clock that is only imagined."""

    calendar = Anything(
        required=True,
        metadata={
            "description": "a calendar's code, or a definition",
            "oneOf": [{"type": "string"}, {"type": "object"}],
        },
    )
    start = Moment(required=True)
    target = Length(required=True)
    pauses = Many(Part(PauseBody), most=200)
    extensions = Many(Part(ExtensionBody), most=200)
    at = Moment()


def load_preview(body: Any) -> dict[str, Any]:
    """The fields of a preview; marshmallow's ValidationError with keys for messages when malformed."""
    found: dict[str, Any] = PreviewBody().load(body)
    for n, row in enumerate(found.get("extensions", ())):
        row["more"] = _more(row, n)
    return found


def _more(row: dict[str, Any], n: int) -> Target:
    named = [name for name in ("hours", "days") if name in row]
    if len(named) != 1:
        raise ValidationError({"extensions": {n: Invalid("error.hours_or_days").messages}})
    try:
        return Target.from_json({named[0]: row[named[0]]})
    except ValueError:
        raise ValidationError({"extensions": {n: {named[0]: Invalid("error.target").messages}}}) from None

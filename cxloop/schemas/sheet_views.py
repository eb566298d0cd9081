"""What goes out where a file of many acts came in: a line for each row."""

from marshmallow import Schema, fields

from .views import a_text


class ReturnedRow(Schema):
    """What became of a row of an answer sheet; `errors` by the sheet's column, "" where no column is to blame."""

    row = fields.Integer()
    task = fields.String()
    act = a_text()
    done = fields.Boolean()
    already = fields.Boolean()
    error = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class Returned(Schema):
    """What became of an answer sheet."""

    dry_run = fields.Boolean()
    done = fields.Integer()
    already = fields.Integer()
    refused = fields.Integer()
    untouched = fields.Integer()
    rows = fields.List(fields.Nested(ReturnedRow))

"""What goes out where a file of many acts came in: a line for each row."""

from marshmallow import Schema, fields

from .views import a_moment, a_text


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


class TakenRow(Schema):
    """An item of a ledger that came, was known, or would come: in a preview it has no numbers yet."""

    row = fields.Integer()
    number = fields.String()
    title = fields.String()
    unit = fields.String()
    state = fields.String()
    handed_out_at = a_moment()
    due_at = a_moment()
    issue = a_text()
    task = a_text()
    known = fields.Boolean()


class TakenOver(Schema):
    """What became of a ledger: faults by row and field; `over` are the rows that were no open items."""

    dry_run = fields.Boolean()
    taken = fields.Integer()
    known = fields.Integer()
    over = fields.Integer()
    errors = fields.List(fields.Dict())
    rows = fields.List(fields.Nested(TakenRow))

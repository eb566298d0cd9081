"""A filled sheet becomes acts, row by row: by the same rules as one by one, and a line told for each."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from ..operations.act import Call, Forbidden, Invalid, Refused, Stale, Unseen, WrongState
from ..operations.idempotency import Key
from ..queries.sheets import said_already, said_twice
from .answers import Faults, Filled
from .doing import do_row, mark

ORIGIN = "sheet"


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a row: done or not, by which act; what was in the way, by column ("" where by none)."""

    row: int
    task: str
    act: str | None
    done: bool
    already: bool = False
    faults: Faults = field(default_factory=dict)


class _Repeated(Exception):
    """The same word on the way twice in a row: it makes no version of its task stale, and is said once."""


def give_back(
    rows: Sequence[Filled], *, by: str, at: datetime, key: Key | None = None, preview: bool = False
) -> list[Line]:  # fmt: skip
    """Do what each row asks for, each in a transaction of its own; a refused row keeps no other from its act.

    `preview` tells what would come and leaves nothing. The same key again tells the first lines; KeyReused for another
    file under it.
    """
    if not preview:
        mark(key, at=at)
    return [_line(row, by, at, key, preview) for row in rows]


def _line(row: Filled, by: str, at: datetime, key: Key | None, preview: bool) -> Line:
    told = Line(row.row, row.task, row.act, done=True)
    if row.faults or row.act is None:
        return replace(told, done=False, faults=row.faults)
    call = Call(row.act, by, at, on=row.task, fields=row.fields, version=row.version, origin=ORIGIN)

    def tell(_result: Any) -> dict[str, Any]:
        if row.act == "progress.report" and said_twice(no=row.task):
            raise _Repeated
        return asdict(told)

    try:
        return Line(**do_row(call, row=row.row, key=key, preview=preview, told=tell))
    except _Repeated:
        return _already(told)
    except Refused as error:
        return _refused(told, row, error)


def _refused(told: Line, row: Filled, error: Refused) -> Line:
    past = isinstance(error, Stale | WrongState)
    if past and said_already(act=str(row.act), no=row.task, fields=row.fields):
        return _already(told)
    if isinstance(error, Invalid):
        faults: Faults = {row.places.get(place, place): [said] for place, said in error.errors.items()}
        return replace(told, done=False, faults=faults)
    return replace(told, done=False, faults=next(word(error) for kind, word in _WORDS if isinstance(error, kind)))


def _already(told: Line) -> Line:
    return replace(told, done=False, already=True, faults={"": [("error.sheet_already", {})]})


_WORDS: tuple[tuple[type[Refused], Callable[[Any], Faults]], ...] = (
    (Unseen, lambda _error: {"task": [("error.not_found", {})]}),
    (Forbidden, lambda error: {"": [(f"error.{error.why}", {})]}),
    (Stale, lambda error: {"version": [("error.sheet_stale", {"version": error.version})]}),
    (WrongState, lambda error: {"": [(f"error.{error.why}", {"state": error.state})]}),
    (Refused, lambda _error: {"": [("error.state", {})]}),
)

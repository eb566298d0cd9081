"""Workbooks and CSV files as rows of text: read within limits whatever is sent, written without one active cell."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from ..schemas.fields import Invalid, parse_moment
from ..schemas.files import BadFile, decoded, dialect_of

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BEIJING = ZoneInfo("Asia/Shanghai")
# Where only a day is written, its working hours' end is meant.
CLOSING = time(18)
_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
MOST_BYTES, MOST_UNPACKED, MOST_PARTS = 16 << 20, 64 << 20, 300
# A sheet's text shrinks to a tenth; what shrinks to a two-hundredth is made to burst.
MOST_RATIO, SMALL = 200, 1 << 20
MOST_COLUMNS = 80
# As far as a sheet can reach: rows that nobody wrote cost next to nothing.
_LAST_ROW = 1_048_576
_MACROS = re.compile(r"vbaproject|macrosheets|activex", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ACTIVE = tuple("=+-@\t\r＝＋－＠")
_DAY = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]\s*(\d{1,2})[:：时](\d{1,2})?分?(?:[:：](\d{1,2})(?:\.0+)?)?)?\Z",
    re.ASCII,
)

Row = tuple[int, list[str]]


def read_table(raw: bytes, *, most: int) -> list[Row]:
    """The rows that hold anything, numbered as spreadsheets count. BadFile for what is no table or too much of one."""
    if raw.startswith(_OLD):
        raise BadFile("file", "error.old_workbook")
    rows = list(_limited(_from_workbook(raw) if raw.startswith(_ZIP) else _from_csv(raw), most))
    if not rows:
        raise BadFile("file", "error.empty")
    return rows


def _limited(rows: Iterable[Row], most: int) -> Iterator[Row]:
    count = 0
    for n, cells in rows:
        if any(cells):
            count += 1
            if count > most:
                raise BadFile("file", "error.too_many_rows", max=most)
            while not cells[-1]:
                cells.pop()
            yield n, cells


def _from_csv(raw: bytes) -> Iterator[Row]:
    if len(raw) > MOST_BYTES:
        raise BadFile("file", "error.too_large")
    try:
        for n, cells in enumerate(csv.reader(io.StringIO(decoded(raw), newline=""), dialect=dialect_of(raw)), 1):
            yield n, [cell.strip() for cell in cells[:MOST_COLUMNS]]
    except csv.Error:
        raise BadFile("file", "error.malformed") from None


def _from_workbook(raw: bytes) -> Iterator[Row]:
    _check_parts(raw)
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        found = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        rows = found[0].iter_rows(max_row=_LAST_ROW, max_col=MOST_COLUMNS, values_only=True) if found else ()
        for n, cells in enumerate(rows, 1):
            yield n, [_text(cell) for cell in cells]
    except (BadFile, GeneratorExit):
        raise
    except Exception:  # whatever a part that is no part of a workbook makes its reader stumble over
        raise BadFile("file", "error.malformed") from None


def _check_parts(raw: bytes) -> None:
    """Before anything is unpacked: how much it says it is. No part can be longer than its entry says."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise BadFile("file", "error.malformed") from None
    bursting = any(part.file_size > SMALL and part.file_size > part.compress_size * MOST_RATIO for part in parts)
    whole = sum(part.file_size for part in parts)
    if len(raw) > MOST_BYTES or len(parts) > MOST_PARTS or whole > MOST_UNPACKED or bursting:
        raise BadFile("file", "error.too_large")
    if any(_MACROS.search(part.filename) for part in parts):
        raise BadFile("file", "error.macros")


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S") if cell.second else cell.strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date | time | timedelta):
        return str(cell)
    return str(cell).replace("\r\n", "\n").strip()


def read_moment(text: str, *, zone: ZoneInfo = BEIJING, closing: time = CLOSING) -> str:
    """A moment as people write one, in Beijing time, as ISO 8601; a day alone ends at 18:00. Invalid for others."""
    found = _DAY.match(text.strip())
    if found is None:
        return parse_moment(text.strip()).isoformat()
    year, month, day, *clock = (None if part is None else int(part) for part in found.groups())
    hour, minute, second = clock
    try:
        at = closing if hour is None else time(hour, minute or 0, second or 0)
        return datetime.combine(date(year or 0, month or 0, day or 0), at, zone).isoformat()
    except ValueError:
        raise Invalid("error.date") from None


def shown_moment(at: datetime | None) -> str:
    """A moment as the sheet shows it: Beijing time, to the minute."""
    return "" if at is None else at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


class Sheet:
    """A workbook in the making: one sheet that people fill in, and a hidden one with what they may choose from."""

    def __init__(self, title: str, at: datetime) -> None:
        """An empty one, made at a moment."""
        self.book = Workbook()
        self.page: Worksheet = self.book.worksheets[0]
        self.page.title = title
        self.lists: Worksheet = self.book.create_sheet("lists")
        self.lists.sheet_state = "hidden"
        self.book.properties.creator = "cxloop"
        self.book.properties.created = self.book.properties.modified = at.replace(tzinfo=None)
        self._listed = 0

    def write(self, row: int, texts: Sequence[str], *, bold: bool = False) -> None:
        """Write a row of texts; none of them is anything but a text, whatever it begins with."""
        for column, text in enumerate(texts, 1):
            _put(self.page, row, column, text, bold)

    def choose(self, column: int, options: Sequence[str], rows: range) -> None:
        """Let the cells of a column be chosen from a list."""
        if not options:
            return
        self._listed += 1
        for n, option in enumerate(options, 1):
            _put(self.lists, n, self._listed, option, False)
        letter = get_column_letter(self._listed)
        rule = DataValidation(type="list", formula1=f"lists!${letter}$1:${letter}${len(options)}", allow_blank=True)
        rule.add(f"{get_column_letter(column)}{rows.start}:{get_column_letter(column)}{rows.stop - 1}")
        self.page.add_data_validation(rule)

    def size(self, widths: Sequence[int], *, hidden_row: int, hidden_columns: Sequence[int], frozen: str) -> None:
        """Set how wide the columns are, what nobody needs to see, and what stays in sight."""
        for column, width in enumerate(widths, 1):
            self.page.column_dimensions[get_column_letter(column)].width = width
        for column in hidden_columns:
            self.page.column_dimensions[get_column_letter(column)].hidden = True
        self.page.row_dimensions[hidden_row].hidden = True
        self.page.freeze_panes = frozen

    def bytes(self) -> bytes:
        """The workbook as a file."""
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()


def clean(text: str) -> str:
    """A text without the characters that no workbook can hold."""
    return _CONTROL.sub(" ", text)


def _put(page: Worksheet, row: int, column: int, text: str, bold: bool) -> None:
    cell = page.cell(row, column)
    text = clean(text)
    if text:
        cell.value = text
        # Whatever it looks like, openpyxl is told that it is a text, and so is whoever edits it later.
        cell.data_type = "s"
    cell.number_format = "@"
    cell.quotePrefix = text.lstrip(" \"'").startswith(_ACTIVE)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)

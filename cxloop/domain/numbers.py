"""Numbers people read aloud: SG-00000123, CX-2026-000123, CX-2026-000123-T02, CX-2026-000123-R01."""

from datetime import datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def signal_no(*, n: int) -> str:
    """The number of the n-th signal."""
    return f"SG-{n:08d}"


def issue_year(*, at: datetime) -> int:
    """The year an issue is numbered in: that of Asia/Shanghai, whatever the server's zone."""
    return at.astimezone(SHANGHAI).year


def issue_no(*, year: int, n: int) -> str:
    """The number of the n-th issue of a year."""
    return f"CX-{year}-{n:06d}"


def task_no(*, issue: str, n: int) -> str:
    """The number of an issue's n-th task."""
    return f"{issue}-T{n:02d}"


def child_no(*, task: str, n: int) -> str:
    """The number of the n-th task split from a task: CX-2026-000123-T02.03."""
    return f"{task}.{n:02d}"


def report_no(*, issue: str, n: int) -> str:
    """The number of an issue's n-th closure report."""
    return f"{issue}-R{n:02d}"


def letter_no(*, year: int, n: int) -> str:
    """The document number of a supervision letter, as printed."""
    return f"体验督办〔{year}〕{n}号"


def issue_of(*, no: str) -> str:
    """The issue that a task's, measure's or report's number belongs to; the number itself for an issue."""
    return "-".join(no.split("-")[:3])

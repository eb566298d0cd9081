"""The default promises of DESIGN section 4, written down once more: all that the clock oracle knows of policies.

Nothing here is read from the program: neither its policy file nor its national table.
"""

from datetime import date
from functools import cache

from tests.domain.minutes import Length, Minutes

HOUR = 3600
FIRST_DAY = date(2026, 8, 10)  # before the first history begins


def h(hours: float) -> Length:
    return "h", int(hours * HOUR)


def d(days: int) -> Length:
    return "d", days


SEVERE: dict[int, dict[str, Length]] = {
    1: {"triage": h(0.5), "sign": h(0.5), "sign_department": h(0.5), "single": h(24), "several": h(36),
        "review": h(2), "gather": h(2), "units_min": h(4), "decide": h(1)},
    2: {"triage": h(4), "sign": h(4), "sign_department": d(1), "single": d(5), "several": d(7),
        "review": d(1), "gather": d(1), "units_min": d(1), "decide": h(4), "lead": h(4)},
    3: {"triage": d(1), "sign": d(1), "sign_department": d(1), "single": d(8), "several": d(10),
        "review": d(2), "gather": d(1), "units_min": d(2), "decide": d(1), "lead": d(1)},
    4: {"triage": d(2), "sign": d(1), "sign_department": d(1), "single": d(15), "several": d(20),
        "review": d(3), "gather": d(2), "units_min": d(4), "decide": d(1), "lead": d(1)},
}  # fmt: skip
FLOOR = h(4)
MOST_EXTENSIONS = 2
MOST_PAUSED = d(20)
LONGEST_PAUSE = d(10)  # of the reason used: a third party is waited for

# Rungs by family and by the length of the target: (code, percent) or (code, how long before or after the due).
Rung = tuple[str, str, int]
P75, DUE = ("p75", "%", 75), ("due", "d", 0)
SHORT = (P75, DUE, ("over_1d", "d", 1), ("over_3d", "d", 3))
LONG = (P75, ("before_1d", "d", -1), DUE)
LADDERS: dict[tuple[str, str], tuple[Rung, ...]] = {
    ("unit", "below_day"): (P75, DUE),
    ("unit", "short"): SHORT,
    ("unit", "long"): (*LONG, ("over_3d", "d", 3), ("over_5d", "d", 5)),
    ("department", "below_day"): (P75, DUE),
    ("department", "short"): SHORT,
    ("department", "long"): (*LONG, ("over_3d", "d", 3)),
    ("center", "below_day"): (P75, DUE),
    ("center", "short"): SHORT,
    ("center", "long"): (*LONG, ("over_3d", "d", 3)),
}

CENTER = "CENTER"
# Guangdong has local days of its own later, Xinjiang and Tibet their own hours; D01 is a department at headquarters.
UNITS = {"P44": "CN-44", "P31": "CN", "P65": "CN-65", "P54": "CN-54", "D01": "CN", CENTER: "CN"}


def is_department(unit: str) -> bool:
    return unit.startswith("D")


def band(length: Length) -> str:
    unit, amount = length
    days = amount if unit in {"d", "nd"} else amount / (24 * HOUR)
    return "below_day" if days < 1 else "short" if days < 3 else "long"


def family(kind: str, owner: str) -> str:
    if kind in {"sign", "feedback"}:
        return "department" if is_department(owner) else "unit"
    return "center"


def calendar_code(owner: str, severity: int) -> str:
    """Severity 1 runs around the clock for the kinds that the histories know."""
    return "ALWAYS" if severity == 1 else UNITS[owner]


@cache
def minutes(code: str) -> Minutes:
    """A calendar of the group from August 2026 on."""
    hours = {"CN-54": [["09:30", "13:00"], ["15:30", "18:30"]], "CN-65": [["10:00", "14:00"], ["15:30", "19:30"]]}
    if code == "ALWAYS":
        everyday = {str(n): [["00:00", "24:00"]] for n in range(7)}
        return Minutes({"tz": "Asia/Shanghai", "week": everyday}, first=FIRST_DAY)
    day = hours.get(code, [["09:00", "12:00"], ["13:30", "18:00"]])
    definition = {"tz": "Asia/Shanghai", "week": {str(n): day for n in range(5)}, "national": True}
    if code == "CN-65":
        summer = {str(n): [["10:00", "14:00"], ["16:00", "20:00"]] for n in range(5)}
        definition["weeks"] = [{"valid_from": "05-01", "valid_until": "09-30", "week": summer}]
    return Minutes(definition, OFFICIAL_DAYS, first=FIRST_DAY)


# The State Council's notice for the autumn of 2026, and for New Year 2027 nothing yet.
OFFICIAL_DAYS = [
    *({"date": f"2026-09-{n}", "kind": "holiday"} for n in (25, 26, 27)),
    *({"date": f"2026-10-0{n}", "kind": "holiday"} for n in range(1, 8)),
    {"date": "2026-09-20", "kind": "workday"},
    {"date": "2026-10-10", "kind": "workday"},
]

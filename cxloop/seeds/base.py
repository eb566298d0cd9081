"""The head of the demo's file: calendars, policies, units and people as replay lines. Pure: files in, lines out.

Every line is an act of the system at the moment given, in the order in which later lines need earlier ones.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from cxloop.seeds.codes import CONFIG, codes, demo
from cxloop.seeds.national import national_days

Line = dict[str, Any]

NATIONAL = "CN-DAYS"
CALENDARS = ("CN", "CN-65", "CN-54", "ALWAYS")
OWN_HOURS = {"P65": "CN-65", "P54": "CN-54"}
DEFAULT = "CN"
# Guangdong answers the typhoon warning the evening before; Fujian's word comes on the evening of the day itself.
STOPPED_AT = {"P35": "2026-09-11T19:40:00+08:00", "P44": "2026-09-10T20:00:00+08:00"}


def base_lines(*, at: str) -> list[Line]:
    """Give the lines that set up the demo group at the moment `at` (ISO 8601 with offset)."""
    datetime.fromisoformat(at)
    lines = [*_calendars(), *_policies(at), *_units(), *_people()]
    return [{"at": at, "by": "system", **line} for line in lines]


def later_lines() -> list[Line]:
    """Give the lines by which two provinces get a day of their own: they stop work for a typhoon."""
    lines = []
    for row in demo("group")["local_days"]:
        day = {"date": row["date"], "kind": row["kind"], "name": row["reason"]}
        line = {"act": "unit.set_days", "on": row["unit"], "days": [day]}
        lines.append({"at": STOPPED_AT[row["unit"]], "by": "ops", **line})
    return sorted(lines, key=lambda line: str(line["at"]))


def calendar_of(unit: str) -> str:
    """Name the calendar of a unit: its own hours, else the default."""
    return OWN_HOURS.get(unit, DEFAULT)


def _calendars() -> Iterator[Line]:
    yield {"act": "calendar.publish", "on": NATIONAL, "definition": national_days()}
    for code in CALENDARS:
        yield {"act": "calendar.publish", "on": code, "definition": _definition(code)}


def _definition(code: str) -> dict[str, Any]:
    """Read a calendar from config/calendars; those that keep the national days also bear the network freezes."""
    with (CONFIG / "calendars" / f"{code}.toml").open("rb") as file:
        definition: dict[str, Any] = _plain(tomllib.load(file))
    definition.pop("code", None)
    if definition.get("national"):
        definition["freezes"] = [
            {"name": row["name"], "from": row["from"], "to": row["to"]} for row in demo("group")["freezes"]
        ]
    return definition


def _plain(value: Any) -> Any:
    """Turn TOML's own dates into the text that JSON carries."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _policies(at: str) -> Iterator[Line]:
    with (CONFIG / "policies" / "sla.toml").open("rb") as file:
        sla = tomllib.load(file)
    code = sla.pop("code")
    yield {"act": "policy.publish", "on": "codes", "effective_from": at, "body": codes()}
    yield {"act": "policy.publish", "on": code, "effective_from": at, "body": sla}


def _units() -> Iterator[Line]:
    group = demo("group")
    yield _unit(group["center"], "center")
    yield _unit({**group["audit"], "short": "审计部"}, "audit")
    for row in group["departments"]:
        yield _unit(row, "department")
    for row in group["bases"]:
        yield _unit({**row, "short": row["name"].replace("产品基地", "基地")}, "base")
    for row in group["provinces"]:
        yield _unit({**row, "short": row["name"].removesuffix("公司")}, "province")
    for row in group["below_province"]:
        short = row["name"].removesuffix("分公司").replace("公司", "")
        yield _unit({**row, "short": short, "calendar": calendar_of(row["parent"])}, "below")


def _unit(row: Mapping[str, Any], kind: str) -> Line:
    code = row["code"]
    return {
        "act": "unit.add",
        "on": code,
        "name": row["name"],
        "name_en": demo("english")["units"][code],
        "short": row["short"],
        "kind": kind,
        "parent": row.get("parent"),
        "calendar": row.get("calendar") or calendar_of(code),
        "owns": row.get("owns", ""),
    }


def _people() -> Iterator[Line]:
    people = demo("people")
    units = {line["on"]: line for line in _units()}
    titles = people["titles"]
    for row in people["named"]:
        unit, title = units[row["unit"]], titles[row["role"]]
        if "surname" not in row:
            name, name_en = _in_unit(unit, title)
        else:
            # Of the group's own people the surname says enough; a unit's person is named with the unit.
            zh, en = _in_unit(unit, title) if unit["kind"] == "province" else (title["zh"], title["en"])
            name, name_en = f"{row['surname']['zh']}·{zh}", f"{row['surname']['en']} · {en}"
        yield _person(row["user"], name, name_en, row["unit"], [row["role"]])
    liaisons = {row["code"]: row["liaison"] for row in demo("group")["departments"]}
    for unit in units.values():
        for ending, roles in people["posts"].get(unit["kind"], {}).items():
            name, name_en = _in_unit(unit, titles[roles[0]])
            if roles[0] == "liaison":
                name = liaisons.get(unit["on"], name)
            yield _person(_user_name(unit, ending), name, name_en, unit["on"], roles)


def _in_unit(unit: Line, title: Mapping[str, str]) -> tuple[str, str]:
    zh = unit["name"] if unit["kind"] in {"province", "below"} else unit["short"]
    return f"{zh}{title['zh']}", f"{unit['name_en']}, {title['en']}"


def _user_name(unit: Line, ending: str) -> str:
    """Provinces' people go by the two digits alone: 44lead; everybody else by the whole code: d01lead, p4401lead."""
    code: str = unit["on"]
    return (code[1:] if unit["kind"] == "province" else code.lower()) + ending


def _person(user: str, name: str, name_en: str, unit: str, roles: list[str]) -> Line:
    memberships = [{"unit": unit, "role": role} for role in roles]
    return {
        "act": "user.add",
        "on": user,
        "name": name,
        "name_en": name_en,
        "locale": "zh",
        "memberships": memberships,
    }

"""How things are called on a page: codes, people, units, moments and what is left of a due time."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal
from flask import g

from ..domain.clocks import CANCELLED, MOVED, PAUSED, RUNNING
from ..domain.codes import Codes
from ..domain.numbers import SHANGHAI
from ..domain.vocabulary import SYSTEM
from ..models.policy import codes
from ..models.unit import Unit
from ..queries.pages import DAYS_FROM, Due, people_named, unit_rows
from ..wording import UNSAID, current_locale, is_worded, say, say_count
from .addresses import with_changes

# Fields of a view that hold user names.
_PEOPLE = frozenset(
    {"by", "handler", "analyst", "opened_by", "closed_by", "signed_by", "submitted_by", "reviewed_by", "decided_by"}
    | {"done_by", "confirmed_by"}
)
# Where the reason of an act is a code, the list that words it.
REASONS = {
    "task.decline": "reason.decline",
    "task.transfer": "reason.transfer",
    "task.cancel": "reason.cancel",
    "review.send_back": "reason.send_back",
    "measure.send_back": "reason.send_back",
    "issue.dismiss": "reason.dismiss",
    "feedback.submit": "reason.unresolvable",
    "task.redo": "reason.redo",
    "transfer.request": "reason.decline",
    "issue.rerate": "reason.rerate",
    "extension.request": "reason.extension",
    "pause.request": "reason.pause",
    "issue.reopen": "reason.reopen",
    "breach.waive": "reason.waiver",
}
_RUNG = re.compile(r"(.+)/clock\.(\w+)\.\d+/\d+\.(\w+)$", re.ASCII)


class Names:
    """The names of units and of the people on one page, in the reader's language; asked for once."""

    def __init__(self, *views: Any) -> None:
        self._units = {unit.code: unit for unit in unit_rows()}
        self._people = people_named(name for view in views for name in _people_in(view))
        self._own = 0 if current_locale() == "zh" else 1

    def unit(self, code: str | None) -> str:
        """A unit's short name in Chinese, its name in English."""
        found = self._units.get(code or "")
        return UNSAID if found is None else self._name(found)

    def units(self, listed: Iterable[str]) -> str:
        """Several units in one line."""
        return ("、" if self._own == 0 else ", ").join(self.unit(code) for code in listed)

    def _name(self, unit: Unit) -> str:
        return unit.short if self._own == 0 else unit.name_en

    def person(self, name: str | None) -> str:
        """A person's display name; the system by its own word."""
        if name == SYSTEM:
            return say("role.system")
        return self._people[name][self._own] if name in self._people else UNSAID

    def units_by_kind(self, prefixes: Iterable[str] | None = None) -> list[tuple[str, list[tuple[str, str]]]]:
        """(kind's label, [(code, name)]) for a choice of units; `prefixes` of paths narrow it."""
        wanted = None if prefixes is None else tuple(prefixes)
        groups: dict[str, list[tuple[str, str]]] = {}
        for unit in self._units.values():
            if unit.kind in {"center", "audit"} or (wanted is not None and not unit.path.startswith(wanted)):
                continue
            groups.setdefault(say(f"unit.kind.{unit.kind}"), []).append((unit.code, self._name(unit)))
        return list(groups.items())


def _people_in(view: Any) -> Iterable[str]:
    if isinstance(view, Mapping):
        for name, value in view.items():
            if name in _PEOPLE and isinstance(value, str):
                yield value
            else:
                yield from _people_in(value)
    elif isinstance(view, list | tuple):
        for item in view:
            yield from _people_in(item)


def actors_of(timeline: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The user names of a timeline, in the shape that `Names` reads."""
    return [{"by": entry["actor"]["name"]} for entry in timeline]


def code_label(name: str, code: str | None) -> str:
    """The wording of an item of the group's lists; a dash where the lists know it no more."""
    found = _codes() if code is not None else None
    if code is None or found is None or not found.has(name, code):
        return UNSAID
    return found.label(name, code, current_locale())


def _codes() -> Codes | None:
    # Asked for once a page; None before a group has published any.
    if "codes" not in g:
        try:
            g.codes = codes()
        except LookupError:
            g.codes = None
    found: Codes | None = g.codes
    return found


def reason_label(act: str, code: str | None) -> str:
    """The wording of a reason given with an act: a code of the act's list, else the words that were said."""
    name = REASONS.get(act)
    label = UNSAID if name is None else code_label(name, code)
    # A rating is changed for a reason in one's own words, too.
    return (code or UNSAID) if name is None or (label == UNSAID and act == "issue.rerate") else label


def moment(at: datetime | str | None) -> str:
    """A moment as it is written here: 2026-11-21 18:00, Beijing time."""
    if at is None:
        return UNSAID
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def number(value: int | Decimal | None) -> str:
    """A number with the separators of the reader's language."""
    return UNSAID if value is None else format_decimal(value, locale=current_locale(), decimal_quantization=False)


def left(due: Due | None) -> str:
    """What is left of a due time, or how far it has passed: in days where they are many, else hours or minutes."""
    if due is None or due.state in {CANCELLED, MOVED}:
        return UNSAID
    if due.state == PAUSED:
        return say("time.paused_left", n=_hours(due.seconds))
    return _running(due) if due.state == RUNNING else say(f"clock.state.{due.state}")


def _running(due: Due) -> str:
    side = "over" if due.over else "left"
    if due.days >= DAYS_FROM:
        return say_count(f"time.{side}_days", n=due.days)
    if due.over and due.seconds < 60:
        return say("time.over")
    if due.seconds < 3600:
        return say(f"time.{side}_minutes", n=due.seconds // 60)
    return say(f"time.{side}_hours", n=_hours(due.seconds))


def _hours(seconds: int) -> str:
    # Cut, not rounded: nobody is promised minutes that are not there.
    tenths = seconds // 360
    return f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths / 10:.1f}"


def issue_state(issue: Mapping[str, Any], now: datetime) -> str:
    """An issue's state; while the effect wait runs it says that nothing is to be done yet."""
    if issue["state"] == "verifying" and issue["wait_until"] is not None and issue["wait_until"] > now:
        return say("issue.state.verifying_wait")
    return say(f"issue.state.{issue['state']}")


def entry_act(entry: Mapping[str, Any]) -> str:
    """What an entry of the trail tells, in words."""
    if entry["act"] == "task.sign" and entry["actor"]["name"] == SYSTEM:
        return say("act.task.deemed_sign")
    return say(f"act.{entry['act']}")


def fired_clocks(entry: Mapping[str, Any]) -> list[str]:
    """One line for each kind of clock and rung that fired, with the tasks concerned; empty for another entry."""
    found: dict[str, list[str]] = {}
    for change in entry["changes"] if entry["act"] == "clock.fire" else ():
        rung = _RUNG.match(change["subject"])
        if rung is None or change["field"] != "fired_at":
            continue
        line = f"{say(f'clock.kind.{rung[2]}')} · {say(f'rung.{rung[3]}')}"
        task = rung[1].rpartition("-T")[2] if "-T" in rung[1] else ""
        found.setdefault(line, []).extend([f"T{task}"] if task else [])
    return [f"{line} {' '.join(sorted(tasks))}".strip() for line, tasks in sorted(found.items())]


def notice_text(code: str, subject: str, params: Mapping[str, Any], names: Names) -> str:
    """A notice in the reader's words: its parameters are codes, numbers and what people wrote."""
    said: dict[str, Any] = {"no": subject, **params}
    worded = {
        "kind": "clock.kind",
        "rung": "rung",
        "level": "supervision",
        "verdict": "verdict",
        "state": "issue.state",
    }
    for name, prefix in worded.items():
        if name in said:
            key = f"{prefix}.{said[name]}"
            said[name] = say(key) if is_worded(key) else UNSAID
    for name in [name for name in said if name == "due" or name.endswith("_at")]:
        said[name] = moment(said[name])
    if "unit" in said:
        said["unit"] = names.unit(said["unit"])
    said.setdefault("due", said.get("due_at", UNSAID))
    return say(code, **said)


GLOBALS = {
    "say": say,
    "say_count": say_count,
    "locale": current_locale,
    "moment": moment,
    "number": number,
    "left": left,
    "code_label": code_label,
    "reason_label": reason_label,
    "issue_state": issue_state,
    "entry_act": entry_act,
    "fired_clocks": fired_clocks,
    "with_changes": with_changes,
}

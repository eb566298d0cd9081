"""The steps of an account of time, as data and as sentences in the reader's words and the calendar's wall time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ..domain import explanation as account
from ..domain.calendar import Target
from ..domain.explanation import Step
from ..domain.stretches import RUN, SKIPPED, Row
from ..wording import UNSAID, current_locale, is_worded, say, say_count

HOUR, MINUTE = 3600, 60
_UNITS = {
    "hours": "working_hours",
    "days": "working_days",
    "natural_hours": "natural_hours",
    "natural_days": "natural_days",
}
Holders = Callable[[str], str]


def length(seconds: int) -> str:
    """Working time in words, exact: 6.5 hours, or hours and minutes, with seconds where there are any."""
    if seconds and seconds % 360 == 0:
        tenths = seconds // 360
        return say("length.hours", n=tenths // 10 if tenths % 10 == 0 else f"{tenths / 10:.1f}")
    hours, rest = divmod(seconds, HOUR)
    minutes, left = divmod(rest, MINUTE)
    parts = [("hours", hours), ("minutes", minutes), ("seconds", left)]
    found = [say(f"length.{name}", n=n) for name, n in parts if n]
    return " ".join(found) or say("length.minutes", n=0)


def target_words(target: Target) -> str:
    """A target as people say it: 3 working days, 4 working hours, 30 calendar days."""
    amount = target.amount
    if amount.denominator == 1:
        return say_count(f"time.{_UNITS[target.unit]}", n=int(amount))
    if target.unit == "hours":
        return length(target.seconds)
    return say_count(f"time.{_UNITS[target.unit]}", n=f"{float(amount):g}")


def moment_words(at: datetime | None, zone: ZoneInfo) -> str:
    """A moment as the calendar's wall clock shows it: 2026-11-21 18:00, with seconds where there are any."""
    if at is None:
        return UNSAID
    here = at.astimezone(zone)
    return here.strftime("%Y-%m-%d %H:%M:%S" if here.second else "%Y-%m-%d %H:%M")


def told(
    steps: Sequence[Step], zone: ZoneInfo, holder: Holders = lambda code: code, first: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The steps of an account, each with its sentence as `text` and its dates as `days`.

    `first` is what the first step knows besides: the target, the calendar with its revisions, the policy's version.
    """
    start, *others = steps
    start = replace(start, told={**start.told, **(first or {})})
    return [_step(step, zone, holder) for step in (start, *others)]


def _step(step: Step, zone: ZoneInfo, holder: Holders) -> dict[str, Any]:
    view: dict[str, Any] = {
        "step": step.code,
        "at": step.at,
        "to": step.until,
        "seconds": step.seconds,
        "holder": step.holder or None,
        "due_at": step.due,
        "due_before": step.due_before,
        "consumed": step.consumed,
        "left": step.left,
        "left_before": step.left_before,
        "text": _sentence(step, zone, holder),
        "days": [_row(row, zone) for row in step.days],
    }
    return view | {name: _shown(value) for name, value in step.told.items() if name not in view}


def _shown(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shown(inner) for name, inner in value.items()}
    return str(value) if isinstance(value, Target) else value


def _sentence(step: Step, zone: ZoneInfo, holder: Holders) -> str:
    said = {
        "at": moment_words(step.at, zone),
        "to": moment_words(step.until, zone),
        "due": moment_words(step.due, zone),
        "before": moment_words(step.due_before, zone),
        "length": length(step.seconds),
        "consumed": length(step.consumed),
        "left": length(abs(step.left)),
        "left_before": length(abs(step.left_before)),
        "holder": holder(step.holder) if step.holder else UNSAID,
    }
    return _WORDS.get(step.code, _restated)(step, said, zone)


def _start(step: Step, said: dict[str, str], zone: ZoneInfo) -> str:
    known = step.told
    said["target"] = target_words(known["target"]) if "target" in known else said["length"]
    said["calendar"] = calendar_words(known)
    said["policy"] = say("why.by_policy", n=known["policy_version"]) if known.get("policy_version") else ""
    sentences = [say("why.start", **said)]
    if "basis" in known:
        sentences.append(_basis(known["basis"], zone))
    return _sentences(sentences)


def calendar_words(known: Mapping[str, Any]) -> str:
    """A calendar by its name, with its revision and that of the national days."""
    name = known.get("calendar_name") or known.get("calendar") or say("why.calendar.own")
    if not known.get("calendar_revision"):
        return str(name)
    key = "why.calendar.national" if known.get("national_revision") else "why.calendar"
    return say(key, name=name, revision=known["calendar_revision"], national=known.get("national_revision"))


def _basis(known: Mapping[str, Any], zone: ZoneInfo) -> str:
    """How a due came about that no target alone leads to: the wave's end, a minimum, an agreed date."""
    shown = {
        name: moment_words(value, zone) if isinstance(value, datetime)
        else target_words(value) if isinstance(value, Target) else value
        for name, value in known.items()
    }  # fmt: skip
    gather = say("why.wave.gather", gather=shown["gather"]) if shown.get("gather") else ""
    parts = [say("why.wave", **{**shown, "gather": gather})] if "wave_end" in known else []
    parts += [say(f"why.{name}", **shown) for name in ("handed", "agreed", "ledger", "least", "half") if name in known]
    return _sentences([*parts, say("why.latest")] if len(parts) > 1 else parts)


def _sentences(parts: Sequence[str]) -> str:
    return ("" if current_locale() == "zh" else " ").join(parts)


def _worked(step: Step, said: dict[str, str], _zone: ZoneInfo) -> str:
    side = "over" if step.left < 0 else "left"
    return say(f"why.worked.{side}" if not step.told.get("charged") else f"why.charged.{side}", **said)


def _stopped(step: Step, said: dict[str, str], _zone: ZoneInfo) -> str:
    return say("why.stopped" if step.holder else "why.stopped.plain", **said)


def _pause(step: Step, said: dict[str, str], zone: ZoneInfo) -> str:
    until = step.told.get("until")
    said["until"] = say("why.pause.until", until=moment_words(until, zone)) if until else ""
    return say("why.pause", **said)


def _send_back(step: Step, said: dict[str, str], _zone: ZoneInfo) -> str:
    return say("why.send_back.floor" if step.left > max(step.left_before, 0) else "why.send_back", **said)


def _extension(step: Step, said: dict[str, str], zone: ZoneInfo) -> str:
    if step.due is None or step.due_before is None:
        return _restated(step, said, zone)
    more = step.told.get("more")
    said["more"] = say("why.extension.more", more=target_words(more)) if isinstance(more, Target) else ""
    return say("why.extension", **said)


def _restated(step: Step, said: dict[str, str], _zone: ZoneInfo) -> str:
    key = f"plan.why.{step.code}"
    said["what"] = (say(key) if is_worded(key) else UNSAID) + _changes(step)
    return say("why.restated" if step.due is not None else "why.restated.paused", **said)


def _changes(step: Step) -> str:
    """What else changed with a restatement: target, calendar, the policy's version, from what to what."""
    was, now = step.told.get("before", {}), step.told
    found = []
    if was and was["target"] != now["target"]:
        found.append(say("why.changed", before=target_words(was["target"]), after=target_words(now["target"])))
    if was and calendar_words(was) != calendar_words(now):
        found.append(say("why.changed", before=calendar_words(was), after=calendar_words(now)))
    if was and was["policy_version"] != now["policy_version"]:
        versions = {"before": was["policy_version"], "after": now["policy_version"]}
        found.append(say("why.changed.policy", **versions))
    return say("why.changes", changes=say("why.and").join(found)) if found else ""


def _plain(step: Step, said: dict[str, str], _zone: ZoneInfo) -> str:
    return say(f"why.{step.code}", **said)


def _done(step: Step, said: dict[str, str], _zone: ZoneInfo) -> str:
    return say("why.done" if step.due is not None else "why.done.paused", **said)


_WORDS: dict[str, Callable[[Step, dict[str, str], ZoneInfo], str]] = {
    account.START: _start,
    account.WORKED: _worked,
    account.STOP: _stopped,
    account.PAUSE: _plain,
    "pause": _pause,
    "pause_void": _plain,
    "resume": _plain,
    "send_back": _send_back,
    "extension": _extension,
    account.LEFT: _plain,
    account.DUE: _plain,
    account.OVER: _plain,
    account.STILL_PAUSED: _plain,
    account.STILL_STOPPED: _plain,
    account.DONE: _done,
}


def _row(row: Row, zone: ZoneInfo) -> dict[str, Any]:
    view: dict[str, Any] = {
        "kind": row.kind,
        "date": row.first.isoformat(),
        "to_date": row.last.isoformat() if row.last != row.first else None,
        "from": row.begins,
        "to": row.ends,
        "seconds": row.seconds,
        "why": row.why or None,
        "name": row.name or None,
        "worked_days": row.worked_days or None,
    }
    view["text"] = _row_words(row, zone)
    return view


def _row_words(row: Row, zone: ZoneInfo) -> str:
    dates = _dates(row.first, row.last)
    if row.kind == RUN:
        days = say_count(f"time.{_UNITS['days']}", n=row.worked_days) if row.worked_days else ""
        return say("why.day.run" if days else "why.day.sum", dates=dates, days=days, length=length(row.seconds))
    reason = say(f"why.day.{row.why}", name=row.name or say(f"why.day.{row.why}.unnamed"))
    if row.kind == SKIPPED:
        return say("why.day.skipped", dates=dates, reason=reason)
    hours = {"begins": _hour(row.begins, zone), "ends": _hour(row.ends, zone, closing=row.first)}
    special = "" if row.why == "week" else say("why.day.special", reason=reason)
    return say("why.day.worked", dates=dates, length=length(row.seconds), special=special, **hours)


def _dates(first: date, last: date) -> str:
    return first.isoformat() if first == last else say("why.dates", first=first.isoformat(), last=last.isoformat())


def _hour(at: datetime | None, zone: ZoneInfo, closing: date | None = None) -> str:
    if at is None:
        return UNSAID
    here = at.astimezone(zone)
    if closing is not None and here.date() > closing:
        return "24:00"
    return here.strftime("%H:%M:%S" if here.second else "%H:%M")

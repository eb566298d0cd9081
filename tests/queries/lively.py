"""Random histories: whatever the rules allow, at odd moments, by whoever may; what they refuse does not happen."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cxloop.extensions import db
from cxloop.models.calendar import Calendar, definition_of
from cxloop.models.issue import Issue
from cxloop.models.task import Task
from cxloop.operations.act import ACTS, Refused
from cxloop.operations.clocks.recalendar import replan_all
from tests.cast import ANALYST, LIN, OPS
from tests.factories import EFFECT, RESOLVED, Story, fresh, lead_of, parked, planned, shown

UNITS = ("P44", "P51", "P65", "P54", "P11", "P31", "D01")
WAIT = {"reason": "third_party", "text": "等物业函件"}
SITE = {"reason": "site_work", "text": "光缆敷设"}


class Lively:
    """One random history of one or two issues, with calendars published in between."""

    def __init__(self, story: Story, seed: int) -> None:
        self.story, self.rng = story, random.Random(seed)
        self.done: dict[str, int] = {}

    def live(self, *, acts: int = 120) -> list[str]:
        """Let it happen; gives the issues' numbers."""
        self.story.now += timedelta(hours=self.rng.randrange(200), minutes=self.rng.randrange(60))
        numbers = [self._open() for _ in range(self.rng.choice([1, 1, 2]))]
        for _ in range(acts):
            self._pass()
            number = self.rng.choice(numbers)
            step = self.rng.choices(STEPS, weights=[weight for _step, weight in STEPS_WEIGHED])[0]
            step(self, number)
        return numbers

    def _pass(self) -> None:
        minutes = self.rng.choice([0, 0, 1, 7, 17, 45, 60, 180, 300, 700, 1900])
        until = self.story.now + timedelta(minutes=minutes)
        if self.rng.random() < 0.8:
            self.story.pass_time(until)
        else:
            self.story.now = until

    def _open(self) -> str:
        severity = self.rng.choice([1, 2, 3, 3, 4])
        number = self.story.do(
            "issue.open", ANALYST, at=self.story.now, title="掉线", description="多省", channel="hotline"
        ).no
        self.story.do("issue.analyse", ANALYST, number, at=self.story.now, severity=severity,
                      category="home.fault_repair", effect=EFFECT)  # fmt: skip
        return str(number)

    def attempt(self, act: str, by: str, number: str, /, **fields: Any) -> bool:
        """Do it if the rules let one."""
        if act not in ACTS:
            return False
        try:
            self.story.do(act, by, number, at=self.story.now, **fields)
        except Refused:
            return False
        self.done[act] = self.done.get(act, 0) + 1
        return True

    def a_task(self, number: str, *states: str) -> Task | None:
        """Some task of the issue in one of these states."""
        found = [task for task in self.story.tasks(number) if not states or task.state in states]
        return self.rng.choice(found) if found else None

    def soon(self, most: int = 40 * 24) -> datetime:
        """A moment ahead, often at a closing hour."""
        at = self.story.now + timedelta(hours=self.rng.randrange(1, most))
        return at.replace(hour=18, minute=0, second=0) if self.rng.random() < 0.5 else at

    # Steps

    def dispatch(self, number: str) -> None:
        chosen = self.rng.sample(UNITS, self.rng.randrange(1, 4))
        rows = [{"unit": unit, "duty": "separate", "title": "排查", "wanted": "回访"} for unit in chosen]
        if len(rows) > 1 and self.rng.random() < 0.5:
            rows[0]["duty"], rows[-1]["duty"] = "main", "support"
        if len(rows) > 1 and self.rng.random() < 0.2:
            rows[-1]["after"] = [0]  # type: ignore[assignment]
        self.attempt("issue.dispatch", ANALYST, number, tasks=rows)

    def sign(self, number: str) -> None:
        if task := self.a_task(number, "dispatched"):
            self.attempt("task.sign", lead_of(task.unit), task.no)

    def decline(self, number: str) -> None:
        if task := self.a_task(number, "dispatched", "working"):
            self.attempt("task.decline", lead_of(task.unit), task.no, reason="not_our_region", text="x")

    def decide(self, number: str) -> None:
        if task := self.a_task(number, "declined"):
            unit = self.rng.choice([*UNITS, task.unit])
            if not self.attempt("task.redispatch", ANALYST, task.no, unit=unit):
                self.attempt("task.adjudicate", LIN, task.no, unit=unit, text="x")

    def transfer(self, number: str) -> None:
        if task := self.a_task(number, "working"):
            self.attempt("task.transfer", ANALYST, task.no, unit=self.rng.choice(UNITS), reason="duty_moved")

    def answer(self, number: str) -> None:
        if task := self.a_task(number, "working"):
            said = self.rng.choice([RESOLVED, RESOLVED, {**RESOLVED, "outcome": "explained", "measures": []},
                                    planned(shown(self.soon())), parked(shown(self.soon()))])  # fmt: skip
            self.attempt("feedback.submit", lead_of(task.unit), task.no, **said)

    def judge(self, number: str) -> None:
        if task := self.a_task(number, "submitted"):
            act = self.rng.choice(["review.accept", "review.send_back", "review.send_back", "feedback.withdraw"])
            judge = ANALYST if task.dispatcher == "CENTER" else lead_of(task.dispatcher)
            by = lead_of(task.unit) if act == "feedback.withdraw" else judge
            self.attempt(act, by, task.no, **({"reason": "no_evidence"} if act == "review.send_back" else {}))

    def ask(self, number: str) -> None:
        if task := self.a_task(number, "working", "following"):
            kind = self.rng.choice(["extension", "pause", "pause"])
            due = task.due_at or self.story.now
            said = {**SITE, "due_at": max(due, self.story.now) + timedelta(hours=self.rng.randrange(1, 200))}
            if kind == "pause":
                said = {**WAIT, "until": self.soon(24 * 9)}
            asked = self.attempt(f"{kind}.request", lead_of(task.unit), task.no, **self._measure(task), **said)
            if asked and self.rng.random() < 0.8:
                self._pass()
                self.attempt(f"{kind}.grant", LIN, task.no)

    def consent(self, number: str) -> None:
        if task := self.a_task(number, "working", "following"):
            act = self.rng.choice(["extension.grant", "extension.refuse", "pause.grant", "pause.refuse"])
            self.attempt(act, LIN, task.no, **({"reason": "x"} if act.endswith("refuse") else {}))

    def resume(self, number: str) -> None:
        if task := self.a_task(number, "working", "following"):
            self.attempt("clock.resume", lead_of(task.unit), task.no, **self._measure(task))

    def _measure(self, task: Task) -> dict[str, Any]:
        return {"measure": self.rng.randrange(1, 3)} if task.state == "following" and self.rng.random() < 0.7 else {}

    def measure(self, number: str) -> None:
        if task := self.a_task(number, "following"):
            lead, on = lead_of(task.unit), f"{task.no}/{self.rng.randrange(1, 4)}"
            act, by, said = self.rng.choice(
                [("measure.complete", lead, {"text": "x"}), ("measure.complete", lead, {"text": "x"}),
                 ("measure.confirm", ANALYST, {}), ("measure.send_back", ANALYST, {"reason": "no_evidence"})]
            )  # fmt: skip
            self.attempt(act, by, on, **said)

    def split(self, number: str) -> None:
        found = [task for task in self.story.tasks(number) if (task.unit, task.state) == ("P44", "working")]
        for task in found[:1]:
            rows = [{"unit": unit, "title": "排查", "wanted": "回访"} for unit in ("P4401", "P4403")]
            self.attempt("task.split", lead_of("P44"), task.no, tasks=rows[: self.rng.choice([1, 2])])

    def word(self, number: str) -> None:
        if task := self.a_task(number, "working"):
            said: dict[str, Any] = {"next_at": self.soon(200)} if self.rng.random() < 0.7 else {}
            self.attempt("progress.report", lead_of(task.unit), task.no, text="x", **said)
            self.attempt("task.ask", lead_of(task.unit), task.no, text="x")

    def redo(self, number: str) -> None:
        if task := self.a_task(number, "accepted", "following"):
            self.attempt("task.redo", ANALYST, task.no, reason="unit_fault", text="x")

    def outside(self, number: str) -> None:
        said = {"due_at": self.soon(30 * 24), "who": "监管"} if self.rng.random() < 0.8 else {}
        self.attempt("issue.set_outside_due", ANALYST, number, **said)

    def rerate(self, number: str) -> None:
        severity, longer = self.rng.randrange(1, 5), self.rng.random() < 0.5
        if not self.attempt("issue.rerate", LIN, number, severity=severity, reason="x", longer=longer):
            self.attempt("issue.analyse", ANALYST, number, severity=severity)

    def cancel(self, number: str) -> None:
        if task := self.a_task(number):
            self.attempt("task.cancel", ANALYST, task.no, reason="duplicate")

    def verdict(self, number: str) -> None:
        verdict = self.rng.choice(["effective", "ineffective", "inconclusive"])
        after = {"value": Decimal("0.25") if verdict == "ineffective" else Decimal("0.08"), "n": 400}
        self.attempt("verification.record", ANALYST, number, verdict=verdict, method="metric", text="x", after=after)

    def close(self, number: str) -> None:
        try:
            self.story.close(number, at=self.story.now, reason="x", answers=["x"])
        except (Refused, IndexError):
            return
        self.done["closure.close"] = self.done.get("closure.close", 0) + 1

    def audit(self, number: str) -> None:
        act = self.rng.choice(["audit.approve", "audit.return"])
        said: dict[str, Any] = {"opinion": "x"} if act == "audit.approve" else {"findings": ["x"]}
        self.attempt(act, "zhao", number, **said)

    def reopen(self, number: str) -> None:
        self.attempt("issue.reopen", LIN, number, reason="x")

    def publish(self, _number: str) -> None:
        code = self.rng.choice(["CN", "CN", "CN-65", "ALWAYS"])
        definition = definition_of(code, fresh().get_one(Calendar, code).revision)
        db.session.rollback()
        days = {day["date"]: day for day in definition.get("days", [])}
        date = (self.story.now + timedelta(days=self.rng.randrange(0, 12))).date().isoformat()
        kind = self.rng.choice(["holiday", "holiday", "workday"])
        days[date] = {"date": date, "kind": kind, "name": "台风停工"}
        self.attempt("calendar.publish", OPS, code, definition={**definition, "days": list(days.values())})
        self.story.now += timedelta(seconds=self.rng.choice([2, 90, 4000]))
        replan_all(at=self.story.now)

    def is_over(self, number: str) -> bool:
        """Whether the issue is over."""
        return fresh().get_one(Issue, number).state in {"archived", "dismissed", "merged"}


STEPS_WEIGHED: list[tuple[Callable[[Lively, str], None], int]] = [
    (Lively.dispatch, 3), (Lively.sign, 7), (Lively.decline, 2), (Lively.decide, 3), (Lively.transfer, 2),
    (Lively.answer, 6), (Lively.judge, 8), (Lively.ask, 7), (Lively.consent, 7), (Lively.resume, 3),
    (Lively.measure, 6), (Lively.rerate, 2), (Lively.cancel, 1), (Lively.verdict, 3), (Lively.close, 3),
    (Lively.audit, 2), (Lively.reopen, 1), (Lively.publish, 2),
    (Lively.split, 3), (Lively.word, 2), (Lively.redo, 4),
    (Lively.outside, 1),
]  # fmt: skip
STEPS = [step for step, _weight in STEPS_WEIGHED]

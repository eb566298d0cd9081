"""What the due clocks are about: issues, their tasks, these tasks' measures; as rows to read from, or as records."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from ...extensions import db
from ...models.issue import Issue
from ...models.measure import Measure
from ...models.task import Task
from .rungs import DueRung, portions


class Scene(NamedTuple):
    """A clock's subject with all it belongs to: rows and records have the same names."""

    issue: Any
    task: Any = None
    measure: Any = None


@dataclass(frozen=True, slots=True)
class Scenes:
    """The subjects of many clocks, read for all of them at once."""

    issues: Mapping[str, Any]
    tasks: Mapping[str, Any]
    measures: Mapping[str, Any]

    @classmethod
    def of_rows(cls, issues: Mapping[str, Any], rungs: Iterable[DueRung]) -> "Scenes":
        """Of the issues' rows, which are there already, and bare rows of tasks and measures."""
        numbers, followed = _numbers(rungs)
        tasks = _rows(select(Task.no, Task.title, Task.unit, Task.handler, Task.dispatcher), Task.no, numbers)
        measures = _rows(select(Measure.task_no, Measure.n, Measure.handler), Measure.task_no, followed)
        return cls(issues, {row.no: row for row in tasks}, {f"{row.task_no}/{row.n}": row for row in measures})

    @classmethod
    def of_records(cls, rungs: Sequence[DueRung]) -> "Scenes":
        """Of records, for what changes them."""
        numbers, followed = _numbers(rungs)
        issues = _rows(select(Issue), Issue.no, {rung.chain_no for rung in rungs})
        tasks = _rows(select(Task), Task.no, numbers)
        measures = _rows(select(Measure), Measure.task_no, followed)
        return cls(
            {issue.no: issue for (issue,) in issues},
            {task.no: task for (task,) in tasks},
            {measure.number(): measure for (measure,) in measures},
        )

    def at(self, rung: DueRung) -> Scene:
        """The subject of a rung's clock."""
        issue = self.issues[rung.chain_no]
        if rung.subject == rung.chain_no:
            return Scene(issue)
        return Scene(issue, self.tasks.get(rung.subject.partition("/")[0]), self.measures.get(rung.subject))


def _numbers(rungs: Iterable[DueRung]) -> tuple[set[str], set[str]]:
    """The numbers of the tasks in question, and of those whose measures are."""
    subjects = {rung.subject for rung in rungs if rung.subject != rung.chain_no}
    return (
        {subject.partition("/")[0] for subject in subjects},
        {subject.partition("/")[0] for subject in subjects if "/" in subject},
    )


def _rows(what: Select[*tuple[Any, ...]], key: Any, numbers: Iterable[str]) -> list[Any]:
    return [row for portion in portions(numbers) for row in db.session.execute(what.where(key.in_(portion)))]

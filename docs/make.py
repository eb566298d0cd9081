"""Write what the documentation takes from the code: `python docs/make.py` (`--check` only says whether it is old).

docs/lifecycle.md as a whole, and the tables of docs/glossary.md between their marks.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from cxloop.domain import clocks, lifecycle, permissions, vocabulary  # noqa: E402 - found by the line above
from cxloop.wording import is_worded, say_in  # noqa: E402

BEGIN, END = "<!-- from the catalogs: python docs/make.py -->", "<!-- end -->"
STATES = {
    "signal": vocabulary.SignalState,
    "issue": vocabulary.IssueState,
    "task": vocabulary.TaskState,
    "measure": vocabulary.MeasureState,
}
NOUNS = {"signal": "客户声音", "issue": "问题(主单)", "task": "工单", "measure": "措施"}
HEAD = """<!-- Written by `python docs/make.py` from cxloop/domain. Do not edit: a test compares. -->

# Lifecycles

What may be done to each object, by whom, and what it does to the clocks. Buttons, API and tests read the same tables:
`cxloop/domain/lifecycle.py` (states), `cxloop/domain/permissions.py` (people), `cxloop/domain/clocks.py` (clocks).

- An act is `noun.verb`. Over the API it is `POST /api/v1/<objects>/<no>/<path>`, with the path in the second column.
- *by itself*: the consequence of another act or of time. It has no button and no address.
- *needs* and *barred by* name facts: without the one, or with the other, the act is refused with 409.
- *not by* keeps duties apart: whoever stands in that relation is refused, whatever else they are.
"""
CLOCKS = """
## Clocks

What each act does to which clock. `start`: a new cycle. `stop`: for somebody's verdict. `resume`: under the original
limit. `rerun`: as if it had never stopped. `end`: done. `cancel`: the subject is gone. `move`: the task goes elsewhere.
`charge`: the time is the dispatcher's from now on. `act:ending` is one of an act's endings.
"""
LISTS = (
    ("States of a signal 客户声音", "signal.state", vocabulary.SignalState),
    ("States of an issue 问题", "issue.state", vocabulary.IssueState),
    ("States of a task 工单", "task.state", vocabulary.TaskState),
    ("States of a measure 措施", "measure.state", vocabulary.MeasureState),
    ("States of a closure report 结案报告", "report.state", vocabulary.ReportState),
    ("Duties", "duty", vocabulary.Duty),
    ("Outcomes 办理结果", "outcome", vocabulary.Outcome),
    ("Kinds of measure", "measure.kind", vocabulary.MeasureKind),
    ("Verdicts on the effect", "verdict", vocabulary.Verdict),
    ("Clocks 时限", "clock.kind", clocks.KINDS),
    ("States of a clock", "clock.state", clocks.STATES),
    ("Roles", "role", vocabulary.Role),
    ("Kinds of unit", "unit.kind", vocabulary.UnitKind),
)


def lifecycle_page() -> str:
    """The whole of docs/lifecycle.md."""
    kinds = "".join(_kind(kind) for kind in STATES)
    rest = [row for row in lifecycle.TABLE if row.on not in STATES]
    others = f"\n## Other acts\n\nOn objects without a life.\n\n{_acts(rest)}"
    rows = ((_code(act), ", ".join(f"{e.verb} `{e.kind}`" for e in found)) for act, found in clocks.EFFECTS.items())
    return f"{HEAD}{kinds}{others}{CLOCKS}\n{_table(('act', 'clocks'), rows)}"


def _kind(kind: str) -> str:
    rows = [row for row in lifecycle.TABLE if row.on == kind]
    return f"\n## {kind.capitalize()} {NOUNS[kind]}\n\n{_diagram(kind)}\n{_acts(rows)}"


def _diagram(kind: str) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state} : {state} {say_in('zh', f'{kind}.state.{state}')}" for state in STATES[kind]]
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in (row for row in lifecycle.TABLE if row.on == kind and row.to):
        for before, after in _steps(row):
            arrows.setdefault((before, after), []).append(row.name)
    lines += [f"    {before} --> {after} : {', '.join(names)}" for (before, after), names in arrows.items()]
    return "\n".join([*lines, "```", ""])


def _steps(row: lifecycle.Act) -> Iterable[tuple[str, str]]:
    """The arrows of an act. One that keeps a state among its ends leaves each such state where it is."""
    if row.creates:
        return [("[*]", state) for state in row.to]
    kept = row.frm & set(row.to)
    ends = [state for state in row.to if state not in row.frm] or [row.to[0]]
    moves = [(before, after) for before in sorted(row.frm - kept) for after in ends if before != after]
    stays = [(state, state) for state in sorted(kept)]
    leaving = [(before, after) for before in sorted(kept) for after in row.to if after not in row.frm]
    return [*moves, *stays, *leaving]


def _acts(rows: Iterable[lifecycle.Act]) -> str:
    head = ("act", "path", "中文", "from", "to", "who", "not by", "needs", "barred by")
    return _table(head, (_act(row) for row in rows))


def _act(row: lifecycle.Act) -> tuple[str, ...]:
    permit = permissions.TABLE[row.name]
    return (
        _code(row.name),
        "*by itself*" if row.by_itself else _code(row.verb),
        say_in("zh", f"act.{row.name}") if is_worded(f"act.{row.name}") else "",
        "–" if row.creates else _codes(row.frm) or "any",
        _codes(row.to, ordered=True) or "same",
        _codes(permit.allow),
        _codes(permit.forbid),
        _codes(row.given),
        _codes(row.barred),
    )


def glossary_tables() -> str:
    """The tables of docs/glossary.md: every code of the rules in both languages."""
    parts = []
    for title, prefix, values in LISTS:
        rows = ((_code(v), say_in("zh", f"{prefix}.{v}"), say_in("en", f"{prefix}.{v}")) for v in values)
        parts.append(f"### {title}\n\n{_table(('code', '中文', 'English'), rows)}")
    return "\n".join(parts)


def glossary_page(old: str) -> str:
    """docs/glossary.md with its tables made anew."""
    before, _, rest = old.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{glossary_tables()}\n{END}{rest.partition(END)[2]}"


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _codes(found: Iterable[str], *, ordered: bool = False) -> str:
    return ", ".join(_code(str(value)) for value in (found if ordered else sorted(found)))


def pages() -> dict[Path, str]:
    """Every page that is made, with what should stand in it."""
    glossary = ROOT / "docs" / "glossary.md"
    return {
        ROOT / "docs" / "lifecycle.md": lifecycle_page(),
        glossary: glossary_page(glossary.read_text(encoding="utf-8")),
    }


def main(arguments: list[str]) -> int:
    """Write the pages; with --check say which are old, and exit with 1 when one is."""
    old = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in old:
        if "--check" not in arguments:
            path.write_text(pages()[path], encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
    return 1 if old and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

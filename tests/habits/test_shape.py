"""The house's habits, read off the code: where time, states and commits come from, sizes, words."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cxloop"
FILES = sorted(PACKAGE.rglob("*.py"))
CODE = [*FILES, *sorted((ROOT / "tests").rglob("*.py"))]
LONGEST_FILE, LONGEST_FUNCTION = 400, 40
Function = ast.FunctionDef | ast.AsyncFunctionDef


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path) -> Iterator[str]:
    """The dotted names that a file calls, as they are written."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node


# Time is an argument: only doors, jobs and commands ask the clock on the wall, and who is asked for a session.
ASKS_THE_TIME = re.compile(
    r"(datetime|dt)\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime)|func\.(now|current_\w+)"
)
KNOWS_THE_TIME = ("cxloop/api/", "cxloop/web/", "cxloop/jobs/", "cxloop/cli/", "cxloop/identity.py", "cxloop/health.py")


def test_time_is_an_argument() -> None:
    asking = {short(path) for path in FILES if any(ASKS_THE_TIME.fullmatch(name) for name in calls(path))}
    assert {name for name in asking if not name.startswith(KNOWS_THE_TIME)} == set()


# States change in one place; these are the exceptions, each a state that nobody's act is bound by.
MAY_SET_A_STATE = {
    "cxloop/operations/clocks/drive.py",  # the one place
    "cxloop/operations/clocks/engine.py",  # a clock's own state, and its rungs'
    "cxloop/operations/clocks/reminders.py",  # a reminder is dropped
    "cxloop/operations/escalation/recorded.py",  # a rung fires
    "cxloop/operations/reviews.py",  # measures without a date are done with the answer they came with
    "cxloop/operations/closure/closing.py",  # a report is superseded
    "cxloop/operations/closure/audit.py",  # a report is approved, returned, filed
    "cxloop/operations/closure/reopening.py",  # a report nobody has signed is superseded
}


def sets_a_state(path: Path) -> bool:
    for node in ast.walk(tree(path)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        flat = [part for one in targets for part in (one.elts if isinstance(one, ast.Tuple) else [one])]
        found = [part for part in flat if isinstance(part, ast.Attribute) and part.attr == "state"]
        if any(ast.unparse(part.value) != "self" for part in found):
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "setattr" and "'state'" in ast.unparse(node):
            return True
    return False


def test_states_change_in_one_place() -> None:
    assert {short(path) for path in FILES if sets_a_state(path)} == MAY_SET_A_STATE


def test_everything_is_committed_in_one_place() -> None:
    committing = {short(path) for path in FILES if any(name.endswith(".commit") for name in calls(path))}
    assert committing == {"cxloop/operations/act.py"}


def test_acts_do_not_call_acts() -> None:
    from cxloop.operations.act import ACTS

    told = {story.tell.__name__: story.tell.__module__ for story in ACTS.values()}
    for path in sorted((PACKAGE / "operations").rglob("*.py")):
        called = {name.rsplit(".", 1)[-1] for name in calls(path) if "." not in name}
        own = {node.name for node in functions(path)}
        assert not {name for name in called & told.keys() if name in own}, short(path)


# Sizes


def test_no_file_is_too_long() -> None:
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_too_long() -> None:
    lengths = {
        f"{short(path)}:{node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in CODE
        for node in functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


# Public functions are verbs or questions, keyword-only where acts and questions are asked, and say what they do.


def public(path: Path) -> Iterator[Function]:
    for node in tree(path).body:
        if isinstance(node, Function) and not node.name.startswith("_"):
            yield node


def test_public_functions_say_what_they_do() -> None:
    assert [
        f"{short(path)}:{node.name}" for path in FILES for node in public(path) if not ast.get_docstring(node)
    ] == []


def test_modules_and_classes_say_what_they_are() -> None:
    silent = [short(path) for path in FILES if not ast.get_docstring(tree(path)) and tree(path).body]
    silent += [
        f"{short(path)}:{node.name}"
        for path in FILES
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_acts_take_their_fields_by_name() -> None:
    for path in sorted((PACKAGE / "operations").rglob("*.py")):
        acts = [node for node in public(path) if any(ast.unparse(d).startswith("act(") for d in node.decorator_list)]
        assert [node.name for node in acts if node.args.args or node.args.posonlyargs] == []
        assert [node.name for node in acts if node.returns is None] == []


# Words

BANNED = {"status", "deadline", "ticket", "tickets", "reject", "rejected", "case", "service", "manager"}
BANNED |= {"helper", "helpers", "util", "utils"}
# Named by others, or the one role that bears the word.
GIVEN = {"center_manager", "dispatcher_manager", "login_manager"}
HTTP = ("cxloop/api/", "cxloop/schemas/views.py")  # an answer's status is HTTP's word, and RFC 9457's
ELSEWHERE = {("cxloop/seeds/history/scene.py", "manager")}  # the demo's people by their posts


def named(path: Path) -> Iterator[str]:
    """The names that a file gives; what it only uses was named by others."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, Function | ast.ClassDef):
            yield node.name


def test_words_that_mean_something_else_do_not_occur() -> None:
    found = {
        (short(path), word.lower())
        for path in FILES
        for name in named(path)
        for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
        if name.lower() not in GIVEN and word.lower() in BANNED
    }
    assert {(file, word) for file, word in found if not (word == "status" and file.startswith(HTTP))} <= ELSEWHERE

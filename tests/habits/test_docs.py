"""What the documentation says of the code is so: settings, commands, tables, links."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest

from cxloop.app import create_app

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
# Flask's own, for development.
OTHERS = {"run", "shell", "routes", "db"}


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_make", ROOT / "docs" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def settings() -> list[str]:
    text = (ROOT / "config" / "default.py").read_text(encoding="utf-8")
    return re.findall(r"^([A-Z_]+) =", text, re.MULTILINE)


def commands(group: click.Group, path: tuple[str, ...] = ("flask",)) -> Iterator[str]:
    for name, command in group.commands.items():
        if path == ("flask",) and name in OTHERS:
            continue
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name))


@pytest.mark.parametrize("name", settings())
def test_the_runbook_names_every_setting(name: str) -> None:
    assert f"| `CXLOOP_{name}` |" in RUNBOOK


def test_the_runbook_names_no_setting_that_is_not_there() -> None:
    named = set(re.findall(r"^\| `CXLOOP_([A-Z_]+)`", RUNBOOK, re.MULTILINE))
    assert named == {*settings(), "PROFILE"}


def test_the_runbook_names_every_command_and_no_other(tmp_path: Path) -> None:
    app = create_app("testing", {"CXLOOP_DATA_DIR": str(tmp_path)})
    named = {" ".join(line.split("[")[0].split()) for line in re.findall(r"^\| `(flask [^`]+)`", RUNBOOK, re.MULTILINE)}
    known = set(commands(app.cli)) | {"flask db upgrade"}
    assert {known_one for known_one in known if not any(line.startswith(known_one) for line in named)} == set()
    assert {line for line in named if not any(line.startswith(known_one) for known_one in known)} == set()


def test_the_made_pages_are_up_to_date() -> None:
    for path, text in maker().pages().items():
        assert path.read_text(encoding="utf-8") == text, f"run `python docs/make.py`: {path.name} is old"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []

"""What import-linter cannot say: it knows forbidden names, not "the standard library and nothing else"."""

import ast
import sys
from pathlib import Path

import pytest

DOMAIN = Path(__file__).parents[2] / "cxloop" / "domain"


@pytest.mark.parametrize("path", sorted(DOMAIN.rglob("*.py")), ids=lambda path: path.name)
def test_the_rules_import_the_standard_library_only(path: Path) -> None:
    foreign = {
        name
        for name in imported_names(path)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("cxloop.domain")
    }
    assert foreign == set()


def imported_names(path: Path) -> set[str]:
    """Collect the full names of the modules that a file of the domain imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = {0: "", 1: "cxloop.domain."}.get(node.level, "cxloop.")
            names.add(f"{above}{node.module or ''}")
    return names

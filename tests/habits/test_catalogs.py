"""Both catalogs say the same things, and whatever the code can say is in them."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from cxloop.domain import clocks, lifecycle, permissions, vocabulary
from cxloop.domain.policy import Policy
from cxloop.seeds.base import base_lines

ROOT = Path(__file__).parents[2] / "cxloop"
LOCALES = ("zh", "en")
CJK = re.compile(r"[\u2e80-\u303f\u3400-\u9fff\uff00-\uffef]")
PARAMETER = re.compile(r"%\((\w+)\)s")
# A language is named in itself, so that whoever cannot read the page finds the way out.
NAMED_IN_ITSELF = {"page.language.zh", "page.language.en"}
PREFIXES = (
    "noun",
    "act",
    "verb",
    "field",
    "error",
    "notice",
    "page",
    "entry",
    "time",
    "rung",
    "role",
    "duty",
    "outcome",
    "verdict",
    "method",
    "callback",
    "day",
    "liability",
    "severity",
    "urgency",
    "supervision",
    "drawn",
    r"unit\.kind",
    r"clock\.(?:kind|state|charged)",
    r"(?:signal|issue|task|measure|report)\.state",
    r"measure\.kind",
    r"plan\.why",
)
USED = re.compile(rf"""["']((?:{"|".join(PREFIXES)})\.(?!html)[a-z0-9_.-]*[a-z0-9_])["']""")

SAID = re.compile(r"(?:error|notice)\.(?!html)\w+\Z")


def catalog(locale: str) -> dict[str, str]:
    with (ROOT / "translations" / locale / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, abort_invalid=True) if message.id}


CATALOGS = {locale: catalog(locale) for locale in LOCALES}
KEYS = set(CATALOGS["zh"])


def values(prefix: str, codes: type[StrEnum] | tuple[str, ...]) -> set[str]:
    return {f"{prefix}.{code}" for code in codes}


def test_both_catalogs_have_the_same_keys_in_the_same_order() -> None:
    assert list(CATALOGS["zh"]) == list(CATALOGS["en"])


@pytest.mark.parametrize("locale", LOCALES)
def test_no_key_stands_twice(locale: str) -> None:
    text = (ROOT / "translations" / locale / "LC_MESSAGES" / "messages.po").read_text(encoding="utf-8")
    counts = Counter(re.findall(r'^msgid "(.+)"$', text, re.MULTILINE))
    assert {key for key, n in counts.items() if n > 1} == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_nothing_is_left_unsaid(locale: str) -> None:
    assert {key for key, text in CATALOGS[locale].items() if not text.strip() or text == key} == set()


def test_both_take_the_same_parameters() -> None:
    zh, en = (CATALOGS[locale] for locale in LOCALES)
    assert {key for key in KEYS if set(PARAMETER.findall(zh[key])) != set(PARAMETER.findall(en[key]))} == set()


@pytest.mark.parametrize("locale", LOCALES)
def test_a_percent_sign_is_always_a_parameter(locale: str) -> None:
    assert {key for key, text in CATALOGS[locale].items() if "%" in PARAMETER.sub("", text)} == set()


def test_no_language_leaks_into_the_other() -> None:
    assert {key for key, text in CATALOGS["en"].items() if CJK.search(text)} <= NAMED_IN_ITSELF
    without_chinese = {key for key, text in CATALOGS["zh"].items() if not CJK.search(PARAMETER.sub("", text))}
    assert without_chinese <= NAMED_IN_ITSELF


def test_words_that_the_glossary_rules_out_do_not_occur() -> None:
    ruled_out = re.compile(r"\b(reject\w*|deadline\w*|ticket\w*|status|UTC)\b", re.IGNORECASE)
    found = {(locale, key) for locale in LOCALES for key, text in CATALOGS[locale].items() if ruled_out.search(text)}
    assert found == set()


def test_every_act_and_every_verb_has_a_label() -> None:
    acts = set(lifecycle.ACTS) | set(permissions.TABLE)
    assert {f"act.{name}" for name in acts} - KEYS == set()
    assert {f"verb.{row.verb}" for row in lifecycle.TABLE} - KEYS == set()


@pytest.mark.parametrize(
    ("prefix", "codes"),
    [
        ("signal.state", vocabulary.SignalState),
        ("issue.state", vocabulary.IssueState),
        ("task.state", vocabulary.TaskState),
        ("measure.state", vocabulary.MeasureState),
        ("report.state", vocabulary.ReportState),
        ("duty", vocabulary.Duty),
        ("outcome", vocabulary.Outcome),
        ("measure.kind", vocabulary.MeasureKind),
        ("verdict", vocabulary.Verdict),
        ("role", vocabulary.Role),
        ("unit.kind", vocabulary.UnitKind),
        ("clock.kind", clocks.KINDS),
        ("clock.state", clocks.STATES),
        ("rung.state", clocks.RUNG_STATES),
        ("rung", (clocks.START, clocks.FILE)),
    ],
)
def test_every_code_of_the_rules_has_a_label(prefix: str, codes: type[StrEnum] | tuple[str, ...]) -> None:
    assert values(prefix, codes) - KEYS == set()


def test_every_refusal_of_the_lifecycle_has_a_wording() -> None:
    refusals = {f"error.without_{fact}" for row in lifecycle.TABLE for fact in row.given}
    refusals |= {f"error.{fact}" for row in lifecycle.TABLE for fact in row.barred}
    assert (refusals | {"error.state", "error.forbidden", "error.segregation"}) - KEYS == set()


def test_every_rung_of_the_default_ladders_has_a_label() -> None:
    [body] = [line["body"] for line in base_lines(at="2026-08-20T09:00:00+08:00") if line["on"] == "sla"]
    rungs = {rung.code for ladder in Policy.parse(body).ladders.values() for rung in ladder}
    assert {f"rung.{code}" for code in rungs} - KEYS == set()


@pytest.mark.parametrize(
    "path", sorted([*ROOT.rglob("*.py"), *ROOT.rglob("*.html")]), ids=lambda path: str(path.relative_to(ROOT))
)
def test_keys_that_the_code_names_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(USED.findall(text)) - KEYS == set()


def said(tree: ast.AST) -> Iterator[tuple[str, set[str]]]:
    """Each key of an error or a notice that a call names, with the keywords given beside it (all, where by **)."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            given = {keyword.arg or "**" for keyword in call.keywords}
            # A notice's subject is worded as its number.
            given |= {"no"} if "subject" in given else set()
            for value in [*call.args, *(keyword.value for keyword in call.keywords)]:
                if isinstance(value, ast.Constant) and SAID.match(str(value.value)):
                    yield value.value, given


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_raised_or_told_brings_the_parameters_of_its_wording(path: Path) -> None:
    for key, given in said(ast.parse(path.read_text(encoding="utf-8"))):
        assert key in KEYS
        assert "**" in given or set(PARAMETER.findall(CATALOGS["zh"][key])) <= given, key


def test_every_refusal_of_a_calendar_has_a_wording() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "domain").glob("calendar*.py"))
    codes = set(re.findall(r"CalendarError\([^,]+, \"(\w+)\"\)", text))
    assert codes
    assert {f"error.{code}" for code in codes} - KEYS == set()


@pytest.mark.parametrize(
    ("key", "wording"),
    [
        ("issue.state.new", "待研判"),
        ("issue.state.closed", "已结案(待稽核)"),
        ("task.state.planned", "待派发(等前序)"),
        ("task.state.accepted", "已办结"),
        ("task.state.declined", "退单待审"),
        ("act.task.adjudicate", "裁定派单(不可再退)"),
        ("act.review.send_back", "退回重办"),
        ("clock.kind.decide", "退单审核时限"),
        ("field.due_at", "要求完成时间"),
        ("field.due_at.short", "截止"),
        ("measure.kind.correction", "应急处置(止损)"),
        ("role.unit_lead", "体验管理主管(接口人)"),
        ("unit.kind.province", "省公司(属地)"),
    ],
)
def test_practitioners_find_their_own_words(key: str, wording: str) -> None:
    assert CATALOGS["zh"][key] == wording

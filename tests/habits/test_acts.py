"""Every act stands in every table: lifecycle, permissions, clocks, registry, labels."""

import pytest

import cxloop.operations  # noqa: F401 - fills the registry
from cxloop.domain import clocks, lifecycle, permissions, vocabulary
from cxloop.operations.act import ACTS
from cxloop.operations.clocks.drive import _DRIVERS
from tests.habits.test_catalogs import CATALOGS

ROWS = lifecycle.TABLE
STATES = {
    "signal": vocabulary.SignalState,
    "issue": vocabulary.IssueState,
    "task": vocabulary.TaskState,
    "measure": vocabulary.MeasureState,
}


def test_the_permission_table_knows_every_act_and_no_other() -> None:
    assert permissions.TABLE.keys() == lifecycle.ACTS.keys()


def test_every_act_that_somebody_can_ask_for_is_told_once() -> None:
    assert ACTS.keys() == {row.name for row in ROWS if not row.by_itself}


def test_no_act_stands_twice() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert len({(row.on, row.verb) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_act_is_noun_and_verb_between_known_states(row: lifecycle.Act) -> None:
    assert row.name.count(".") == 1
    known = set(STATES.get(row.on, ()))
    assert row.frm | set(row.to) <= known


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_act_has_a_label(language: str) -> None:
    assert {f"act.{row.name}" for row in ROWS} - CATALOGS[language].keys() == set()


def test_what_nobody_can_ask_for_only_the_system_may_do() -> None:
    for row in ROWS:
        assert row.by_itself == (permissions.TABLE[row.name].allow == {"system"}), row.name


# Not acts of anybody's, but steps of others or of time: a followed measure starts with its acceptance, or ends with its
# task; a request lapses when the answer goes up; a parked issue's date of re-examination comes.
STEPS = {"measure.follow", "measure.cancel", "request.lapse", "issue.recheck", "contact.owe", "contact.settle"}


def test_clocks_are_driven_by_acts_that_exist() -> None:
    assert {name.partition(":")[0] for name in clocks.EFFECTS} - lifecycle.ACTS.keys() == STEPS


def test_every_effect_is_of_a_known_verb_and_kind() -> None:
    effects = [effect for row in clocks.EFFECTS.values() for effect in row]
    assert {effect.verb for effect in effects} == set(_DRIVERS)
    assert {effect.kind for effect in effects} <= set(clocks.KINDS)


def test_every_clock_that_starts_also_ends() -> None:
    by_verb: dict[str, set[str]] = {}
    for row in clocks.EFFECTS.values():
        for effect in row:
            by_verb.setdefault(effect.verb, set()).add(effect.kind)
    assert by_verb["start"] <= by_verb["end"]


def test_an_act_with_a_state_to_go_to_can_be_refused() -> None:
    for row in ROWS:
        if row.to and not row.creates:
            assert row.frm, row.name

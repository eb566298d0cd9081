"""Who stands in which relation, and what it allows or forbids."""

import pytest

from cxloop.domain.permissions import TABLE, Facts, Membership, Person, permitted, relate, sees_unit

CENTER = Membership("CENTER", "/CENTER/", "analyst")
MANAGER = Membership("CENTER", "/CENTER/", "center_manager")
GUANGDONG = Facts(unit="P44", unit_path="/P44/", dispatcher="CENTER")
BRANCH = Facts(unit="P4401", unit_path="/P44/P4401/", dispatcher="P44")


def of(role: str, unit: str = "P44", path: str | None = None, name: str = "x") -> Person:
    return Person(name, (Membership(unit, path or f"/{unit}/", role),))


def relations(person: Person, facts: Facts) -> set[str]:
    return set(relate(person=person, facts=facts))


@pytest.mark.parametrize(
    ("person", "wanted"),
    [
        (of("unit_lead"), {"unit_member", "lead_somewhere", "unit_lead", "owner_unit"}),
        (of("leader"), {"unit_member", "leader", "owner_unit"}),
        (of("liaison"), {"unit_member", "lead_somewhere", "liaison", "owner_unit"}),
        (of("handler"), {"unit_member", "handler", "owner_unit"}),
        (of("unit_lead", "P51"), {"unit_member", "lead_somewhere"}),
        (of("analyst", "CENTER"), {"center", "dispatcher"}),
        (of("center_manager", "CENTER"), {"center", "center_manager", "dispatcher", "dispatcher_manager"}),
        (of("auditor", "A01"), {"auditor"}),
        (of("admin", "CENTER"), {"admin"}),
        (Person("system"), {"system"}),
        (Person("nobody"), set()),
    ],
)
def test_relations_to_a_task_of_guangdong(person: Person, wanted: set[str]) -> None:
    assert relations(person, GUANGDONG) == wanted


def test_until_one_handler_is_named_each_may_take_it() -> None:
    named = Facts(unit="P44", unit_path="/P44/", handler="li")
    assert "handler" in relations(of("handler", name="li"), named)
    assert "handler" not in relations(of("handler", name="wang"), named)
    assert "handler" in relations(of("handler", "P4401", name="li"), named)


def test_a_lead_of_a_branch_leads_nothing_of_the_province() -> None:
    assert "unit_lead" not in relations(of("unit_lead", "P4401", "/P44/P4401/"), GUANGDONG)


def test_what_was_split_is_dispatched_by_the_splitting_units_lead() -> None:
    assert {"dispatcher", "dispatcher_manager"} <= relations(of("unit_lead"), BRANCH)
    assert "dispatcher" not in relations(of("analyst", "CENTER"), BRANCH)
    assert "dispatcher" not in relations(of("handler"), BRANCH)


@pytest.mark.parametrize(
    ("field", "relation"), [("raiser", "raiser"), ("submitter", "submitter"), ("owner", "self"), ("handler", "handler")]
)
def test_stored_names_make_relations(field: str, relation: str) -> None:
    facts = Facts(**{field: "x"})
    assert relation in relations(Person("x"), facts)
    assert relation not in relations(Person("y"), facts)


def test_verifiers_and_participants_are_sets_of_names() -> None:
    facts = Facts(verifiers=frozenset({"x"}), participants=frozenset({"x", "y"}))
    assert relations(Person("x"), facts) == {"verifier", "participant"}
    assert relations(Person("y"), facts) == {"participant"}


@pytest.mark.parametrize(
    ("act", "relations", "why"),
    [
        ("review.accept", {"dispatcher"}, None),
        ("review.accept", {"dispatcher", "submitter"}, "segregation"),
        ("review.accept", {"submitter"}, "forbidden"),
        ("closure.close", {"center_manager"}, None),
        ("closure.close", {"center_manager", "verifier"}, "segregation"),
        ("closure.close", {"center", "dispatcher"}, "forbidden"),
        ("audit.approve", {"auditor"}, None),
        ("audit.approve", {"auditor", "participant"}, "segregation"),
        ("audit.return", {"auditor", "participant", "center_manager"}, "segregation"),
        ("measure.confirm", {"dispatcher", "submitter"}, "segregation"),
        ("task.adjudicate", {"dispatcher"}, "forbidden"),
        ("issue.advance", {"center", "center_manager"}, "forbidden"),
    ],
)
def test_permits(act: str, relations: set[str], why: str | None) -> None:
    assert permitted(act=act, relations=frozenset(relations)) == why


def test_an_admin_does_no_work_and_an_auditor_changes_nothing() -> None:
    of_admin = {name for name in TABLE if permitted(act=name, relations=frozenset({"admin"})) is None}
    of_auditor = {name for name in TABLE if permitted(act=name, relations=frozenset({"auditor"})) is None}
    assert {name.split(".")[0] for name in of_admin} == {"unit", "user", "token", "policy", "calendar"}
    assert of_auditor == {"audit.approve", "audit.return"}


@pytest.mark.parametrize(
    ("person", "path", "sees"),
    [
        (of("unit_lead"), "/P44/", True),
        (of("unit_lead"), "/P44/P4401/", True),
        (of("unit_lead"), "/P51/", False),
        (of("unit_lead"), "/P440/", False),
        (of("unit_lead"), None, False),
        (of("unit_lead", "P4401", "/P44/P4401/"), "/P44/", False),
        (of("analyst", "CENTER"), "/P44/", True),
        (of("auditor", "A01"), None, True),
        (of("admin", "CENTER"), "/P44/", False),
        (Person("system"), None, True),
    ],
)
def test_who_sees_what_lies_where(person: Person, path: str | None, sees: bool) -> None:
    assert sees_unit(person=person, path=path) is sees


def test_several_memberships_add_up() -> None:
    both = Person("tang", (CENTER, MANAGER, Membership("P44", "/P44/", "unit_lead")))
    assert {"center", "center_manager", "dispatcher", "unit_lead", "owner_unit"} <= relations(both, GUANGDONG)

"""Policies are published in versions, each from a moment on; what makes no sense is refused as a whole."""

from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.policy import PolicyVersion
from cxloop.operations.act import Invalid
from cxloop.operations.policies import Unsound
from tests.cast import OPS
from tests.factories import Story, fresh, local


def body_of(code: str = "sla") -> dict[str, Any]:
    found = db.select(PolicyVersion.body).where(PolicyVersion.policy == code).order_by(PolicyVersion.n.desc())
    return dict(fresh().scalars(found).first())


def with_figure(place: str, value: Any) -> dict[str, Any]:
    body = body_of()
    *parents, last = place.split(".")
    inner = body
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return body


def refusal(story: Story, code: str, **fields: Any) -> Invalid:
    with pytest.raises(Invalid) as refused:
        story.do("policy.publish", OPS, code, **fields)
    return refused.value


def test_published_versions_are_kept_with_their_digest(story: Story) -> None:
    story.do("policy.publish", OPS, "sla", body=body_of())
    rows = list(fresh().scalars(db.select(PolicyVersion).where(PolicyVersion.policy == "sla")))
    assert [(row.n, row.digest == rows[0].digest) for row in rows] == [(1, True), (2, True)]


@pytest.mark.parametrize(
    ("code", "body", "fields"),
    [
        ("sla", [], {"body"}),
        ("sla", {"bands": 1}, {"body.bands", "body.limits", "body.effect", "body.severity"}),
        ("codes", {"channel": [{"code": "x"}]}, {"body.channel.0.zh", "body.channel.0.en"}),
        ("codes", {"channel": [{"code": "x", "zh": "x", "en": "x", "share": 0.5}]}, {"body.channel.0.share"}),
        ("mood", {}, {"code"}),
    ],
)
def test_a_policy_without_sense_is_refused(story: Story, code: str, body: Any, fields: set[str]) -> None:
    assert fields <= set(refusal(story, code, body=body).errors)


def test_all_faults_are_named_two_of_one_place_too(story: Story) -> None:
    body = with_figure("severity.3.issue_single", "16 d")
    body["severity"]["1"]["calendar"] = "MARS"
    body["severity"]["3"]["review"] = "14 d"
    error = refusal(story, "sla", body=body)
    assert isinstance(error, Unsound)
    said = {(field, key) for field, rows in error.faults.items() for key, _params in rows}
    assert said == {
        ("body.severity.3.issue_single", "error.policy_longer"),
        ("body.severity.3.issue_single", "error.policy_shares"),
        ("body.severity.3.issue_single", "error.policy_graver"),
        ("body.severity.3.review", "error.policy_longer"),
        ("body.severity.1.calendar", "error.unknown_calendar"),
    }
    assert db.session.scalar(db.select(db.func.count()).select_from(PolicyVersion)) == 2


def test_no_version_takes_effect_in_the_past(story: Story) -> None:
    now, body = local("2026-08-24 11:00"), body_of()
    early = refusal(story, "sla", at=now, body=body, effective_from=local("2026-08-24 10:59"))
    assert early.errors == {"effective_from": ("error.policy_past", {})}
    assert story.do("policy.publish", OPS, "sla", at=now, body=body, effective_from=now).current == 2


def test_no_version_takes_effect_before_the_last(story: Story) -> None:
    september = local("2026-09-01 00:00")
    story.do("policy.publish", OPS, "sla", at="2026-08-24 11:00", body=body_of(), effective_from=september)
    for begins in (None, local("2026-08-31 23:59")):
        found = refusal(story, "sla", at="2026-08-24 12:00", body=body_of(), effective_from=begins)
        assert found.errors["effective_from"][0] == "error.policy_before_last"
    again = with_figure("severity.3.triage", "7 h")
    story.do("policy.publish", OPS, "sla", at="2026-08-24 12:00", body=again, effective_from=september)
    # Of two that take effect at one moment the newer holds: so a planned version can be replaced before its day.
    before, after = story.issue(at="2026-08-31 17:00"), story.issue(at="2026-09-01 09:00")
    assert [story.clock(no, "triage").policy_version for no in (before, after)] == [1, 3]

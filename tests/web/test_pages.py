"""What the pages show: to whom, in which words, and at what cost."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event

from cxloop.extensions import db
from tests.cast import ANALYST, BEIJING, CHEN, GUANGDONG, LIN, OPS, SICHUAN, WU, ZHAO
from tests.factories import Story, local, play
from tests.web.conftest import Browser, Telling

CANARY = "金丝雀"
EVERYWHERE = [
    f"P{n}"
    for n in (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 44), 45, 46, *range(50, 55), *range(61, 66))
]
NUMBERS = re.compile(r"CX-\d{4}-\d{6}(?:-[TR]\d\d)?|\bT\d\d\b")
CJK = re.compile(r"[\u2e80-\u303f\u3400-\u9fff\uff00-\uffef]")
SHOWN = {"title", "placeholder", "aria-label", "alt", "label"}
READ_AT = "2026-08-25T01:00:00Z"  # Tuesday 09:00 in Beijing


class Words(HTMLParser):
    """Collects what a page says, but for the other language's own name."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.aside = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.said += [value for name, value in attrs if name in SHOWN and value]
        if given.get("class") == "language" or self.aside:
            self.aside += 1

    def handle_endtag(self, tag: str) -> None:
        self.aside = max(0, self.aside - 1)

    def handle_data(self, data: str) -> None:
        if not self.aside:
            self.said.append(data)


def words(html: str) -> str:
    reader = Words()
    reader.feed(html)
    return NUMBERS.sub("", " ".join(" ".join(reader.said).split()))


def told_story(story: Story, text: str) -> tuple[str, list[str]]:
    """An issue with tasks in many states, all words in one language."""
    no = str(story.do("issue.open", ANALYST, title=text, description=text, channel="hotline").no)
    said = {"severity": 2, "category": "home.fault_repair", "touchpoint": "help.repair_visit", "reach": 12000}
    cause = {"class": "network.fault", "text": text}
    story.do("issue.analyse", ANALYST, no, root_cause=cause, **said)
    duties = {GUANGDONG: "main", SICHUAN: "support", BEIJING: "separate"}
    rows = [{"unit": unit, "duty": duty, "title": text, "wanted": text} for unit, duty in duties.items()]
    story.do("issue.dispatch", ANALYST, no, tasks=rows)
    tasks = story.task_numbers(no)
    story.do("task.sign", CHEN, tasks[0])
    story.do("task.nudge", ANALYST, tasks[0], text=text)
    told = {"outcome": "resolved", "cause": text, "result": text, "reply": text}
    measures = [{"kind": "corrective", "text": text}]
    story.do("feedback.submit", CHEN, tasks[0], measures=measures, **told)
    story.do("review.send_back", ANALYST, tasks[0], reason="no_evidence", text=text)
    story.do("feedback.submit", CHEN, tasks[0], measures=measures, **told)
    story.do("task.decline", WU, tasks[1], reason="not_our_region", text=text, proposed_unit=BEIJING)
    story.pass_time("2026-08-24 18:00")
    return no, tasks


PAGES = ("/login", "/issues", "/tasks", "/notices", "/issues/{issue}", "/tasks/{main}", "/tasks/{support}", "/nowhere")


@pytest.mark.parametrize(
    ("locale", "text", "foreign"), [("zh", "晚高峰卡顿", re.compile("[A-Za-z]{2,}")), ("en", "Slow at night", CJK)]
)
def test_neither_language_leaks_into_the_other(
    house: Flask, telling: Telling, caplog: pytest.LogCaptureFixture, locale: str, text: str, foreign: Any
) -> None:
    with telling() as story:
        no, tasks = told_story(story, text)
    with time_machine.travel(READ_AT):
        for name in (LIN, CHEN, WU, ZHAO, OPS):
            browser = Browser(house).enter(name)
            for path in PAGES:
                address = path.format(issue=no, main=tasks[0], support=tasks[1])
                reader = Browser(house) if path == "/login" else browser
                said = words(reader.get(f"{address}?lang={locale}").text)
                assert foreign.findall(said) == [], (name, address, said)
    # A key without a wording, or a wording without its parameter, is logged.
    assert [record.message for record in caplog.records if record.name == "cxloop.wording"] == []


def test_no_page_of_the_desk_without_signing_in(house: Flask, browser: Browser) -> None:
    for rule in house.url_map.iter_rules():
        if rule.endpoint.startswith("desk.") and rule.endpoint != "desk.static":
            path = rule.rule.replace("<no>", "CX-2026-000001")
            if "GET" in (rule.methods or ()):
                answer = browser.get(path)
            else:
                answer = browser.post(path, {"csrf_token": browser.token()})
            assert (answer.status_code, answer.location.split("?")[0]) == (302, "/login"), path


# Scope


def test_a_unit_sees_nothing_of_another(house: Flask, telling: Telling) -> None:
    with telling() as story:
        no = str(story.do("issue.open", ANALYST, title=CANARY, description=CANARY, channel="hotline").no)
        row = {"unit": GUANGDONG, "duty": "separate", "title": CANARY, "wanted": CANARY}
        story.do("issue.dispatch", ANALYST, no, tasks=[row])
        story.do("task.supervise", ANALYST, f"{no}-T01", level="red", text=CANARY, on=CANARY)
        story.pass_time("2026-09-10 10:00")
    wu, chen = Browser(house).enter(WU), Browser(house).enter(CHEN)
    for path in (
        "/issues",
        "/tasks",
        "/notices",
        f"/issues?q={CANARY}",
        f"/tasks?q={CANARY}",
        "/tasks?unit=P44",
        "/issues?unit=P44",
    ):
        assert CANARY not in wu.get(path).text.replace(f'value="{CANARY}"', "")
        assert no not in wu.get(path).text
    for path in (f"/issues/{no}", f"/tasks/{no}-T01", "/issues/CX-2026-999999", "/tasks/nonsense", "/issues/%00"):
        assert wu.get(path).status_code == 404
    for path in ("/issues", "/tasks", "/notices", f"/issues/{no}", f"/tasks/{no}-T01", f"/tasks?q={CANARY}&unit=P44"):
        assert CANARY in chen.get(path).text, path


def test_an_admin_reads_why_there_is_neither(house: Flask, telling: Telling) -> None:
    with telling() as story:
        no, tasks = told_story(story, CANARY)
    ops = Browser(house).enter(OPS)
    for path in ("/", "/issues", "/tasks"):
        answer = ops.get(path)
        assert answer.status_code == 200
        assert "这里没有需要您办理的业务" in answer.text
        assert CANARY not in answer.text
    assert {ops.get(path).status_code for path in (f"/issues/{no}", f"/tasks/{tasks[0]}")} == {404}


def test_a_notice_leads_nowhere_when_its_task_went_to_another_unit(house: Flask, telling: Telling) -> None:
    with telling() as story:
        _no, tasks = told_story(story, CANARY)
        story.do("task.redispatch", ANALYST, tasks[1], unit=GUANGDONG)
    page = Browser(house).enter(WU).get("/notices").text
    assert tasks[1] in page
    assert f'href="/tasks/{tasks[1]}"' not in page
    assert f'href="/tasks/{tasks[1]}"' in Browser(house).enter(CHEN).get("/notices").text


def test_the_history_says_which_clock_fired(house: Flask, telling: Telling) -> None:
    with telling() as story:
        no, _tasks = told_story(story, CANARY)
        story.pass_time("2026-08-31 18:00")
    page = Browser(house).enter(ANALYST).get(f"/issues/{no}?lang=en").text
    assert "<strong>Sign · Three quarters of the time used T03</strong>" in page
    assert "Due time handled" not in page


def test_notices_are_ones_own_and_read_by_oneself(house: Flask, telling: Telling) -> None:
    with telling() as story:
        told_story(story, CANARY)
    chen, wu = Browser(house).enter(CHEN), Browser(house).enter(WU)
    page = chen.get("/notices").text
    waiting = re.findall(r'name="id" value="(\d+)"', page)
    assert len(waiting) >= 3
    form = {"csrf_token": wu.token("/notices"), "id": waiting[0]}
    assert wu.post("/notices/read", form).status_code == 303
    assert re.findall(r'name="id" value="(\d+)"', chen.get("/notices").text) == waiting
    chen.post("/notices/read", {"csrf_token": chen.token("/notices"), "id": waiting[0]})
    assert re.findall(r'name="id" value="(\d+)"', chen.get("/notices").text) == waiting[1:]
    chen.post("/notices/read", {"csrf_token": chen.token("/notices")})
    assert 'name="id"' not in chen.get("/notices").text
    assert 'name="id"' in wu.get("/notices").text
    for odd in ("-1", "x", "9" * 30, "１"):
        assert chen.post("/notices/read", {"csrf_token": chen.token("/tasks"), "id": odd}).status_code == 404


# Lists


def test_what_is_supervised_stands_on_top_then_what_is_due_first(house: Flask, telling: Telling) -> None:
    with telling() as story:
        _, first = story.dispatched({GUANGDONG: "separate"}, severity=1)
        _, second = story.dispatched({GUANGDONG: "separate"}, severity=4)
        _, third = story.dispatched({GUANGDONG: "separate"}, severity=4, at="2026-08-26 10:00")
        story.do("task.supervise", ANALYST, third[0], level="red", text="x", on="x")
    browser = Browser(house).enter(CHEN)
    assert rows(browser.get("/tasks").text) == [third[0], first[0], second[0]]
    assert rows(browser.get("/tasks?show=supervised").text) == third
    assert rows(browser.get("/tasks?sort=newest").text)[1:] == [second[0], first[0]]
    assert rows(browser.get("/issues").text)[0] == third[0][:14]


def rows(html: str) -> list[str]:
    return re.findall(r'<td class="no"><a href="/\w+/([^"]+)"', html)


def test_filters_stand_in_the_address_and_slips_are_no_errors(house: Flask, telling: Telling) -> None:
    with telling() as story:
        no, tasks = story.dispatched({GUANGDONG: "main", SICHUAN: "support", BEIJING: "separate"})
        story.do("task.sign", CHEN, tasks[0])
    browser = Browser(house).enter(LIN)
    assert rows(browser.get("/tasks?state=working").text) == [tasks[0]]
    assert rows(browser.get(f"/tasks?unit={SICHUAN}").text) == [tasks[1]]
    assert rows(browser.get(f"/tasks?q={tasks[2]}").text) == [tasks[2]]
    assert rows(browser.get(f"/issues?q={no}&severity=3&show=open&sort=due").text) == [no]
    with time_machine.travel("2026-10-20T01:00:00Z"):
        later = Browser(house).enter(LIN)
        assert rows(later.get("/issues?show=overdue").text) == [no]
        assert sorted(rows(later.get("/tasks?show=overdue").text)) == sorted(tasks)
    for slip in (
        "page=0",
        "page=-1",
        "page=x",
        "page=99999999999",
        "severity=9",
        "state=%00",
        "sort=;drop",
        "q=%25_\\",
        "show=x",
        "unit=%F0%9F%98%80",
        "q=" + "x" * 5000,
    ):
        assert browser.get(f"/issues?{slip}").status_code == 200, slip
        assert browser.get(f"/tasks?{slip}").status_code == 200, slip
    assert "请放宽或清除筛选条件" in browser.get("/tasks?q=nothing").text


def test_pages_neither_repeat_nor_lose_a_row(house: Flask, telling: Telling) -> None:
    with telling() as story:
        _, tasks = story.dispatched(dict.fromkeys(EVERYWHERE[:30], "separate"))
    browser = Browser(house).enter(LIN)
    first, second = browser.get("/tasks").text, browser.get("/tasks?page=2").text
    assert len(rows(first)) == 25
    assert sorted(rows(first) + rows(second)) == sorted(tasks)
    assert "共 30 条" in first
    assert 'rel="next" href="/tasks?page=2"' in first
    assert 'rel="prev" href="/tasks?page=1"' in second
    assert rows(browser.get("/tasks?page=99").text) == rows(second)


def test_a_full_page_asks_the_database_no_more_often_than_a_short_one(house: Flask, telling: Telling) -> None:
    with telling() as story:
        small, _ = story.dispatched({GUANGDONG: "main", **dict.fromkeys(EVERYWHERE[:4], "support")})
    readers = [Browser(house).enter(name) for name in (LIN, CHEN)]
    before = [counts(house, browser, small) for browser in readers]
    with telling() as story:
        large, tasks = story.dispatched({GUANGDONG: "main", **dict.fromkeys(EVERYWHERE, "support")})
        for _ in range(8):
            story.do("task.nudge", ANALYST, tasks[0], text="x")
            story.dispatched({GUANGDONG: "main"})
    after = [counts(house, browser, large) for browser in readers]
    assert before == after
    assert max(after[0] + after[1]) < 36


def counts(house: Flask, browser: Browser, no: str) -> list[int]:
    found = []
    for path in ("/tasks", "/issues", "/notices", f"/issues/{no}"):
        browser.get(path)  # calendars and policies are read once in a process's life
        found.append(count(house, browser, path))
    return found


def count(house: Flask, browser: Browser, path: str) -> int:
    with statements(house) as asked:
        assert browser.get(path).status_code == 200
    return len(asked)


@contextmanager
def statements(house: Flask) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    with house.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


# Time


LEFT = {
    "2026-08-24T02:00:00Z": "剩 6 个工作日",
    "2026-08-31T02:00:00Z": "剩 14 小时",
    "2026-09-01T09:30:00Z": "剩 30 分钟",
    "2026-09-01T12:00:00Z": "超时",
    "2026-09-02T03:00:00Z": "超时 2 小时",
    "2026-09-04T03:00:00Z": "超时 3 个工作日",
}


def test_what_is_left_is_counted_in_working_time(house: Flask, telling: Telling) -> None:
    with telling() as story:
        assert story.due(story.one_task(), "feedback") == "2026-09-01 18:00"
    for at, said in LEFT.items():
        with time_machine.travel(at):
            page = Browser(house).enter(CHEN).get("/tasks").text
        assert "2026-09-01 18:00" in page
        assert f">{said}</span>" in page, at
        assert ('class="left over"' in page) == said.startswith("超时")


# What people wrote


PAYLOAD = """<script>alert(1)</script>"><img src=x onerror=alert(1)>'{{7*7}}<a href="javascript:alert(1)">"""


def test_what_people_wrote_is_shown_never_run(house: Flask, telling: Telling) -> None:
    with telling() as story:
        at = "2026-08-24T09:00:00+08:00"
        unit = {"name": PAYLOAD, "name_en": PAYLOAD, "short": PAYLOAD, "kind": "province", "calendar": "CN"}
        play({"at": at, "by": "system", "act": "unit.add", "on": "P99", **unit})
        person = {"name": PAYLOAD, "name_en": PAYLOAD, "memberships": [{"unit": "P99", "role": "unit_lead"}]}
        play({"at": at, "by": "system", "act": "user.add", "on": "evil", **person})
        no = str(story.do("issue.open", ANALYST, title=PAYLOAD, description=PAYLOAD, channel="hotline").no)
        story.do("issue.analyse", ANALYST, no, severity=3, root_cause={"class": "network.fault", "text": PAYLOAD})
        row = {"unit": "P99", "duty": "main", "title": PAYLOAD, "wanted": PAYLOAD, "criterion": PAYLOAD}
        story.do("issue.dispatch", ANALYST, no, tasks=[row])
        task = f"{no}-T01"
        story.do("task.sign", "evil", task)
        story.do("task.nudge", ANALYST, task, text=PAYLOAD)
        told = {"outcome": "resolved", "cause": PAYLOAD, "result": PAYLOAD, "reply": PAYLOAD}
        story.do("feedback.submit", "evil", task, measures=[{"kind": "corrective", "text": PAYLOAD}], **told)
        story.do("review.send_back", ANALYST, task, reason="no_evidence", text=PAYLOAD)
    for name in (LIN, "evil", ZHAO):
        browser = Browser(house).enter(name)
        for path in ("/issues", "/tasks", "/notices", f"/issues/{no}", f"/tasks/{task}"):
            for lang in ("zh", "en"):
                html = browser.get(path, query_string={"lang": lang, "q": PAYLOAD[:20]}).text
                assert "<script" not in html
                assert "<img" not in html
                assert 'href="javascript' not in html
        assert "&lt;script&gt;" in browser.get(f"/tasks/{task}").text


def test_a_paused_task_says_what_is_left_and_who_asked(house: Flask, telling: Telling) -> None:
    with telling() as story:
        task = story.one_task()
        story.do("task.sign", CHEN, task, at="2026-08-24 10:30")
        until = local("2026-09-04 18:00")
        asked = {"reason": "third_party", "text": CANARY, "until": until}
        story.do("pause.request", CHEN, task, at="2026-08-24 17:00", **asked)
        story.do("pause.grant", ANALYST, task, at="2026-08-24 17:30", text="同意")
    with time_machine.travel(READ_AT):
        shown = words(Browser(house).enter(CHEN).get(f"/tasks/{task}").text)
    for told in ("剩 45.5 小时", "等待物业、业主或合作方", "已批准", CANARY, "2026-09-04 18:00"):
        assert told in shown


def test_a_unit_opens_what_it_has_answered(house: Flask, telling: Telling) -> None:
    with telling() as story:
        task = story.one_task()
        story.answer(task)
        story.do("review.send_back", ANALYST, task, reason="no_evidence")
    with time_machine.travel(READ_AT):
        for name in (CHEN, ANALYST, ZHAO):
            page = Browser(house).enter(name).get(f"/tasks/{task}")
            assert page.status_code == 200, name

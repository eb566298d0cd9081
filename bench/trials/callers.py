"""People and machines that go on asking a server, whatever it answers, and note what they got."""

import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

PAUSE = 0.2
# Longer than any answer may take, so that a slow one is seen as slow and not as none.
PATIENCE = 30.0
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """One request: when it was sent (monotonic), the HTTP code (0: none came), how long it took."""

    sent: float
    code: int
    seconds: float
    retry_after: str | None


@dataclass
class Caller(threading.Thread):
    """Asks the same thing again and again."""

    what: str
    ask: Callable[[], requests.Response]
    over: threading.Event
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Be a thread that ends with the program."""
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Ask until it is over."""
        while not self.over.is_set():
            began = time.monotonic()
            try:
                found = self.ask()
                code, retry = found.status_code, found.headers.get("Retry-After")
            except requests.RequestException:
                code, retry = 0, None
            self.answers.append(Answer(began, code, time.monotonic() - began, retry))
            time.sleep(PAUSE)


@dataclass
class Voices:
    """Registers customers' voices. A key is used until its voice is taken, so that none is lost and none is double."""

    url: str
    token: str
    taken: set[str] = field(default_factory=set)
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __call__(self) -> requests.Response:
        """Send the voice that waits."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": self.key}
        voice = {"source": "hotline", "channel": "hotline", "text": "宽带反复掉线", "external_id": self.key}
        found = requests.post(f"{self.url}/api/v1/signals", json=voice, headers=headers, timeout=PATIENCE)
        if found.status_code == 201:
            self.taken.add(self.key)
            self.key = uuid.uuid4().hex
        return found


def signed_in(url: str, name: str, password: str) -> requests.Session:
    """A browser in which this person is signed in. RuntimeError when the sign-in fails."""
    browser = requests.Session()
    token = _CSRF.search(browser.get(f"{url}/login", timeout=PATIENCE).text)
    fields = {"user": name, "password": password, "csrf_token": token[1] if token else ""}
    found = browser.post(f"{url}/login", data=fields, timeout=PATIENCE, allow_redirects=False)
    if found.status_code != 303:
        raise RuntimeError(f"signing in was answered with {found.status_code}")
    return browser


def everybody(url: str, *, token: str, browser: requests.Session, over: threading.Event) -> tuple[list[Caller], Voices]:
    """One caller for each kind of request; none is started yet."""
    bearer = {"Authorization": f"Bearer {token}"}
    voices = Voices(url, token)

    def fetch(path: str, **more: str) -> Callable[[], requests.Response]:
        return lambda: requests.get(url + path, headers=more, timeout=PATIENCE)

    asked: dict[str, Callable[[], requests.Response]] = {
        "/healthz": fetch("/healthz"),
        "/readyz": fetch("/readyz"),
        "/metrics": fetch("/metrics"),
        "a list for a machine": fetch("/api/v1/tasks", **bearer),
        "an act of a machine": voices,
        "a page, signed in": lambda: browser.get(f"{url}/issues", timeout=PATIENCE, allow_redirects=False),
        "a page, signed out": fetch("/login"),
    }
    return [Caller(what, ask, over) for what, ask in asked.items()], voices

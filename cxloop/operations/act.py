"""How every act runs: resolve → lock → see → relate → permit → fresh → in state → story → entry → answer → commit.

`@act` fills the registry `ACTS: name → function`, which doors, replay and tests use through `perform`. A story changes
records and nothing else: it never checks permission, never commits, never calls another act.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import false, select
from sqlalchemy.exc import IntegrityError, OperationalError

from ..domain.buttons import allowed_verbs
from ..domain.lifecycle import ACTS as LIFECYCLE
from ..domain.lifecycle import refusal
from ..domain.numbers import issue_of
from ..domain.permissions import Facts, Person, permitted, relate
from ..domain.vocabulary import SYSTEM
from ..extensions import db
from ..models.appeal import Appeal
from ..models.chain import ChainRoot, locking
from ..models.clock import Clock
from ..models.facts import known
from ..models.issue import Issue, Participant
from ..models.measure import Measure
from ..models.scope import SEEN
from ..models.signal import Signal
from ..models.standing import principal_of, standing
from ..models.task import Task
from ..models.user import SYSTEM_PERSON, User
from . import idempotency, trail

T = TypeVar("T")
TRIES = 3
REPLAY = "replay"
# What a person says about an act goes into its entry; everything else is there as the changes it made.
SAID = frozenset(
    "reason text remark opinion findings answers summary no_controls_reason level to_version original_due".split()  # noqa: SIM905
)
VOICES = frozenset({"signal.register", "signal.import", "signal.complete", "signal.answer"})


class Refused(Exception):
    """An act that did not happen; nothing was changed."""


class Unseen(Refused):
    """There is no such object, or none that this person may see."""


class Forbidden(Refused):
    """The person sees the object and may not do this; `why` is `forbidden` or `segregation`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Older(Refused):
    """A replayed line is older than the last entry of a chain it touches: history is not rewritten."""

    def __init__(self, head_at: datetime) -> None:
        super().__init__(f"older than the chain's last entry at {head_at.isoformat()}")
        self.head_at = head_at


class Differs(Refused):
    """The object is there already, with another content."""


class Stale(Refused):
    """Somebody changed the object since the caller read it."""

    def __init__(self, version: int) -> None:
        super().__init__(f"now at version {version}")
        self.version = version


class WrongState(Refused):
    """The act is not possible now; `why` names the state or the fact that bars it."""

    def __init__(self, why: str, state: str, allowed: list[str]) -> None:
        super().__init__(f"{why} in {state}")
        self.why, self.state, self.allowed = why, state, allowed


class Barred(Refused):
    """A story found a fact that bars the act now; it becomes a WrongState with what is possible instead."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Invalid(Refused):
    """The fields are well formed and make no sense here: field → (message code, parameters)."""

    def __init__(self, field: str, code: str, /, **params: Any) -> None:
        super().__init__(f"{field}: {code}")
        self.errors = {field: (code, params)}


@dataclass(frozen=True, slots=True)
class Story:
    """A registered act: its function, what it works on, and the further chains it takes."""

    name: str
    tell: Callable[..., Any]
    also: Callable[["Call"], Iterable[tuple[str, str]]]


ACTS: dict[str, Story] = {}


def act(
    name: str, *, also: Callable[["Call"], Iterable[tuple[str, str]]] = lambda _call: ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a story under its act's name. `also` names the chains beside the subject's own."""

    def register(tell: Callable[..., Any]) -> Callable[..., Any]:
        if name not in LIFECYCLE or name in ACTS:
            raise RuntimeError(f"{name} is not in the lifecycle table, or is told twice")
        ACTS[name] = Story(name, tell, also)
        return tell

    return register


@dataclass(frozen=True, slots=True)
class Call:
    """What a door hands over: names and numbers, never records read before the lock."""

    act: str
    by: str
    at: datetime
    on: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None
    key: idempotency.Key | None = None
    origin: str = "api"


def perform(call: Call, *, answer: Callable[[Any], Any] = lambda result: result) -> Any:
    """Run an act in one transaction and return `answer(result)`, made inside it.

    With an idempotency key, `answer` must give an `idempotency.Answer`; a repeated key gives the first one. Raises the
    refusals above, KeyReused or KeyInFlight. A collision of keys between two transactions is run again.
    """
    for left in reversed(range(TRIES)):
        try:
            with writing():
                return _once(call, answer)
        except (IntegrityError, OperationalError, trail.HeadNotTaken) as error:
            if not left or not _is_collision(error):
                raise
    raise AssertionError("unreachable")


def _is_collision(error: Exception) -> bool:
    # 40001 and 40P01 are PostgreSQL's serialization failure and deadlock; both ask for another try.
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}
    return True


@contextmanager
def writing() -> Iterator[None]:
    """The one place where anything is committed: a transaction, on SQLite with its lock at once, or nothing at all.

    Whatever was read before is let go, for it may have changed.
    """
    db.session.rollback()
    db.session.expunge_all()
    db.session.connection(execution_options={"writing": True})
    trail.listen(db.session())
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        trail.forget(db.session())


def _once(call: Call, answer: Callable[[Any], Any]) -> Any:
    story = ACTS[call.act]
    if call.key is not None:
        first = idempotency.claim(call.key, at=call.at)
        if first is not None:
            return first
    roots = _lock(_chains(story, call))
    at = max([call.at, *(root.head_at for root in roots if root.head_at is not None)])
    if call.origin == REPLAY and at > call.at:
        raise Older(at)
    user, person = _who(call.by, at)
    subject = _see(call, person)
    held = _check(call, subject, person, at)
    display = person.name if user is None else _named(call, user, person, held.facts)
    said = _said(call)
    who: dict[str, Any] = {"by": person.name, "at": at}
    if subject is not None:
        who[_parameter(subject)] = subject
    elif call.on is not None:
        who["on"] = call.on
    try:
        result = story.tell(**who, **call.fields)
    except Barred as error:
        raise _not_now(call, subject, error.why, held) from None
    _note_participants(roots, result, person, call.act)
    seal = trail.Seal(call.act, _about(call, subject, result), person.name, display, at, call.origin, said)
    trail.seal(db.session(), seal, roots)
    rendered = answer(result)
    if call.key is not None:
        idempotency.keep(call.key, rendered, at=call.at)
    return rendered


def record(write: Callable[[], T]) -> T:
    """Run a write that is no act (sessions, wrong passwords, read notices, beats): one transaction without an entry.

    `write` reads what it changes by itself, for whatever was loaded before is let go. HeadNotTaken when it changes
    something that belongs in the trail.
    """
    with writing():
        result = write()
        trail.refuse_changes(db.session())
        return result


def _chains(story: Story, call: Call) -> list[tuple[str, str]]:
    row = LIFECYCLE[call.act]
    chains = set(story.also(call))
    if call.on is not None and row.on in _BY_ID:
        chains |= _chain_of(row.on, call.on)
    elif call.on is not None:
        kind = "issue" if row.on in {"issue", "task", "measure"} else row.on
        chains.add((kind, issue_of(no=call.on) if kind == "issue" else call.on))
    return sorted(chains)


def _chain_of(kind: str, number: str) -> set[tuple[str, str]]:
    """The chain of what is known by an id alone: a clock, an appeal."""
    found = db.session.scalar(select(_BY_ID[kind]).where(_has_id(_BY_ID[kind], number)))
    return set() if found is None else {found.trail_root()}


def _has_id(cls: Any, number: str) -> Any:
    return cls.id == int(number) if _COUNT.fullmatch(number) else false()


def _lock(chains: list[tuple[str, str]]) -> list[ChainRoot]:
    found = [db.session.scalar(locking(kind, number)) for kind, number in chains]
    return [root for root in found if root is not None]


def _named(call: Call, user: User, person: Person, facts: Facts) -> str:
    """The name that the trail bears: both, where somebody acts in another's stead 代."""
    if not person.principals or permitted(act=call.act, relations=relate(person=user.person(), facts=facts)) is None:
        return user.display_name
    for name in sorted(person.principals):
        if permitted(act=call.act, relations=relate(person=principal_of(user, name), facts=facts)) is None:
            return f"{user.display_name} 代 {db.session.get_one(User, name).display_name}"
    return user.display_name


def _who(name: str, at: datetime) -> tuple[User | None, Person]:
    if name == SYSTEM:
        return None, SYSTEM_PERSON
    user = db.session.get(User, name)
    if user is None or not user.active:
        raise Forbidden("forbidden")
    return user, standing(user, at=at)


def _see(call: Call, person: Person) -> Any:
    row = LIFECYCLE[call.act]
    if call.on is None or row.creates:
        return None
    found = load_subject(row.on, call.on, person)
    if found is None:
        raise Unseen(call.on)
    return found


def load_subject(kind: str, number: str, person: Person) -> Any:
    """The record of a kind and number if this person may see it, else None."""
    statement: Any
    if kind == "measure":
        task_no, _, n = number.rpartition("/")
        if not _COUNT.fullmatch(n):
            return None
        statement = select(Measure).where(Measure.task_no == task_no, Measure.n == int(n))
    elif kind in _BY_ID:
        statement = select(_BY_ID[kind]).where(_has_id(_BY_ID[kind], number))
    elif kind in _LIVING:
        cls = _LIVING[kind]
        statement = select(cls).where(cls.no == number)
    else:
        return db.session.scalar(locking(kind, number))
    return db.session.scalar(statement.where(SEEN[statement.column_descriptions[0]["entity"]](person)))


_COUNT = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_BY_ID: dict[str, Any] = {"clock": Clock, "appeal": Appeal}
_LIVING: dict[str, Any] = {"issue": Issue, "task": Task, "signal": Signal}


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds of an object and of the person before it: its named conditions, and the relations."""

    conditions: frozenset[str]
    relations: frozenset[str]
    facts: Facts


def _check(call: Call, subject: Any, person: Person, at: datetime) -> Standing:
    what = known(record=subject, person=person, at=at)
    facts = what.facts
    if subject is None and call.on is not None:
        facts = Facts(owner=call.on)
    relations = relate(person=person, facts=facts)
    why = permitted(act=call.act, relations=relations)
    if why is not None:
        raise Forbidden(why)
    held = Standing(what.conditions, relations, facts)
    if subject is None:
        return held
    # A clock has no version of its own: it is read, and changes, with its task.
    version = getattr(subject, "version", None)
    if call.version is not None and version is not None and call.version != version:
        raise Stale(version)
    why = refusal(act=call.act, state=getattr(subject, "state", ""), facts=what.conditions)
    if why is not None:
        raise _not_now(call, subject, why, held)
    return held


def _not_now(call: Call, subject: Any, why: str, held: Standing) -> WrongState:
    state = getattr(subject, "state", "")
    allowed = allowed_verbs(
        kind=LIFECYCLE[call.act].on, state=state, conditions=held.conditions, relations=held.relations
    )
    return WrongState(why, state, allowed)


def _said(call: Call) -> dict[str, Any]:
    # What a customer's voice says stands in the trail as its digest alone, so that it can be erased.
    known = SAID - {"text"} if call.act in VOICES else SAID
    return {name: value for name, value in call.fields.items() if name in known and value is not None}


def _parameter(subject: Any) -> str:
    return type(subject).__name__.lower()


def _about(call: Call, subject: Any, result: Any) -> str:
    # A clock's id is no name that lasts: another database may count otherwise.
    if isinstance(subject, Clock):
        return subject.subject
    if call.on is not None or not isinstance(result, ChainRoot):
        return call.on or str(getattr(result, "no", ""))
    return result.number()


def _note_participants(roots: list[ChainRoot], result: Any, person: Person, name: str) -> None:
    # Reading and audit acts make nobody a participant, nor does a policy that is applied to a thousand issues at once;
    # neither does what the system does by itself.
    if name.startswith(("audit.", "policy.")) or person.name == SYSTEM:
        return
    touched = [root for root in [*roots, result] if isinstance(root, Issue)]
    for number in sorted({issue.no for issue in touched}):
        for who in sorted({person.name} | person.principals):
            if db.session.get(Participant, (number, who)) is None:
                db.session.add(Participant(issue_no=number, user_name=who))

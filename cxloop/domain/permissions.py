"""Who may do what: one table, act by relation. Relations come from stored facts by one pure function, `relate`."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from .vocabulary import CENTER, SYSTEM, Role


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's role in a unit; `path` is the unit's place in the tree, like /P44/P4401/."""

    unit: str
    path: str
    role: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: a user name with the memberships that count now. The system itself is a person without any."""

    name: str
    memberships: tuple[Membership, ...] = ()
    # Those for whom this person stands in now 代理: with their roles, and never more.
    principals: frozenset[str] = frozenset()
    # All who are bound to this person by standing in, either way: what one did, the others did not look at afresh.
    bound: frozenset[str] = frozenset()

    def names(self) -> frozenset[str]:
        """One's own name and those of the people one stands in for."""
        return self.principals | {self.name}

    def roles(self) -> frozenset[str]:
        """All roles held, whatever the unit."""
        return frozenset(m.role for m in self.memberships)

    def is_center(self) -> bool:
        """Of the center's tier: analyst or manager."""
        return bool(self.roles() & {Role.CENTER_MANAGER, Role.ANALYST})

    def reads_all(self) -> bool:
        """The center and the audit read everything."""
        return self.is_center() or Role.AUDITOR in self.roles()

    def unit_paths(self) -> tuple[str, ...]:
        """The subtrees that this person sees as a unit's member."""
        return tuple(m.path for m in self.memberships if m.role in UNIT_ROLES)


UNIT_ROLES = frozenset({Role.UNIT_LEAD, Role.LEADER, Role.HANDLER, Role.LIAISON})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is stored about an object that relations are read from; whatever does not apply stays empty."""

    unit: str | None = None
    unit_path: str | None = None
    dispatcher: str | None = None
    handler: str | None = None
    # Of a customer's voice: the units whose lead and liaison see to it, and the handlers of the tasks it belongs to.
    units: frozenset[str] = field(default_factory=frozenset)
    handlers: frozenset[str] = field(default_factory=frozenset)
    raiser: str | None = None
    submitter: str | None = None
    askers: frozenset[str] = field(default_factory=frozenset)
    verifiers: frozenset[str] = field(default_factory=frozenset)
    participants: frozenset[str] = field(default_factory=frozenset)
    owner: str | None = None
    leads: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Permit:
    """The relations that allow an act, and those that forbid it all the same (segregation of duties)."""

    allow: frozenset[str]
    forbid: frozenset[str] = frozenset()


def _permit(allow: str, forbid: str = "") -> Permit:
    return Permit(frozenset(allow.split()), frozenset(forbid.split()))


TABLE: dict[str, Permit] = {
    "signal.register": _permit("center unit_member"),
    "signal.import": _permit("center lead_somewhere system"),
    "signal.link": _permit("center"),
    "signal.return": _permit("center"),
    "signal.set_aside": _permit("center"),
    "signal.complete": _permit("raiser"),
    "signal.reveal": _permit("center unit_lead handler"),
    "signal.contact": _permit("center unit_lead liaison handler"),
    "signal.answer": _permit("center unit_lead liaison handler"),
    "issue.open": _permit("center"),
    "issue.take_over": _permit("center_manager system"),
    "issue.analyse": _permit("center"),
    "issue.dispatch": _permit("center"),
    "issue.dismiss": _permit("center"),
    "issue.merge": _permit("center"),
    "issue.rerate": _permit("center_manager"),
    "issue.reopen": _permit("center_manager"),
    "issue.advance": _permit("system"),
    "verification.record": _permit("center"),
    "closure.close": _permit("center_manager", "verifier"),
    "closure.archive": _permit("system"),
    "audit.approve": _permit("auditor", "participant"),
    "audit.return": _permit("auditor", "participant"),
    "task.release": _permit("system"),
    "task.sign": _permit("unit_lead liaison handler system"),
    "task.assign": _permit("unit_lead"),
    "task.split": _permit("unit_lead"),
    "transfer.request": _permit("unit_lead"),
    "transfer.grant": _permit("dispatcher", "asker"),
    "transfer.refuse": _permit("dispatcher", "asker"),
    "progress.report": _permit("unit_lead liaison handler"),
    "task.ask": _permit("unit_lead liaison handler"),
    "task.answer": _permit("dispatcher", "asker"),
    "task.redo": _permit("center"),
    "feedback.sign": _permit("leader unit_lead", "submitter"),
    "feedback.return": _permit("leader unit_lead"),
    "issue.instruct": _permit("center"),
    "issue.confer": _permit("center"),
    "issue.brief": _permit("center"),
    "issue.set_outside_due": _permit("center"),
    "appeal.file": _permit("unit_lead"),
    "appeal.uphold": _permit("center_manager", "submitter asker"),
    "appeal.refuse": _permit("center_manager", "submitter asker"),
    "task.decline": _permit("unit_lead"),
    "task.redispatch": _permit("dispatcher"),
    "task.adjudicate": _permit("dispatcher_manager"),
    "task.transfer": _permit("dispatcher"),
    "extension.request": _permit("unit_lead handler"),
    "extension.grant": _permit("dispatcher", "asker"),
    "extension.refuse": _permit("dispatcher", "asker"),
    "pause.request": _permit("unit_lead handler"),
    "pause.grant": _permit("dispatcher", "asker"),
    "pause.refuse": _permit("dispatcher", "asker"),
    "clock.resume": _permit("unit_lead handler dispatcher"),
    "breach.waive": _permit("center_manager"),
    "feedback.submit": _permit("unit_lead handler"),
    "feedback.withdraw": _permit("unit_lead handler"),
    "review.accept": _permit("dispatcher", "submitter"),
    "review.send_back": _permit("dispatcher", "submitter"),
    "task.nudge": _permit("dispatcher"),
    "task.supervise": _permit("center"),
    "task.cancel": _permit("dispatcher"),
    "task.follow": _permit("system"),
    "measure.complete": _permit("unit_lead handler"),
    "measure.confirm": _permit("dispatcher", "submitter"),
    "measure.send_back": _permit("dispatcher", "submitter"),
    "clock.fire": _permit("system"),
    "clock.replan": _permit("system"),
    "unit.add": _permit("admin system"),
    "unit.set_days": _permit("admin system"),
    "unit.set_sign_off": _permit("admin system"),
    "user.add": _permit("admin system"),
    "delegation.set": _permit("self lead_of"),
    "delegation.end": _permit("self lead_of"),
    "unit.set_duty": _permit("unit_lead liaison center_manager admin"),
    "user.set_password": _permit("admin self system"),
    "token.issue": _permit("self system"),
    "token.revoke": _permit("admin self system"),
    "policy.publish": _permit("admin system"),
    "policy.apply": _permit("admin system"),
    "calendar.publish": _permit("admin system"),
    "calendar.import_days": _permit("admin system"),
    "calendar.withdraw": _permit("admin system"),
}


def relate(*, person: Person, facts: Facts) -> frozenset[str]:
    """Every relation in which the person stands to an object with these facts."""
    found = set(_standing(person))
    here = {m.role for m in person.memberships if facts.unit is not None and m.unit == facts.unit}
    found |= here & {Role.UNIT_LEAD, Role.LEADER, Role.LIAISON}
    found |= {m.role for m in person.memberships if m.unit in facts.units} & {Role.UNIT_LEAD, Role.LIAISON}
    if here & UNIT_ROLES:
        found.add("owner_unit")
    # Until somebody is named, every handler of the unit may take it; afterwards only the one who was named.
    if Role.HANDLER in here and facts.handler is None:
        found.add("handler")
    mine = person.names()
    named = {"handler": facts.handler, "raiser": facts.raiser}
    found |= {relation for relation, name in named.items() if name in mine}
    if facts.handlers & mine:
        found.add("handler")
    # Nobody signs, sets a password or asks for a token in another's stead.
    if facts.owner == person.name:
        found.add("self")
    if person.name in facts.leads:
        found.add("lead_of")
    found |= {relation for relation, names in _kept_apart(facts) if names & (mine | person.bound)}
    return frozenset(found | _dispatching(person, facts))


def _kept_apart(facts: Facts) -> tuple[tuple[str, frozenset[str]], ...]:
    """What somebody did to an object that keeps them, and whoever stands in for them, from judging it."""
    submitter = frozenset() if facts.submitter is None else frozenset({facts.submitter})
    return (
        ("submitter", submitter),
        ("asker", facts.askers),
        ("verifier", facts.verifiers),
        ("participant", facts.participants),
    )


def _standing(person: Person) -> Iterable[str]:
    roles = person.roles()
    if person.name == SYSTEM:
        yield "system"
    if person.is_center():
        yield "center"
    yield from roles & {Role.CENTER_MANAGER, Role.AUDITOR, Role.ADMIN}
    if roles & UNIT_ROLES:
        yield "unit_member"
    if roles & {Role.UNIT_LEAD, Role.LIAISON}:
        yield "lead_somewhere"


def _dispatching(person: Person, facts: Facts) -> set[str]:
    if facts.dispatcher == CENTER:
        if not person.is_center():
            return set()
        return {"dispatcher", "dispatcher_manager"} if Role.CENTER_MANAGER in person.roles() else {"dispatcher"}
    leads = any(m.unit == facts.dispatcher and m.role == Role.UNIT_LEAD for m in person.memberships)
    return {"dispatcher", "dispatcher_manager"} if leads else set()


def permitted(*, act: str, relations: frozenset[str]) -> str | None:
    """None when allowed; else `forbidden`, or `segregation` when only a duty kept apart stands against it."""
    permit = TABLE[act]
    if not relations & permit.allow:
        return "forbidden"
    return "segregation" if relations & permit.forbid else None


def sees_unit(*, person: Person, path: str | None) -> bool:
    """Whether something that belongs to the unit at `path` lies in the person's scope."""
    if person.name == SYSTEM or person.reads_all():
        return True
    return path is not None and any(path.startswith(mine) for mine in person.unit_paths())

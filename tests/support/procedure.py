"""The machine of registrations in tests: every step as it should be, and the way to every state."""

from collections import deque

from contracts.edges import EDGES
from contracts.intervals import current
from contracts.procedure import status_at
from tests.support.people import MS_PER_DAY, START
from tests.support.world import World

EVIDENCE = "0f" * 32
MEMBERS = {
    "accept": {},
    "return": {"missing": ["proof of source"], "until": START + 30 * MS_PER_DAY},
    "supplement.ask": {"ask": "which contract?"},
    "supplement.answer": {"answer": EVIDENCE},
    "publish": {},
    "withhold": {"reason": "trade secret"},
    "object": {"reason": "the data are ours", "evidence": EVIDENCE},
    "resolve.dismissed": {"outcome": "dismissed", "reasons": "the contract says otherwise"},
    "resolve.withdrawn": {
        "outcome": "withdrawn",
        "reasons": "they have settled",
        "document": EVIDENCE,
    },
    "resolve.own": {"outcome": "withdrawn", "reasons": "we have settled"},
    "resolve.upheld": {"outcome": "upheld", "reasons": "the contract says so"},
    "extend": {"reason": "many sources"},
    "withdraw": {},
    "terminate": {"reasons": "the source stays unclear"},
    "refuse": {"ground": "22-2", "reasons": "unlawful source"},
    "record": {},
}
"""What each step before the record says, by its name in the table."""

AFTERWARDS = {
    "confirm": {"rights": ["use"]},
    "note": {"note": {"kind": "by-law"}},
    "unnote": {"note": 1, "reasons": "over"},
    "correct": {"reasons": "a slip"},
    "revoke": {"ground": "by-law", "reasons": "by order"},
}
"""What each step after the record says, besides what it is about."""
MACHINE = tuple(edge for edge in EDGES if edge.step in MEMBERS)
"""The edges that an event takes between the filing and the record."""


def find_path(state):
    """Names of the fewest steps of an initial registration from its filing to a state.

    It is accepted by an answer, not by silence, and not recorded without notice.
    """
    queue = deque([("filed", ())])
    while queue:
        reached, path = queue.popleft()
        if reached == state:
            return path
        for edge in EDGES:
            is_way = reached in edge.sources and len(path) < 8
            if is_way and edge.step != "silence" and (edge.step, reached) != ("record", "accepted"):
                queue.append((edge.target or reached, (*path, edge.step)))
    raise AssertionError(f"no step leads to {state}")


def reach(state, profile="national-2026", **changes):
    """A world and an application of Ann's in a state, by the steps that the table names."""
    world = World(profile, **changes)
    world.strangers = [world.enroll("stranger"), world.enroll("other")]
    application = world.file(world.enroll("ann"))
    for step in find_path(state):
        if step == "lapse":
            world.time = world.registration(application).deadline
        else:
            take(world, application, step)
    return world, application


def status(world, application):
    return status_at(world.registration(application), world.time)


def right_actor(world, application, step):
    """Who may take a step; of those that objected, the next one."""
    (by,) = {edge.by for edge in EDGES if edge.step == step}
    if by == "anybody":
        return world.strangers[len(current(world.registration(application).objections))]
    if by == "objector":
        return world.strangers[0]
    return application.applicants[0] if by == "applicant" else world.registrar


def step_event(world, application, step):
    """Kind, body, actor and keys of a step as it should be; waits for the end of the notice."""
    body = {"registration": application.registration, **MEMBERS[step]}
    actor = right_actor(world, application, step)
    keys = [actor.key]
    if step in {"resolve.withdrawn", "resolve.own"}:
        body |= {"objector": world.strangers[0].party}
    if step == "publish":
        body |= {"fields": application.statutory, **world.notice()}
    if step == "record":
        world.time = max(world.time, world.registration(application).notice_end or 0)
        body, keys = world.record_body(application), world.officers
    return f"registration.{step.partition('.')[0]}", body, actor, keys


def take(world, application, step, **members):
    kind, body, actor, keys = step_event(world, application, step)
    return world.do(kind, body | members, actor, *keys)


def refuse_step(world, application, step, actor=None, **members):
    kind, body, usual, keys = step_event(world, application, step)
    keys = keys if actor is None else [actor.key]
    return world.refused(kind, body | members, actor or usual, *keys)

"""A story of licences whose checks are proved, and what a verifier says of them."""

import json

from contracts.check import format_check, judge_check, parse_check
from contracts.verdict import Question, Report
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_DOSSIER_BYTES
from tests.support.forgery import POLICY
from tests.support.grants import issue, onward, permit, prove, purpose, registered, revoke
from tests.support.world import World

READ = permit("read", purpose("research"), duties=["inform"])


class Story:
    """ann has an asset; ben may read it and hand on one copy; cy has got that; dan has nothing."""

    def __init__(self):
        self.world = world = World()
        self.ann, self.ben, self.cy, self.dan = people = [
            world.enroll(name) for name in ("ann", "ben", "cy", "dan")
        ]
        self.asset = registered(world, self.ann)
        self.other = registered(world, self.ann)
        self.top = issue(world, self.asset, *people[:2], READ, onward(count=1))
        self.early = world.time
        self.old = prove(world, self.ben, self.asset, "read", purpose="research")
        self.below = issue(world, self.asset, *people[1:3], READ, parent=self.top)
        self.open = issue(world, self.asset, self.ann, self.ben, permit("index"))
        self.shut = issue(world, self.asset, self.ann, self.ben, permit("use"), kind="Set")
        revoke(world, self.shut, self.ann)
        self.now = world.time - 1000

    def prove(self, person, action, at=None, note=None, **facts):
        date = self.now if at is None else at
        return prove(self.world, person, self.asset, action, date, note, **facts)


def judged(bundle, **question):
    """The report on a bundle that went through a file."""
    data = json.dumps(format_check(bundle)).encode()
    return judged_file(decode_bundle(data, max_bytes=MAX_DOSSIER_BYTES), **question)


def judged_file(value, **question):
    report = Report()
    judge_check(parse_check(value), POLICY, Question(**({"now": 0} | question)), report)
    return report


def files(story):
    """A check of each kind of verdict, as it stands in a file."""
    made = {
        "own right": story.prove(story.ann, "read"),
        "chain": story.prove(story.cy, "read", purpose="research"),
        "prohibited": story.prove(story.cy, "distribute"),
        "not covered": story.prove(story.ben, "derive"),
        "nothing": story.prove(story.dan, "read"),
    }
    return {name: json.loads(json.dumps(format_check(one))) for name, one in made.items()}

"""A root that licenses an operator, who licenses a developer, with everything that is asked of it."""

from contracts.publicdata import ROOTS
from contracts.queries import Query, answer_query
from ledger.errors import RejectedError
from tests.support.grants import (
    DEVELOPER,
    OPERATOR,
    LogFacts,
    admit,
    ask,
    issue,
    onward,
    public_use,
    publish_roots,
    registered,
    use_body,
)
from tests.support.world import World

FACTS = {"purpose": "public-welfare", "muniment:scene": "bus-routes"}
USED = {"purpose": "public-welfare", "scene": "bus-routes"}


class Public:
    """A root licenses an operator, who licenses a developer."""

    def __init__(self, *, term=()):
        self.world = world = World()
        self.root, self.operator, self.developer = self.people = [
            world.enroll(name) for name in ("root", "operator", "developer")
        ]
        self.asset = registered(world, self.root, **{"class": "public"})
        publish_roots(world, self.root)
        admit(world, self.operator, OPERATOR)
        admit(world, self.developer, DEVELOPER)
        self.top, self.low = self.license(*term)
        self.issued = world.time - 1000

    def license(self, *term):
        rules = [public_use(*term), onward(public_use(*term), action="grantUse")]
        top = issue(self.world, self.asset, self.root, self.operator, *rules)
        return top, self.sublicense(top, *term)

    def sublicense(self, top, *term):
        sides = self.operator, self.developer
        return issue(self.world, self.asset, *sides, public_use(*term), parent=top)

    def ask(self, person, at=None):
        return ask(self.world, person, self.asset, "read", at, **FACTS)

    def permits(self, at=None):
        """Who is permitted, of operator and developer."""
        return tuple(self.ask(each, at).verdict == "permitted" for each in self.people[1:])

    def accepts(self):
        """Whose usage the rules take, of the same two."""
        return tuple(
            self.takes("usage.record", use_body(self.world, key, **USED), person)
            for key, person in ((self.top, self.operator), (self.low, self.developer))
        )

    def takes(self, kind, body, person):
        signed = self.world.sign(self.world.event(kind, body, person), person.key)
        try:
            self.world.log.builder().add(signed, self.world.time)
        except RejectedError:
            return False
        return True

    def list_live(self, at=None):
        query = Query(topic="authorisations", subject=ROOTS, at=at or self.world.time - 1000)
        return answer_query(LogFacts(self.world.log), query)

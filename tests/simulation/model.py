"""What the ledger should say, worked out from the events alone in plain dicts.

Nothing here comes from the rules: the model knows who holds what, what stands in the way, and how
often each subject was touched, and the invariants hold the rules' states against it. It believes
every event that it is given; the ledger has accepted it.
"""

import json
from collections import Counter, defaultdict


def terms_of(claim):
    """What a tuple carries along when it moves: everything but its holder and where it is from."""
    kept = {name: value for name, value in claim.items() if name not in {"holder", "from"}}
    return json.dumps(kept, sort_keys=True)


class Model:
    """The registry in dicts, as of the last event."""

    def __init__(self):
        self.events = {}  # log index: (ledger time, event)
        self.touched = Counter()  # subject: events about it
        self.parties = {}
        self.assets = {}
        self.registrations = {}
        self.records = defaultdict(list)  # asset: (in effect from, written down at)
        self.grants = {}
        self.deliveries = {}
        self.encumbrances = {}
        self.orders = {}
        self.roots, self.root_lists = set(), 0  # bodies listed now; versions of the list
        self.statuses = {}  # voucher number: status
        self.rights = Counter()  # terms of a tuple: how many there are on all assets
        self.held = Counter()  # party: tuples
        self.lost = set()  # grants whose right cannot be followed: its asset's list was shortened
        self.last_holder = {}  # tuple: who has it, or had it at the end
        self._tuples = 0

    def apply(self, event, index, time):
        """Take in an accepted event."""
        self.touched.update(event.subjects)
        self.events[index] = (time, event)
        take = getattr(self, f"_take_{event.kind.replace('.', '_')}", None)
        if take is not None:
            take(event, event.body, index, time)

    # --- what follows from it

    def is_active(self, party):
        return self.parties[party]["status"] == "active"

    def has_voucher(self, asset, time):
        """Whether an asset has a voucher that has not expired."""
        return self.assets[asset]["number"] is not None and time < self.assets[asset]["until"]

    def is_frozen(self, asset):
        return bool(self.assets[asset]["freezes"])

    def in_force(self, asset, time):
        """The tuples in force, by holder and right."""
        if not self.has_voucher(asset, time):
            return {}
        held = self.assets[asset]["tuples"]
        return {
            key: one for key, one in held.items() if one["until"] is None or time < one["until"]
        }

    def pledgees(self, asset, holder, right):
        """Who has a right in pledge."""
        return {
            self.encumbrances[key]["pledgee"]
            for key in self.assets[asset]["pledges"]
            if self.encumbrances[key]["pledgor"] == holder
            and right in self.encumbrances[key]["rights"]
        }

    def chain(self, grant):
        """A grant and all above it, the lowest first."""
        keys = []
        while grant is not None:
            keys.append(grant)
            grant = self.grants[grant]["parent"]
        return keys

    def holder_of_root(self, grant, time):
        """Who has the right that a chain of grants rests on, wherever it went; None if it ended."""
        top = self.chain(grant)[-1]
        root = self.grants[top]
        if top in self.lost:
            return None
        for (holder, _), one in self.in_force(root["asset"], time).items():
            if one["id"] == root["tuple"]:
                return holder
        return None

    def is_alive(self, grant, time):
        """Whether a grant and all that it rests on is alive at the present time."""
        return (
            self.holder_of_root(grant, time) is not None
            and all(
                self.grants[key]["status"] == "live" and time < self.grants[key]["until"]
                for key in self.chain(grant)
            )
            and self.is_authorised(grant)
        )

    def held_until(self, asset, moves):
        """Until when a freeze, or a pledge of one of these rights, was in force last."""
        one = self.assets[asset]
        released = (one["released"].get((giver, right), 0) for giver, _, right in moves)
        return max([one["thawed"], *released])

    def grantor(self, grant):
        """Who stands in the grantor's place: he himself, or who took over the right behind it."""
        one = self.grants[grant]
        is_own = one["parent"] is not None or grant in self.lost
        return one["grantor"] if is_own else self.last_holder[one["tuple"]]

    def is_authorised(self, grant):
        """Whether everybody in a chain is admitted, as public data asks for."""
        chain = self.chain(grant)
        if self.assets[self.grants[grant]["asset"]]["class"] != "public":
            return True
        return self.grantor(chain[-1]) in self.roots and all(map(self.is_admitted, chain))

    def is_admitted(self, grant):
        """Whether the grantee has had the role of its tier since the grant was issued."""
        one = self.grants[grant]
        party = self.parties[one["grantee"]]
        since = party["roles"].get(TIERS.get(one["depth"]), NEVER)
        return since < one["index"] and party["status"] == "active"

    def may_take(self, asset, party, depth):
        """Whether a party may get a grant of this depth."""
        is_public = self.assets[asset]["class"] == "public"
        has_tier = is_public and depth in TIERS
        return not has_tier or TIERS[depth] in self.parties[party]["roles"]

    def earliest_use(self, grant, action):
        """From when the next period of an action may begin."""
        one = self.grants[grant]
        thawed = self.assets[one["asset"]]["thawed"]
        return max(one["since"], one["periods"].get(action, 0), thawed)

    def shorten(self, asset, kept):
        """Take in that an asset shows no more rights to operate than these, by holder and index."""
        for key, one in self.grants.items():
            is_root = one["asset"] == asset and one["parent"] is None
            if is_root and (one["grantor"], one["right_since"]) not in kept:
                self.lost.add(key)

    # --- events

    def _take_ledger_open(self, event, body, index, time):
        for key in event.subjects:
            if key.startswith("party/"):
                self.parties[key] = {"status": "active", "roles": {}}

    def _take_party_enroll(self, event, body, index, time):
        self.parties[event.actor] = {"status": "active", "roles": {}}

    def _take_party_suspend(self, event, body, index, time):
        self.parties[body["party"]]["status"] = "active" if "lift" in body else "suspended"

    def _take_party_exit(self, event, body, index, time):
        self.parties[event.actor] |= {"status": "exited", "roles": {}}

    def _take_party_admit(self, event, body, index, time):
        roles = self.parties[body["party"]]["roles"]
        if "end" in body:
            del roles[body["role"]]
        else:
            roles[body["role"]] = index

    def _take_list_publish(self, event, body, index, time):
        if body["list"] == "public-data":
            self.root_lists = body["version"]
            self.roots = {one["party"] for one in body["content"]["roots"]}

    def _take_registration_file(self, event, body, index, time):
        (key,) = (each for each in event.subjects if each.startswith("registration/"))
        (asset,) = (each for each in event.subjects if each.startswith("asset/"))
        self.registrations[key] = {
            "type": body["type"],
            "asset": asset,
            "parties": body["parties"],
            "moves": [(one["from"], one["to"], one["right"]) for one in body.get("moves", ())],
            "is_ordered": "ground" in body,
            "status": "filed",
            "number": None,
        }
        if body["type"] == "initial":
            self.assets[asset] = {
                "tuples": {},
                "number": None,
                "until": None,
                "pledges": set(),
                "freezes": set(),
                "class": None,
                "level": None,
                "thawed": 0,  # when the last freeze ended
                "released": {},  # holder and right: when the last pledge of it ended
            }

    def _take_registration_record(self, event, body, index, time):
        registration = self.registrations[body["registration"]]
        registration["status"], registration["number"] = "recorded", body["number"]
        asset = self.assets[registration["asset"]]
        self.records[registration["asset"]].append((body["valid_from"], time))
        if registration["type"] == "initial":
            for claim in body["rights"]:
                self._open(asset, claim, index)
            asset |= {key: body["classification"][key] for key in ("class", "level")}
        else:
            self._move(asset, registration["moves"], index)
            self.statuses[asset["number"]] = "superseded"
        asset |= {"number": body["number"], "until": body["valid_until"]}
        self.statuses[body["number"]] = "valid"

    def _open(self, asset, claim, index):
        self._tuples += 1
        self.last_holder[self._tuples] = claim["holder"]
        self.rights[terms_of(claim)] += 1
        self.held[claim["holder"]] += 1
        asset["tuples"][claim["holder"], claim["right"]] = {
            "id": self._tuples,
            "terms": terms_of(claim),
            "from": None,
            "until": claim.get("until"),
            "index": index,
        }

    def _move(self, asset, moves, index):
        moved = {(giver, right): asset["tuples"].pop((giver, right)) for giver, _, right in moves}
        for giver, taker, right in moves:
            asset["tuples"][taker, right] = moved[giver, right] | {"from": giver, "index": index}
            self.last_holder[moved[giver, right]["id"]] = taker
            self.held.update({giver: -1})
            self.held.update({taker: 1})

    def _take_registration_revoke(self, event, body, index, time):
        asset = self.assets[body["asset"]]
        self.rights.subtract(one["terms"] for one in asset["tuples"].values())
        self.held.subtract(holder for holder, _ in asset["tuples"])
        self.statuses[asset["number"]] = "revoked"
        asset |= {"tuples": {}, "number": None, "until": None}

    def _take_registration_accept(self, event, body, index, time):
        self._step(body, "accepted")

    def _take_registration_return(self, event, body, index, time):
        self._step(body, "returned")

    def _take_registration_publish(self, event, body, index, time):
        self._step(body, "published")

    def _take_registration_withhold(self, event, body, index, time):
        self._step(body, "confidential")

    def _take_registration_withdraw(self, event, body, index, time):
        self._step(body, "withdrawn")

    def _take_registration_refuse(self, event, body, index, time):
        self._step(body, "refused")

    def _step(self, body, status):
        self.registrations[body["registration"]]["status"] = status

    def _take_registration_supplement(self, event, body, index, time):
        registration = self.registrations[body["registration"]]
        was_returned = registration["status"] == "returned"
        registration["status"] = "supplement" if "ask" in body else "accepted"
        if "answer" in body and was_returned:
            registration["status"] = "filed"

    def _take_encumbrance_create(self, event, body, index, time):
        (key,) = (each for each in event.subjects if each.startswith("encumbrance/"))
        self.encumbrances[key] = {
            "asset": body["asset"],
            "pledgor": event.actor,
            "pledgee": body["pledgee"],
            "rights": body["rights"],
        }
        self.assets[body["asset"]]["pledges"].add(key)

    def _take_encumbrance_release(self, event, body, index, time):
        asset, one = self.assets[body["asset"]], self.encumbrances[body["encumbrance"]]
        asset["pledges"].remove(body["encumbrance"])
        asset["released"] |= dict.fromkeys(((one["pledgor"], r) for r in one["rights"]), time)

    def _take_order_freeze(self, event, body, index, time):
        (key,) = (each for each in event.subjects if each.startswith("order/"))
        self.orders[key] = body["asset"]
        self.assets[body["asset"]]["freezes"].add(key)

    def _take_order_unfreeze(self, event, body, index, time):
        self.assets[body["asset"]]["freezes"].remove(body["order"])
        self.assets[body["asset"]]["thawed"] = time

    def _take_grant_issue(self, event, body, index, time):
        parent = body.get("parent")
        (key,) = (each for each in event.subjects if each.startswith("grant/") and each != parent)
        ends = [last_instant(rule) for rule in body["policy"]["permission"]]
        root = self.assets[body["asset"]]["tuples"].get((event.actor, "operate"))
        self.grants[key] = {
            "asset": body["asset"],
            "grantor": event.actor,
            "grantee": body["grantee"],
            "parent": parent,
            "tuple": root["id"] if parent is None else None,
            "right_since": root["index"] if parent is None else None,
            "depth": 1 if parent is None else self.grants[parent]["depth"] + 1,
            "policy": body["policy"],
            "status": "offered" if body["policy"]["type"] == "Offer" else "live",
            "until": max(ends),
            "meters": Counter(),
            "periods": {},
            "since": time,
            "index": index,
            "children": 0,
        }
        if parent is not None:
            self.grants[parent]["children"] += 1

    def _take_grant_accept(self, event, body, index, time):
        self.grants[body["grant"]] |= {"status": "live", "since": time}

    def _take_grant_revoke(self, event, body, index, time):
        self.grants[body["grant"]]["status"] = "revoked"

    def _take_delivery_send(self, event, body, index, time):
        (key,) = (each for each in event.subjects if each.startswith("delivery/"))
        self.deliveries[key] = {
            "grant": body["grant"],
            "asset": body["asset"],
            "recipient": body["recipient"],
            "copy": body["copy"],
            "status": "sent",
        }

    def _take_delivery_receive(self, event, body, index, time):
        self.deliveries[body["delivery"]]["status"] = "received"

    def _take_usage_record(self, event, body, index, time):
        grant = self.grants[body["grant"]]
        grant["meters"][body["action"]] += body["count"]
        grant["periods"][body["action"]] = body["to"]

    _take_usage_batch = _take_usage_record


NEVER = 2**60
TIERS = {1: "public-data-operator", 2: "developer"}


def last_instant(rule):
    """First instant at which a permission is over: the simulation's policies say it outright."""
    ends = [
        one["rightOperand"]
        for one in rule.get("constraint", ())
        if (one.get("leftOperand"), one.get("operator")) == ("dateTime", "lt")
    ]
    return min(ends, default=NEVER)

"""A registrar's year: sixty applications of every type, which end in every way they can.

Titles that are published are plain; everything else in the forms carries a mark (leaks.py).
"""

from contextlib import closing
from random import Random

from cli.enrolling import enroll_party
from cli.registering import classify
from contracts import grant
from contracts.identity import IdentityCheck
from contracts.intervals import current
from contracts.objecting import Object, Resolve
from contracts.procedure import National, Notice, Registration, status_at
from contracts.registration import (
    Accept,
    Extend,
    PublishNotice,
    Refuse,
    Return,
    Supplement,
    Terminate,
    Withdraw,
    Withhold,
)
from contracts.title import Asset, tuple_values
from contracts.transfer import Move
from ledger.core.draft import DraftOpening
from ledger.core.subjects import derive_party, format_urn
from ledger.keys import fresh_salt
from node.drafts import main_subject, prepare_event
from node.issuing import Application, Filing, read_application
from node.later import build_later, read_cancelled, read_recorded_later
from node.recording import (
    read_openable,
    read_recorded_asset,
    read_recorded_transfer,
    record_until_numbered,
)
from node.transferring import Wish, build_transfer
from tests.node.test_national import DAY, FINDINGS, Office
from tests.support.grants import PROFILE, limit, permit
from tracing.fingerprint import Fingerprint

INITIAL = (
    "recorded", "recorded", "recorded", "withheld", "objected", "withdrawn", "refused", "returned",
    "lapsed", "terminated", "upheld", "withdrawn late",
)  # fmt: skip
"""What becomes of initial applications, in turn."""
LATER = ("recorded", "withheld", "withdrawn", "refused", "lapsed", "terminated")
"""What becomes of applications about a voucher."""
NEVER_PUBLISHED = {"withheld", "withdrawn", "refused", "lapsed", "terminated"}
"""Of these nothing may ever be seen, the title neither."""


class Year(Office):
    """Plays a year; every secret that it makes is in `secrets`."""

    def __init__(self, registry, clock, session, secrets):
        super().__init__(registry, clock)
        self.session, self.secrets = session, secrets
        self.random = Random(2026)
        self.people = [self.enrol_person(n) for n in range(6)]
        self.assets, self.fates, self.opened, self.number = [], [], {}, 0

    def play(self, initial=36, later=24):
        """All applications, one after the other; gives itself."""
        for n in range(initial):
            self.initial(INITIAL[n % len(INITIAL)])
        types = ("transfer", "change", "cancellation", "renewal")
        for n in range(later):  # by type, renewals last: they open half a year before the end
            of_type = types[n * len(types) // later]
            self.later(of_type, LATER[n % len(LATER)])
            if of_type == "transfer":
                self.offer(self.assets[-1])
        return self

    def enrol_person(self, n):
        """A natural person, whose name nobody is told."""
        key = self.registry.ring.create(f"person-{n}")
        check = IdentityCheck(method="card seen", evidence="11" * 32)
        name = self.secrets.text("姓名")
        enroll_party(
            self.session, self.registry, (name, "natural", None), key, f"person-{n}", check
        )
        self.clock.pass_time(1000)
        return derive_party([key.did]), key

    # applications

    def initial(self, fate):
        self.number += 1
        person, key = self.random.choice(self.people)
        content = Fingerprint(self.secrets.digest("content"), 9)
        with closing(self.registry.open_vault()) as vault:
            form = self.form(self.is_shown(fate))
            filing = Filing(self.registry, vault, person, form, [content])
            signed = filing.file([key], publish_digests=False)
        self.registry.submit([signed], {})
        self.clock.pass_time(1000)
        self.go(filing.keys(signed)[1], fate, person, key)

    def later(self, of_type, fate):
        self.number += 1
        asset = self.assets.pop(0)
        if of_type != "cancellation":
            self.assets.append(asset)
        state = self.registry.need_state(Asset, asset)
        (voucher,) = current(state.vouchers)
        number, holder = voucher["number"], tuple_values(state.tuples)[0]["holder"]
        if of_type == "renewal":
            self.wait_until(voucher["until"] - 150 * DAY)
        key = dict(self.people)[holder]
        body, openings = self.build(of_type, holder, asset, number, self.is_shown(fate))
        prepared = prepare_event(self.registry, holder, body, openings)
        assert prepared.missing == ()
        self.registry.submit([prepared.signed], {})
        self.clock.pass_time(1000)
        self.go(main_subject(prepared.signed.event), fate, holder, key)

    def form(self, is_shown):
        """The form of an initial registration; only what may be published is plain."""
        secret = self.secrets
        told = {
            "applicants": [self.person_block()],
            "agent": {"name": secret.text("代理人"), "contact": secret.code()},
            "prior": secret.text("此前登记"),
        }
        if is_shown:
            plain = {"title": f"航班数据 {self.number}", "summary": "All flights"}
        else:
            plain = {name: secret.text(name) for name in ("title", "summary", "source")}
            plain["volume"] = secret.number()
        return Application(
            members={"restrictions": "无", "industry": "I64", **plain, **told}, rights=("hold", "use", "operate"),
            basis="self-generated", level="general-2", data_class="enterprise", years=1,
        )  # fmt: skip

    def build(self, of_type, holder, asset, number, is_shown):
        """The filing of an application about a voucher, with its openings."""
        secret, registry = self.secrets, self.registry
        if of_type == "transfer":
            taker = next(party for party, _ in self.people if party != holder)
            moves = (Move(transferor=holder, transferee=taker, right="use"),)
            title = registry.need_state(Asset, asset).fields["title"]
            scope = None if is_shown else secret.text("范围")
            wish = Wish(number, moves, None, title, scope, secret.digest("合同"))
            return build_transfer(registry, holder, wish)
        members = {"agent": {"name": secret.text("代理人")}, "evidence": secret.text("合同条款")}
        if of_type == "change":
            described = "More flights" if is_shown else secret.text("summary")
            members["after"] = {"summary": described, "name": secret.text("姓名")}
        elif of_type == "cancellation":
            members["reason"] = "over" if is_shown else secret.text("理由")
        else:
            members["term"] = {"years": 1} | ({} if is_shown else {"why": secret.text("理由")})
        return build_later(registry, holder, of_type, number, members)

    def person_block(self):
        secret = self.secrets
        return {
            "name": secret.text("姓名"), "id_number": secret.code(), "contact": secret.text("电话"),
            "price": secret.number(), "address": secret.text("南京市"),
        }  # fmt: skip

    def offer(self, asset):
        """An offer of use at a price that only the two sides know."""
        registry = self.registry
        state = registry.need_state(Asset, asset)
        rights = {each["right"]: each["holder"] for each in tuple_values(state.tuples)}
        holder = rights["operate"]
        taker = next(party for party, _ in self.people if party != holder)
        price = DraftOpening(
            by=holder, field="rightOperand", log=registry.origin, salt=fresh_salt(),
            value={"amount": self.secrets.number(), "currency": "CNY"},
        )  # fmt: skip
        paid = limit("payAmount", "eq", {"$commit": price.commitment()})
        policy = {
            "type": "Offer",
            "profile": PROFILE,
            "conflict": "prohibit",
            "target": format_urn(registry.origin, asset),
            "assigner": holder,
            "assignee": taker,
            "permission": [permit("use", duties=[{"action": "compensate", "constraint": [paid]}])],
        }
        body = grant.Issue(asset=asset, grantee=taker, policy=policy)
        prepared = prepare_event(registry, holder, body, [price])
        registry.submit([prepared.signed], {})
        self.clock.pass_time(1000)

    # the procedure

    def go(self, key, fate, person, own):
        """One application to its end."""
        self.fates.append((self.registry.need_state(Registration, key).type, fate))
        self.clock.pass_time(DAY // 8)
        getattr(self, "to_" + fate.replace(" ", "_"))(key, person, own)
        self.clock.pass_time(DAY // 8)

    def to_recorded(self, key, person, own):
        self.step(Accept(registration=key))
        self.publish_now(key)
        self.finish(key)

    def to_objected(self, key, person, own):
        self.step(Accept(registration=key))
        self.publish_now(key)
        self.object(key, person, "dismissed")
        self.step(Extend(registration=key, reason="many sources"))
        self.finish(key)

    def to_upheld(self, key, person, own):
        self.step(Accept(registration=key))
        self.publish_now(key)
        self.object(key, person, "upheld")

    def to_withdrawn_late(self, key, person, own):
        self.step(Accept(registration=key))
        self.publish_now(key)
        self.submit(person, Withdraw(registration=key), own)

    def to_withheld(self, key, person, own):
        self.step(Accept(registration=key))
        self.step(Withhold(registration=key, reason="trade secret"))
        self.finish(key)

    def to_withdrawn(self, key, person, own):
        self.submit(person, Withdraw(registration=key), own)

    def to_refused(self, key, person, own):
        self.step(Accept(registration=key))
        self.step(Refuse(registration=key, ground="22-2", reasons="no lawful source"))

    def to_returned(self, key, person, own):
        until = self.clock.now() + 5 * DAY
        self.step(Return(registration=key, missing=("the contract",), until=until))
        self.submit(person, Supplement(registration=key, answer="ab" * 32), own)
        self.to_recorded(key, person, own)

    def to_lapsed(self, key, person, own):
        until = self.clock.now() + 5 * DAY
        self.step(Return(registration=key, missing=("the contract",), until=until))
        self.wait_until(until)

    def to_terminated(self, key, person, own):
        self.step(Accept(registration=key))
        self.step(Supplement(registration=key, ask="the licence"))
        self.step(Terminate(registration=key, reasons="unclear"))

    def step(self, body):
        self.submit(self.registry.ledger.registrar, body, self.officers[0])

    def object(self, key, person, outcome):
        other, own = next(each for each in self.people if each[0] != person)
        self.submit(other, Object(registration=key, reason="ours", evidence="ef" * 32), own)
        self.step(Resolve(registration=key, outcome=outcome, reasons="heard both"))

    def publish_now(self, key):
        fields = read_openable(self.registry, key)
        self.opened[key] = set(fields)
        notice = Notice(system="national", ref="N-1", published_at=self.clock.now())
        self.step(PublishNotice(registration=key, fields=fields, notice=notice))

    def finish(self, key):
        """Wait until it may be recorded, and record it."""
        registry = self.registry
        state = registry.need_state(Registration, key)
        self.wait_until(state.notice_end or 0)
        self.wait_until(-(-self.clock.now() // 1000) * 1000 + 1000)
        national = National(
            system="national", record="R-1", evidence_time=self.clock.now(), digest="22" * 32
        )
        if state.type == "cancellation":
            ended = read_cancelled(registry, key, FINDINGS)
            registry.submit([self.recording.cancel(ended, national)], {})
        else:
            made = self.read_recorded(key, state)
            record_until_numbered(registry, self.recording, made, (), national)
            if state.type == "initial" and "title" in state.fields:
                self.assets.append(made.asset)
        self.clock.pass_time(1000)

    def read_recorded(self, key, state):
        registry = self.registry
        if state.type == "transfer":
            return read_recorded_transfer(registry, key, FINDINGS)
        if state.type != "initial":
            return read_recorded_later(registry, key, FINDINGS)
        with closing(registry.open_vault()) as vault:
            form = read_application(vault, key)
        return read_recorded_asset(registry, key, classify(registry, form), FINDINGS)

    # the state of things

    def is_shown(self, fate):
        return fate not in NEVER_PUBLISHED

    def wait_until(self, time):
        self.clock.pass_time(max(time - self.clock.now(), 0))

    def statuses(self):
        """How every registration stands at the end."""
        registry = self.registry
        keys = registry.find_subjects("registration/", 1000)
        states = {key: registry.need_state(Registration, key) for key in keys}
        return {key: (each.type, status_at(each, self.clock.now())) for key, each in states.items()}

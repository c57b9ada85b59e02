"""The ledger's own kinds: `ledger.open`, the first event of all, and `ledger.upgrade`.

Spec: our formats section 3; domain, section 4.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, TypeAlias

from msgspec import Meta
from msgspec.structs import replace
from typing_extensions import override

from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.foundation import Catalogue, Ledger, read_ledger
from contracts.identity import (
    Did,
    HexDigest,
    Identity,
    Name,
    PartyKind,
    check_name,
    create_key,
    create_party,
    log_did,
    need_role,
)
from contracts.intervals import current, open_interval, switch_interval
from contracts.profile import Profile, check_profile
from contracts.records import AnyJson, Record, StateRecord, whole
from contracts.uscc import check_uscc
from ledger.core.hashing import SUITE
from ledger.core.note import Algorithm, parse_vkey
from ledger.core.subjects import SELF, derive_party, key_subject
from ledger.core.types import SubjectKey

RuleSetName = Annotated[str, whole("[a-z0-9-]{1,40}/[a-z0-9.-]{1,20}")]


class Founder(Record, frozen=True):
    """A party that the ledger begins with; its name as check_name wants it."""

    keys: Annotated[tuple[Did, ...], Meta(min_length=1, max_length=7)]
    kind: PartyKind
    name: AnyJson
    uscc: str | None

    @property
    def party(self) -> SubjectKey:
        """Its subject key."""
        return derive_party(self.keys)

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return Identity(kind=self.kind, name=self.name, uscc=self.uscc)


Founding: TypeAlias = tuple[Founder, list[str]]
"""A founder with its roles."""


class Founders(Record, frozen=True):
    """Who runs the ledger; in solo one and the same."""

    operator: Founder
    registrar: Founder
    regulator: Founder

    def by_party(self) -> dict[SubjectKey, Founding]:
        """Each party once, with its roles."""
        found: dict[SubjectKey, Founding] = {}
        for role, founder in self.by_role():
            found.setdefault(founder.party, (founder, []))[1].append(role)
        return found

    def by_role(self) -> list[tuple[str, Founder]]:
        """Each role with who has it."""
        return [
            ("operator", self.operator),
            ("registrar", self.registrar),
            ("regulator", self.regulator),
        ]


class Open(Body, frozen=True, kw_only=True):
    """`ledger.open`: the first event, signed by every key it lists."""

    kind: ClassVar[str] = "ledger.open"
    names_log_key: ClassVar[bool] = True

    name: Name
    suite: str
    catalogue: Catalogue | None
    profile: Profile
    rules: RuleSetName
    rules_digest: HexDigest
    parties: Founders
    node: Did
    log: Annotated[str, Meta(max_length=256)]

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        founders = self.parties.by_party()
        keys = {did for founder, _ in founders.values() for did in founder.keys}
        return [SELF, *founders, *map(key_subject, sorted(keys))]

    @override
    def signers(self, context: Context) -> Signers:
        founders = self.parties.by_party().values()
        keys = {did for founder, _ in founders for did in founder.keys}
        return Signers(keys=frozenset((*keys, self.node)))

    @override
    def apply(self, context: Context) -> Changes:
        founders = self.parties.by_party()
        self._check_setting(context)
        self._check_identities(founders)
        self._check_founders(context, len(founders))
        changes: dict[SubjectKey, StateRecord] = {SELF: self._ledger(context)}
        for party, (founder, roles) in founders.items():
            changes[party] = create_party(context, founder.identity, founder.keys, roles)
            for did in founder.keys:
                if key_subject(did) in changes or did in (self.node, log_did(self.log)):
                    refuse(
                        "key_in_use",
                        f"{did} has two roles: the log's, the node's and the parties' keys differ",
                        f"{did} 身兼两职：日志、节点与各主体的密钥必须各不相同",
                        "formats 1",
                    )
                changes[key_subject(did)] = create_key(context, did, party)
        return changes

    def _check_setting(self, context: Context) -> None:
        if self.suite != SUITE.name:
            refuse("unknown_suite", f"the suite is {SUITE.name}", f"密码套件应为 {SUITE.name}")
        check_rule_set(context, self.rules, self.rules_digest)
        check_profile(self.profile)
        check_log_key(context, self.log)
        if self.node == log_did(self.log):
            refuse("key_in_use", "the log's and the node's keys differ", "日志与节点密钥必须不同")
        if (self.catalogue is None) != (self.profile.scheme == "TEST"):
            refuse(
                "catalogue",
                "numbers SJ... are only for a catalogued registrar with its region and digit",
                "SJ 编号仅限列入目录的登记机构使用，须注明地区代码与机构序号",
                "annex 6",
            )

    def _check_identities(self, founders: Mapping[SubjectKey, Founding]) -> None:
        if any(founders[each.party][0] != each for _, each in self.parties.by_role()):
            refuse(
                "founders_differ",
                "founders with the same keys are one party: write them alike",
                "密钥相同的设立方为同一主体：各处须一致",
                "formats 3",
            )
        for founder, _ in founders.values():
            check_name(founder.kind, founder.name)
            if founder.uscc is not None:
                check_uscc(founder.uscc)
        codes = [founder.uscc for founder, _ in founders.values() if founder.uscc is not None]
        if len(set(codes)) != len(codes):
            refuse(
                "uscc_claimed",
                "two founders have the same unified social credit code",
                "两个设立方的统一社会信用代码相同",
                "domain 4",
            )

    def _check_founders(self, context: Context, count: int) -> None:
        if count != 3 and not self.profile.is_solo:
            refuse(
                "shared_party",
                "operator, registrar and regulator are three parties, except under a solo profile",
                "除单人试用外，运营方、登记机构与监管方须为三个不同主体",
                "domain 4",
            )
        if len(self.parties.registrar.keys) < self.profile.officers:
            refuse(
                "officers",
                f"the registrar needs {self.profile.officers} keys, one for each officer",
                f"登记机构须有 {self.profile.officers} 个经办人密钥",
                "domain 2",
            )
        if context.actor != self.parties.operator.party:
            refuse("wrong_actor", "the operator opens the ledger", "账本由运营方开启", "formats 3")

    def _ledger(self, context: Context) -> Ledger:
        rule_set = {"digest": self.rules_digest, "name": self.rules}
        return Ledger(
            name=self.name,
            suite=self.suite,
            catalogue=self.catalogue,
            profile=self.profile,
            rules=open_interval((), rule_set, context.time, context.index),
            operator=self.parties.operator.party,
            registrar=self.parties.registrar.party,
            regulator=self.parties.regulator.party,
            node=self.node,
            log=self.log,
            log_keys=open_interval((), self.log, context.time, context.index),
            former=(),
        )


class Upgrade(Body, frozen=True, kw_only=True):
    """`ledger.upgrade`: the next block uses another rule set; signed by operator and regulator."""

    kind: ClassVar[str] = "ledger.upgrade"
    is_last_of_block: ClassVar[bool] = True

    rules: RuleSetName
    rules_digest: HexDigest

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [SELF]

    @override
    def signers(self, context: Context) -> Signers:
        return Signers({context.actor: 1, read_ledger(context).regulator: 1})

    @override
    def apply(self, context: Context) -> Changes:
        need_role(context, "operator")
        check_rule_set(context, self.rules, self.rules_digest)
        ledger = read_ledger(context)
        rule_set = {"digest": self.rules_digest, "name": self.rules}
        if current(ledger.rules) == (rule_set,):
            refuse("same_rules", f"{self.rules} is in force", f"{self.rules} 已在使用")
        rules = switch_interval(ledger.rules, rule_set, context.time, context.index)
        return {SELF: replace(ledger, rules=rules)}


def check_log_key(context: Context, vkey: str) -> None:
    """Refuse what the log cannot sign its checkpoints with.

    Raises:
        RejectedError: Reason `wrong_log_key`: another type or name.
        MalformedError: Not a verifier key.
    """
    key = parse_vkey(vkey)
    if key.algorithm is not Algorithm.ED25519 or key.name != context.event.log:
        refuse(
            "wrong_log_key",
            f"the log's key is an Ed25519 note key named {context.event.log}",
            f"日志密钥须为名为 {context.event.log} 的 Ed25519 签注密钥",
            "formats 4",
        )


def check_rule_set(context: Context, name: str, digest: str) -> None:
    """Refuse rules that this program does not have, bit for bit.

    Raises:
        RejectedError: Unknown name or another digest.
    """
    if context.rule_sets.get(name) != digest:
        refuse(
            "unknown_rules",
            f"this program has no rule set {name} with that digest",
            f"本程序没有该摘要的规则集 {name}",
            "formats 3",
        )

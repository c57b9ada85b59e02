"""Parties go for good: `party.exit`; a registrar hands its office over to a successor.

Spec: domain, section 4; Art. 13.
"""

from collections.abc import Iterable
from typing import ClassVar, NoReturn

from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from typing_extensions import override

from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.foundation import Catalogue, Ledger, read_ledger
from contracts.identity import (
    HexDigest,
    Party,
    PartyKey,
    refuse_if_recovering,
    settle_recovery,
)
from contracts.intervals import close_all, open_interval, switch_interval
from contracts.party import INDEPENDENT_ROLES
from ledger.core.subjects import SELF
from ledger.core.types import SubjectKey


class Exit(Body, frozen=True, kw_only=True):
    """`party.exit`: the party leaves for good; its roles end, its past stays provable.

    Its keys and its code stay its own, so nobody can be taken for it later. A registrar leaves to a
    successor, who takes the files over (Art. 13): its officers, the regulator and the successor
    sign, and every voucher stays as it is.

    Args:
        successor: Who is the registrar from now on.
        catalogue: The successor's entry, where numbers are those of catalogued registrars.
        document: Digest of the decision that the registrar may leave.
    """

    kind: ClassVar[str] = "party.exit"

    successor: PartyKey | UnsetType = UNSET
    catalogue: Catalogue | UnsetType = UNSET
    document: HexDigest | UnsetType = UNSET

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [actor] if self.successor is UNSET else [actor, self.successor, SELF]

    @override
    def signers(self, context: Context) -> Signers:
        if self.successor is UNSET:
            return Signers({context.actor: 1})
        ledger = read_ledger(context)
        officers = {context.actor: ledger.profile.officers}
        return Signers({ledger.regulator: 1, self.successor: 1} | officers)

    @override
    def apply(self, context: Context) -> Changes:
        party = settle_recovery(context.need(Party, context.actor), context)
        refuse_if_recovering(context, context.actor, party)
        if self.successor is not UNSET:
            return self._hand_over(context, party, self.successor)
        if party.is_founder:
            refuse(
                "founder",
                "operator and regulator carry the ledger and do not leave it; the registrar leaves "
                "to a successor: name it, its catalogue entry and the decision's document",
                "运营方与监管方承担账本运行，不得退出；登记机构退出须有承接机构："
                "请列明 successor、catalogue 与批准文件 document",
                "Art. 13",
            )
        if party.tuples:
            _refuse_rights(context.actor, party)
        return {context.actor: _leave(context, party)}

    def _hand_over(self, context: Context, party: Party, successor: SubjectKey) -> Changes:
        ledger, taker = read_ledger(context), context.need(Party, successor)
        if context.actor != ledger.registrar or ledger.profile.is_solo:
            refuse(
                "no_succession",
                "only a registrar leaves to a successor, and not under a solo profile: leave out "
                "successor, catalogue and document",
                "仅登记机构退出须有承接机构（单人试用除外）："
                "请去掉 successor、catalogue 与 document",
                "Art. 13",
            )
        self._check_members(ledger)
        _check_successor(context, successor, taker)
        roles = open_interval(taker.roles, "registrar", context.time, context.index)
        entry = None if self.catalogue is UNSET else self.catalogue
        return {
            context.actor: _leave(context, party),
            successor: replace(taker, roles=roles),
            SELF: replace(
                ledger,
                registrar=successor,
                catalogue=entry,
                former=(*ledger.former, context.actor),
            ),
        }

    def _check_members(self, ledger: Ledger) -> None:
        before = ledger.catalogue
        entry = None if self.catalogue is UNSET else self.catalogue
        if self.document is UNSET or (entry is None) != (before is None):
            refuse(
                "succession_members",
                "a registrar leaves on a decision: name the digest of its document, and the "
                "successor's catalogue entry if numbers are SJ ones",
                "登记机构退出须经批准：请给出批准文件的摘要（document）；"
                "使用 SJ 编号的，另须给出承接机构的目录条目（catalogue）",
                "Art. 13",
            )
        if entry and before and (entry.region, entry.digit) == (before.region, before.digit):
            refuse(
                "same_catalogue",
                "the numbers of a registrar are its own: name the successor's region and digit",
                "各登记机构的编号相互独立：请给出承接机构自身的地区代码与机构序号",
                "annex 6",
            )


def _leave(context: Context, party: Party) -> Party:
    """The party without roles, gone for good."""
    roles = close_all(party.roles, context.time)
    status = switch_interval(party.status, "exited", context.time, context.index)
    return replace(party, roles=roles, status=status)


def _refuse_rights(key: SubjectKey, party: Party) -> NoReturn:
    refuse(
        "holds_rights",
        f"{key} still holds {party.tuples} right(s): have them transferred or their registration "
        "cancelled first",
        f"{key} 尚有 {party.tuples} 项权利：请先办理转让或注销登记",
        "domain 4",
    )


def _check_successor(context: Context, key: SubjectKey, taker: Party) -> None:
    """Let a party be the registrar that has no part in what it decides.

    Raises:
        RejectedError: It holds rights, has another part in the ledger, waits for new keys, or has
            fewer of them than officers are to sign.
    """
    if taker.tuples:
        _refuse_rights(key, taker)
    refuse_if_recovering(context, key, taker)
    if taker.is_founder or any(map(taker.has_role, INDEPENDENT_ROLES)):
        refuse(
            "role_conflict",
            "a registrar is none of operator and regulator, and neither audits nor attests: have "
            "such roles taken away first (party.admit), or name another successor",
            "登记机构不得同时为运营方或监管方，亦不得从事审计、评估、公证等：请先以 party.admit "
            "终止该等身份，或另行指定承接机构",
            "domain 4",
        )
    officers = read_ledger(context).profile.officers
    if len(taker.current_keys(context.time)) < officers:
        refuse(
            "officers",
            f"a registrar needs {officers} keys, one for each officer: add some with party.rotate",
            f"登记机构须有 {officers} 个经办人密钥：请先以 party.rotate 增加",
            "domain 2",
        )

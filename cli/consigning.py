"""What was said of a delivery, and under which grant and with which marks it goes.

Spec: surfaces, `deliver`; domain, section 4.
"""

from dataclasses import dataclass
from pathlib import Path

from cli.answering import name_parties
from cli.exitcodes import UsageError
from cli.files import check_place, is_stdin
from cli.lang import say
from cli.subjects import find_asset, find_keys, find_party, find_subject
from cli.words import show_status
from contracts.chain import Grant
from contracts.odrl import Disclosure, find_disclosure, parse_policy
from ledger.core.types import SubjectKey
from ledger.errors import RejectedError
from node.answers import StoredFacts
from node.copyrecords import Marking
from node.granted import find_received, grantor_now, tell_status
from node.registryapi import RegistryApi

NOTE_SUFFIX = ".delivery.json"
ESCROW_SUFFIX = ".escrow.json"


@dataclass(frozen=True, slots=True)
class Consignment:
    """What was said of a delivery.

    Args:
        source: The registered file, or a copy that was received.
        out: Where the copy goes; its delivery file lies beside it.
        is_forced: Replace what is there.
        asset: Of what; None for one that is to be finished, as what follows.
        recipient: To whom.
        grant: Under which; None: the only one it can be.
        sender: Who delivers; None: who acts as the grantor.
        filing: Under which filing, if the data is important; None: the one that covers it.
        is_exact: As it is, without marks.
        is_withhold_only: Marked without changed cells.
        canaries: How many rows are invented for the recipient.
        maker: Who marks it for the sender; None: the sender.
    """

    source: Path
    out: Path
    is_forced: bool
    asset: str | None = None
    recipient: str | None = None
    grant: str | None = None
    sender: str | None = None
    filing: str | None = None
    is_exact: bool = False
    is_withhold_only: bool = False
    canaries: int = 0
    maker: str | None = None

    @property
    def escrow(self) -> Path:
        """The sealed marking key of a copy that is handed on."""
        return self.out.with_name(self.out.name + ESCROW_SUFFIX)

    @property
    def note(self) -> Path:
        """The delivery file."""
        return self.out.with_name(self.out.name + NOTE_SUFFIX)


def need_out(out: Path | None, *, is_plan: bool) -> Path:
    """Where the copy goes; a plan writes none.

    Raises:
        UsageError: It was not said.
    """
    if out is None and not is_plan:
        raise UsageError(
            say("say where the copy goes: --out OUT", "请用 --out 指定副本的位置"),
            "option_required",
        )
    return out or Path("copy")


def check_places(said: Consignment, *, is_new: bool) -> None:
    """Refuse before any work places that cannot be meant.

    Raises:
        UsageError: A stream, the file itself, a registry's own place, or one that is taken.
    """
    if is_stdin(said.source) or is_stdin(said.out):
        raise UsageError(
            say(
                "a copy is made from a file to a file: give names, not -",
                "副本须由文件复制到文件：请给出文件名，不能用 -",
            )
        )
    if said.out.exists() and said.source.exists() and said.out.samefile(said.source):
        raise UsageError(
            say(
                f"{said.out} is the file itself: name another place for the copy with --out",
                f"{said.out} 即原文件：请用 --out 为副本另指定位置",
            )
        )
    for place in (said.out, said.note, said.escrow):
        check_place(place)
    for beside in (said.note, said.escrow) if is_new and not said.is_forced else ():
        if beside.exists():
            raise UsageError(
                say(
                    f"{beside} exists: name another --out, or say --force",
                    f"{beside} 已存在：请另指定 --out，或使用 --force",
                ),
                "exists",
            )


def find_grant(registry: RegistryApi, said: Consignment) -> SubjectKey:
    """The grant that a copy is to be delivered under.

    Raises:
        UsageError: It is not clear which, or not said of what and to whom.
        NotFoundError: There is no such asset, party or grant.
        RejectedError: There is none.
    """
    if said.asset is None or said.recipient is None:
        raise UsageError(
            say(
                "say of what and to whom: muniment deliver ASSET --to PARTY --from FILE --out OUT",
                "请给出数据与接收方：muniment deliver 数据 --to 主体 --from 文件 --out 副本",
            ),
            "option_required",
        )
    recipient = find_party(registry, said.recipient)
    sender = None if said.sender is None else find_party(registry, said.sender)
    return _choose_grant(
        registry, (sender, recipient), find_asset(registry, said.asset), said.grant
    )


def choose_marking(registry: RegistryApi, key: SubjectKey, said: Consignment) -> Marking | None:
    """How a copy is marked: as strongly as its grant discloses, unless less was asked for.

    Raises:
        UsageError: Options that do not go together, or no key of who marks.
        NotFoundError: There is no such party.
        RejectedError: The grant discloses no marks.
    """
    if said.is_exact:
        if said.is_withhold_only or said.canaries or said.maker is not None:
            raise UsageError(
                say(
                    "an exact copy has no marks: leave out --withhold-only, --canaries and "
                    "--marked-by",
                    "原样副本不作标记：请去掉 --withhold-only、--canaries 与 --marked-by",
                )
            )
        return None
    grant = registry.need_state(Grant, key)
    disclosed = find_disclosure(parse_policy(grant.policy).terms)
    if disclosed.is_empty:
        raise RejectedError(
            "not_disclosed",
            f"{key} does not disclose marks, so a copy under it is exact: say --exact, or issue a "
            "grant that discloses them (muniment grant issue --withheld 200 --rows-per-mark 32)",
            f"{key} 未约定标记，依其交付的副本须与原件一致：请使用 --exact，"
            "或改发已约定标记的授权（muniment grant issue --withheld 200 --rows-per-mark 32）",
            rule="domain 4",
        )
    strength = _choose_strength(key, said, disclosed)
    if said.maker is None:
        return Marking(strength)
    maker = find_party(registry, said.maker)
    return Marking(strength, maker, tuple(find_keys(registry, maker, 1)))


def _choose_strength(key: SubjectKey, said: Consignment, disclosed: Disclosure) -> Disclosure:
    """As much as is disclosed; rows are invented only where that was asked for.

    Raises:
        RejectedError: More rows were asked for than the grant discloses, or it discloses nothing
            but invented rows and none were asked for.
    """
    if said.canaries > disclosed.invented:
        most = disclosed.invented
        raise RejectedError(
            "not_disclosed",
            f"{key} discloses {most or 'no'} invented rows and not {said.canaries}: leave "
            "--canaries out or lower it, or issue a grant that discloses them (muniment grant "
            f"issue --invented-rows {said.canaries})",
            f"{key} 约定的虚构行为 {most} 行，而非 {said.canaries} 行：请去掉或调低 --canaries，"
            f"或改发已约定的授权（muniment grant issue --invented-rows {said.canaries}）",
            rule="domain 4",
        )
    step = 0 if said.is_withhold_only else disclosed.rows_per_mark
    strength = Disclosure(disclosed.withheld, step, said.canaries)
    if strength.is_empty and disclosed.invented:
        raise RejectedError(
            "no_marks",
            f"{key} discloses invented rows and no other marks, and rows are invented only if "
            "asked for: say --canaries N, or --exact",
            f"{key} 仅约定了虚构的行，而虚构的行须明示方用：请使用 --canaries N，或 --exact",
            rule="domain 4",
        )
    return strength


def _choose_grant(
    registry: RegistryApi,
    sides: tuple[SubjectKey | None, SubjectKey],
    asset: SubjectKey,
    text: str | None,
) -> SubjectKey:
    """The grant to deliver under: named, or the only live one it can be.

    Raises:
        UsageError: There are several, or the one named is of something else.
        RejectedError: There is none; nothing was written.
    """
    if text is not None:
        return _need_fitting(registry, find_subject(registry, "grant", text), sides, asset)
    sender, recipient = sides
    facts, now = StoredFacts(registry.prover()), registry.clock.now()
    received = {
        key: tell_status(facts, key, now)[0]
        for key in find_received(facts, recipient, asset)
        if sender in {None, sender_of(registry, key)}
    }
    live = [key for key, status in received.items() if status == "live"]
    if not live:
        _refuse_without_grant(registry, recipient, asset, received)
    if len(live) > 1:
        named = ", ".join(live)
        words = say(
            f"{recipient} has several live grants of {asset}: name one with --grant ({named})",
            f"{recipient} 就 {asset} 有多项有效授权：请用 --grant 指明（{named}）",
        )
        raise UsageError(name_parties(registry, words), "ambiguous")
    return live[0]


def _need_fitting(
    registry: RegistryApi,
    key: SubjectKey,
    sides: tuple[SubjectKey | None, SubjectKey],
    asset: SubjectKey,
) -> SubjectKey:
    """The grant, if it is of this asset, to this party, and the sender's to deliver under.

    Raises:
        UsageError: It is not.
    """
    grant, sender = registry.need_state(Grant, key), sender_of(registry, key)
    if (grant.asset, grant.grantee) != (asset, sides[1]) or sides[0] not in {None, sender}:
        words = say(
            f"under {key} it is {sender} who delivers {grant.asset} to {grant.grantee}: name "
            "another grant with --grant",
            f"依据 {key}，由 {sender} 向 {grant.grantee} 交付 {grant.asset}："
            "请用 --grant 指明另一授权",
        )
        raise UsageError(name_parties(registry, words), "wrong_grant")
    return key


def _refuse_without_grant(
    registry: RegistryApi, recipient: SubjectKey, asset: SubjectKey, received: dict[SubjectKey, str]
) -> None:
    """Refuse, naming the newest grant that is not live, if there is one.

    Raises:
        RejectedError: Always.
    """
    newest = list(received.items())[-1:]
    en = "".join(f" ({key} is {status})" for key, status in newest)
    zh = "".join(f"（{key} 现为{show_status(status, 'grant')}）" for key, status in newest)
    raise RejectedError(
        "no_live_grant",
        name_parties(
            registry,
            f"{recipient} has no live grant of {asset}{en}: issue one with 'muniment grant issue' "
            "and have it accepted",
        ),
        name_parties(
            registry,
            f"{recipient} 就 {asset} 没有有效授权{zh}：请先用 muniment grant issue 授权，"
            "并由其接受",
        ),
        rule="domain 4",
    )


def sender_of(registry: RegistryApi, key: SubjectKey) -> SubjectKey:
    """Who delivers under a grant: the grantor, or who took over the right behind it."""
    return grantor_now(registry, registry.need_state(Grant, key))

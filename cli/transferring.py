"""What `transfer` makes of its options: who gives what to whom, on which ground."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from cli.exitcodes import UsageError
from cli.fingerprints import read_digest
from cli.lang import say
from cli.later import submit_or_draft_filing
from cli.registering import RIGHTS, check_choice
from cli.session import Session
from cli.subjects import find_party, find_subject
from cli.twosided import DraftFile
from contracts.force import rights_in_force
from contracts.identity import Party
from contracts.title import Asset, Right, Voucher, voucher_key
from contracts.transfer import Ground, GroundKind, Move
from ledger.core.types import SubjectKey
from ledger.errors import RejectedError
from node.drafts import prepare_event
from node.registryapi import RegistryApi
from node.standing import tell_voucher
from node.transferring import Wish, build_transfer

GROUNDS: tuple[GroundKind, ...] = get_args(GroundKind)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `transfer`, as given."""

    voucher: str
    to: str
    rights: Sequence[str]
    ground: str | None
    document: str | None
    giver: str | None
    actor: str | None
    title: str | None
    scope: str | None
    out: Path | None
    is_forced: bool


def transfer_rights(session: Session, registry: RegistryApi, options: Options) -> None:
    """File a transfer, or write it as a draft for those whose keys are elsewhere.

    Under the solo profile it goes straight through to the new voucher.

    Raises:
        UsageError: An option is missing or has no such value.
        NotFoundError: There is no such voucher or party.
        RejectedError: A rule refuses.
    """
    rights = tuple(dict.fromkeys(check_choice("--right", each, RIGHTS) for each in options.rights))
    number = find_subject(registry, "voucher", options.voucher).removeprefix("voucher/")
    taker = find_party(registry, options.to)
    _refuse_renewing(registry, number)
    giver = _find_giver(registry, options, number, rights)
    ground, evidence = _read_ground(options)
    wish = Wish(
        number=number,
        moves=tuple(Move(transferor=giver, transferee=taker, right=each) for each in rights),
        ground=ground,
        title=_find_title(registry, options, number),
        scope=options.scope,
        evidence=evidence,
    )
    actor = _find_actor(registry, options, giver if ground is None else taker)
    body, openings = build_transfer(registry, actor, wish)
    prepared = prepare_event(registry, actor, body, openings)
    file = DraftFile(f"{number}-transfer", options.out, options.is_forced)
    submit_or_draft_filing(session, registry, prepared, file, openings)


def _find_giver(
    registry: RegistryApi, options: Options, number: str, rights: Sequence[Right]
) -> SubjectKey:
    """Who transfers: named, else the one holder of these rights, else the one with keys here.

    Raises:
        UsageError: It is not clear who.
    """
    if options.giver is not None:
        return find_party(registry, options.giver)
    if options.actor is not None and options.ground is None:
        actor = find_party(registry, options.actor)
        if actor != find_party(registry, options.to):
            return actor
    asset = registry.need_state(Asset, registry.need_state(Voucher, voucher_key(number)).asset)
    held = {
        (value["holder"], value["right"]) for value in rights_in_force(asset, registry.clock.now())
    }
    holders = sorted({SubjectKey(str(holder)) for holder, _ in held})
    fitting = [each for each in holders if all((each, right) in held for right in rights)]
    at_hand = [each for each in fitting if _has_key(registry, each)]
    for found in (fitting, at_hand):
        if len(found) == 1:
            return found[0]
    raise UsageError(
        say(
            f"{len(fitting)} parties hold {', '.join(rights)}: name the transferor with --from",
            f"持有 {'、'.join(rights)} 的主体有 {len(fitting)} 个：请用 --from 指明转让方",
        ),
        "party_required",
    )


def _refuse_renewing(registry: RegistryApi, number: str) -> None:
    """Say plainly that an expired voucher waits for its renewal.

    Raises:
        RejectedError: Reason `expired`: only the undecided renewal keeps it in force.
    """
    renewal = tell_voucher(registry, number).renewal
    if renewal is None:
        return
    raise RejectedError(
        "expired",
        f"the term of {number} is over and its renewal {renewal} is undecided: the rights stay in "
        "force meanwhile, and are transferred once the renewal is recorded",
        f"{number} 有效期已满，其续期 {renewal} 尚未办结：在此期间权利继续有效，续期登记后方可转让",
        rule="Art. 36",
    )


def _has_key(registry: RegistryApi, party: SubjectKey) -> bool:
    keys = registry.need_state(Party, party).current_keys(registry.clock.now())
    return any(entry.did in keys for entry in registry.ring.list_entries())


def _find_actor(registry: RegistryApi, options: Options, usual: SubjectKey) -> SubjectKey:
    return usual if options.actor is None else find_party(registry, options.actor)


def _read_ground(options: Options) -> tuple[Ground | None, str | None]:
    """The ground and its document; without a ground the document is the contract.

    Raises:
        UsageError: There is no such ground, or its document is not named.
    """
    digest = None if options.document is None else read_digest(options.document)
    if options.ground is None:
        return None, digest
    kind = check_choice("--ground", options.ground, GROUNDS)
    if digest is None:
        raise UsageError(
            say(
                "a ground needs its document: give it with --document FILE",
                "法定事由须附文件：请用 --document 给出",
            ),
            "option_required",
        )
    return Ground(kind=kind, document=digest), None


def _find_title(registry: RegistryApi, options: Options, number: str) -> str:
    """The title as it was published, else as it is given.

    Raises:
        UsageError: Neither.
    """
    asset = registry.need_state(Asset, registry.need_state(Voucher, voucher_key(number)).asset)
    published = asset.fields.get("title")
    if isinstance(published, str):
        return published
    if options.title is None:
        raise UsageError(
            say(
                "the title of this data was never published: give it with --title",
                "该数据的名称未公示：请用 --title 给出",
            ),
            "option_required",
        )
    return options.title

"""A checked form made into a transfer: what moves, and the members of its form.

Spec: the form for a transfer; Art. 34; contracts.forms.TRANSFER_MEMBERS.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from msgspec import UNSET
from msgspec.structs import replace

from contracts.application import File
from contracts.forms import Commitment
from contracts.mandates import Agent
from contracts.title import Asset, Right, Voucher, voucher_key
from contracts.transfer import Ground, GroundKind, Move
from ledger.core.draft import DraftOpening
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.keys import fresh_salt
from node.forms.filling import find_filing_agent, need_block, read_agent, read_digests, rows, tables
from node.forms.identities import check_blocks
from node.forms.resolving import Resolver
from node.registryapi import RegistryApi
from node.transferring import Wish, build_transfer

_CONTENT: Final = ("data_scope", "scope", "term", "use_scope")


@dataclass(frozen=True, slots=True)
class FilledTransfer:
    """A transfer that can be filed.

    Args:
        wish: What moves, on what ground.
        members: Of its form, as they were filled in.
        content: What the form says of what moves.
        filer: Who speaks: as was said, else a transferor, with a ground a transferee.
        agent: Who files for the parties, if somebody does.
    """

    wish: Wish
    members: Mapping[str, Json]
    content: JsonObject
    filer: SubjectKey
    agent: Agent | None


def fill_transfer(
    form: JsonObject, resolver: Resolver, filer: SubjectKey | None
) -> FilledTransfer | None:
    """What a checked form for a transfer asks for; None if something could not be found.

    Args:
        form: What `check_form` gave.
        resolver: Keeps what cannot be found.
        filer: Who files, where that was said beside the form.
    """
    number = find_number(form, resolver)
    sides = {
        name: [
            need_block(block, f"{name}.{place}", resolver)
            for place, block in enumerate(rows(form.get(name)), 1)
        ]
        for name in ("transferors", "transferees")
    }
    for name, parties in sides.items():
        check_blocks(rows(form.get(name)), parties, name, resolver)
    moves = _read_moves(form, resolver, sides)
    ground = _read_ground(form, resolver)
    evidence = read_digests(form, resolver)
    named = read_agent(form, resolver)
    title = find_title(form, resolver, number)
    if resolver.findings or not moves or number is None:
        return None
    content = tables(form, "content")
    members = {
        "agent": named,
        "evidence": evidence or (None if ground is None else [ground.document]),
        "title": title,
        "transferors": form.get("transferors"),
        "transferees": form.get("transferees"),
    }
    wish = Wish(number, tuple(moves), ground, title, None, None)
    usual = moves[0].transferor if ground is None else moves[0].transferee
    said = {name: content.get(name) for name in _CONTENT}
    agent = find_filing_agent(named, filer, resolver)
    return FilledTransfer(wish, members, said, filer or usual, agent)


def build_filled_transfer(
    registry: RegistryApi, filled: FilledTransfer
) -> tuple[File, list[DraftOpening]]:
    """The body of a filing, and the openings of its commitments: the form as it was filled in.

    Raises:
        NotFoundError: There is no such voucher, or no such party.
        RejectedError: The title could never be published.
    """
    body, openings = build_transfer(registry, filled.filer, filled.wish)
    values = {**{each.field: each.value for each in openings}, **filled.members}
    made = values["content"]
    said = {name: value for name, value in filled.content.items() if value is not None}
    values["content"] = {**(made if isinstance(made, Mapping) else {}), **said}
    body = replace(body, agent=filled.agent or UNSET)
    return replace_members(body, openings, values)


def replace_members(
    body: File, openings: Iterable[DraftOpening], values: Mapping[str, Json]
) -> tuple[File, list[DraftOpening]]:
    """A filing that commits to these values instead, each under a fresh salt."""
    made = [
        DraftOpening(
            by=each.by,
            field=each.field,
            log=each.log,
            salt=fresh_salt(),
            value=values[each.field],
        )
        for each in openings
    ]
    application = {each.field: Commitment(digest=each.commitment()) for each in made}
    return replace(body, application=application), made


def find_number(form: JsonObject, resolver: Resolver) -> str | None:
    """The voucher that a later form is about; None, and a finding, if there is none."""
    number = str(form["voucher"]).removeprefix("voucher/")
    if resolver.find_asset("voucher", number) is None:
        return None
    return number


def find_title(form: JsonObject, resolver: Resolver, number: str | None) -> str:
    """The title of the form, else as it was published; empty, and a finding, if there is none."""
    if "title" in form:
        return str(form["title"])
    if number is not None:
        registry = resolver.registry
        voucher = registry.find_state(Voucher, voucher_key(number))
        asset = None if voucher is None else registry.find_state(Asset, voucher.asset)
        published = None if asset is None else asset.fields.get("title")
        if isinstance(published, str):
            return published
        resolver.say(
            "title",
            "is missing: the name of this data was never published",
            "未填写：该数据的名称未公示",
        )
    return ""


def _read_moves(
    form: JsonObject, resolver: Resolver, sides: Mapping[str, Sequence[SubjectKey | None]]
) -> list[Move]:
    moves: list[Move] = []
    for place, row in enumerate(rows(tables(form, "content").get("rights")), 1):
        if not isinstance(row, Mapping):
            continue
        path = f"content.rights.{place}"
        giver = _find_side(row, "from", f"{path}.from", resolver, sides["transferors"])
        taker = _find_side(row, "to", f"{path}.to", resolver, sides["transferees"])
        if giver is not None and taker is not None:
            moves += [
                Move(transferor=giver, transferee=taker, right=cast("Right", right))
                for right in rows(row["right"])
            ]
    return sorted(moves, key=lambda move: (move.transferor, move.transferee, move.right))


def _find_side(
    row: JsonObject,
    name: str,
    path: str,
    resolver: Resolver,
    side: Sequence[SubjectKey | None],
) -> SubjectKey | None:
    if name not in row:
        if len(side) == 1:
            return side[0]
        resolver.say(
            path,
            "is missing: there are several of them, say which",
            "未填写：有多个主体时须写明是哪一个",
        )
        return None
    found = resolver.find_party(path, str(row[name]))
    if found is not None and found not in side:
        resolver.say(path, "has no block of its own above: add one", "上文没有该主体的信息：请补充")
        return None
    return found


def _read_ground(form: JsonObject, resolver: Resolver) -> Ground | None:
    ground = tables(form, "ground")
    if not ground:
        return None
    document = resolver.read_digest("ground.document", str(ground["document"]))
    if document is None:
        return None
    return Ground(kind=cast("GroundKind", ground["kind"]), document=document)

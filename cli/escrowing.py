"""What `escrow list|open|export` do: marking keys that others sealed, and one's own."""

from pathlib import Path

from cli.answering import name_parties
from cli.files import read_capped, write_document
from cli.lang import say
from cli.output import Row
from cli.session import Session
from cli.subjects import find_asset, find_subject, has_key
from ledger.core.types import Json, SubjectKey
from ledger.errors import InputError, MalformedError
from ledger.files import PRIVATE_MODE
from node.escrow import (
    MAX_ESCROW_BYTES,
    Held,
    Sealed,
    export_opening,
    list_held,
    open_sealed,
    parse_sealed,
)
from node.registryapi import RegistryApi

_MAX_PARTIES = 10_000


def show_held(session: Session, about: str | None) -> None:
    """Print the marked deliveries, and whose marking keys are here.

    Raises:
        NotFoundError: There is no such asset.
        UsageError: More than one fits.
    """
    with session.registry(is_writer=False) as registry:
        asset = None if about is None else find_asset(registry, about)
        held = [
            each
            for each in list_held(registry, _own_parties(registry))
            if asset is None or each.state.asset == asset
        ]
        items: list[Json] = [_describe(each) for each in held]
        rows = [
            [name_parties(registry, word) for word in (each.key, *_show(each))] for each in held
        ]
    headers = [
        say("delivery", "交付"),
        say("from", "交付方"),
        say("to", "接收方"),
        say("sealed to", "密封托管于"),
        say("key here", "本处持有"),
    ]
    session.out.items(items, headers, rows)


def _own_parties(registry: RegistryApi) -> list[SubjectKey]:
    parties = registry.find_subjects("party/", _MAX_PARTIES)
    return [party for party in parties if has_key(registry, party)]


def _describe(held: Held) -> dict[str, Json]:
    state = held.state
    return {
        "subject": held.key,
        "asset": state.asset,
        "sender": state.sender,
        "recipient": state.recipient,
        "escrow": None if state.escrow is None else str(state.escrow.party),
        "here": held.is_here,
        "opened_by": [str(party) for party in held.opened_by],
    }


def _show(held: Held) -> list[str]:
    state = held.state
    return [
        state.sender,
        state.recipient,
        "" if state.escrow is None else state.escrow.party,
        say("yes", "是") if held.is_here else say("no", "否"),
    ]


def open_file(session: Session, file: Path) -> None:
    """Take a sealed marking key into the vault, and print whose it is.

    Raises:
        NotFoundError: There is no such file, no delivery of it, or no key that opens it.
        BundleError: It is not what the ledger speaks of.
        MalformedError: It is no sealed marking key.
    """
    sealed = _read_sealed(file)
    with session.registry(is_writer=False) as registry:
        key = open_sealed(registry, sealed)
        shown = name_parties(registry, sealed.party)
    document: dict[str, Json] = {"subject": key, "asset": sealed.asset, "party": sealed.party}
    rows: list[Row] = [
        (say("opened", "已打开"), str(key)),
        (say("asset", "数据"), str(sealed.asset)),
        (say("as", "身份"), shown),
    ]
    session.out.result(document, lambda: session.out.table("", rows))


def _read_sealed(file: Path) -> Sealed:
    """A sealed marking key from its file.

    Raises:
        NotFoundError: There is no such file.
        MalformedError: It is something else; the message says which file is meant.
    """
    data = read_capped(file, MAX_ESCROW_BYTES)
    try:
        return parse_sealed(data)
    except InputError as exc:
        raise MalformedError(
            say(
                f"{file} is no sealed marking key: give the OUT.escrow.json that 'muniment "
                "deliver' wrote beside the copy that was handed on",
                f"{file} 不是密封的标记密钥：请给出再交付时 muniment deliver 写在副本旁的 "
                "OUT.escrow.json",
            )
        ) from exc


def export_file(session: Session, delivery: str, out: Path, *, is_forced: bool) -> None:
    """Write the opening of a delivery's marks for an examiner.

    Raises:
        NotFoundError: There is no such delivery, or its key is not here.
        ExistsError: Other content is there.
        StoreFailedError: It could not be written.
    """
    with session.registry(is_writer=False) as registry:
        key = find_subject(registry, "delivery", delivery)
        write_document(out, export_opening(registry, key), force=is_forced, mode=PRIVATE_MODE)
    document: dict[str, Json] = {"subject": key, "file": str(out)}
    rows: list[Row] = [
        (say("marking key of", "标记密钥所属交付"), str(key)),
        (say("file", "文件"), str(out)),
    ]

    def human() -> None:
        session.out.table("", rows)
        session.out.talk(
            "Whoever has this file can make that copy again, and find the marks in every copy of "
            "the asset by the same sender: give it to the examiner alone. He runs: muniment verify "
            f"CASE.zip --policy trust.policy --data SUSPECT --original FILE --opening {out}",
            "持有该文件者可再次制成该副本，并可识别同一交付方就该数据的全部副本中的标记：仅交鉴定人。"
            f"鉴定人运行：muniment verify 案卷.zip --policy trust.policy --data 文件 "
            f"--original 原始数据 --opening {out}",
        )

    session.out.result(document, human)

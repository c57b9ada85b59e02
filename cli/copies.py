"""What `deliver` does: find the grant, make the copy or finish one, write its delivery file."""

from dataclasses import dataclass
from pathlib import Path

from cli.answering import name_parties
from cli.exitcodes import UsageError
from cli.files import is_stdin, read_capped, write_document
from cli.lang import say
from cli.session import Session
from cli.subjects import find_asset, find_keys, find_party, find_subject
from cli.words import show_status
from contracts.chain import Grant
from contracts.delivery import Delivery
from contracts.deliverynote import parse_delivery_note
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.types import Json, SubjectKey
from ledger.errors import ExistsError, InputError, RejectedError, StoreFailedError
from ledger.files import PRIVATE_MODE
from node.answers import StoredFacts
from node.delivering import CopyOrder, Delivered, deliver_copy, finish_delivery
from node.granted import find_received, grantor_now, tell_status
from node.registryapi import RegistryApi

NOTE_SUFFIX = ".delivery.json"


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
    """

    source: Path
    out: Path
    is_forced: bool
    asset: str | None = None
    recipient: str | None = None
    grant: str | None = None
    sender: str | None = None
    filing: str | None = None

    @property
    def note(self) -> Path:
        """The delivery file."""
        return self.out.with_name(self.out.name + NOTE_SUFFIX)


def deliver(session: Session, said: Consignment) -> None:
    """Write a copy, its record and its delivery file, and print where they went.

    Raises:
        UsageError: It is not clear under which grant, or where to.
        NotFoundError: There is no such asset, party, grant or file.
        RejectedError: A rule refuses, or the file is not the registered one; no file is left.
        ExistsError: There is a file in its place.
        StoreFailedError: Something could not be written; the message says what to finish.
    """
    _check_places(said, is_new=True)
    if said.asset is None or said.recipient is None:
        raise UsageError(
            say(
                "say of what and to whom: muniment deliver ASSET --to PARTY --from FILE --out OUT",
                "请给出数据与接收方：muniment deliver 数据 --to 主体 --from 文件 --out 副本",
            ),
            "option_required",
        )
    with session.registry(is_writer=True) as registry:
        recipient = find_party(registry, said.recipient)
        sender = None if said.sender is None else find_party(registry, said.sender)
        asset = find_asset(registry, said.asset)
        key = _choose_grant(registry, (sender, recipient), asset, said.grant)
        keys = find_keys(registry, _sender_of(registry, key), 1)
        filing = None if said.filing is None else find_subject(registry, "filing", said.filing)
        order = CopyOrder(key, said.source, said.out, said.is_forced, filing)
        with session.out.progress("Copying", "复制", _size(said.source)) as advance:
            done = deliver_copy(registry, order, keys, advance)
        _write_note(said, done)
    _show(session, said, key, done)


def finish(session: Session, said: Consignment, delivery: str) -> None:
    """Complete a delivery that was interrupted after its record, and print where its files are.

    Args:
        session: Prints.
        said: Where from and where to.
        delivery: Key of the delivery, or its beginning.

    Raises:
        UsageError: More was said than goes with this.
        NotFoundError: There is no such delivery or file, or it was not made from this home.
        RejectedError: The file is not the one that was delivered.
        ExistsError: There is another file in its place.
        StoreFailedError: Something could not be written.
    """
    _check_places(said, is_new=False)
    if any((said.asset, said.recipient, said.grant, said.sender, said.filing)):
        raise UsageError(
            say(
                "--finish goes with --from and --out alone: the rest is on the ledger",
                "--finish 仅与 --from、--out 同用：其余内容已在账本中",
            )
        )
    with session.registry(is_writer=True) as registry:
        key = find_subject(registry, "delivery", delivery)
        grant = registry.need_state(Delivery, key).grant
        order = CopyOrder(grant, said.source, said.out, said.is_forced)
        with session.out.progress("Copying", "复制", _size(said.source)) as advance:
            done = finish_delivery(registry, key, order, advance)
        if not _is_noted(said.note, key):
            _write_note(said, done)
    _show(session, said, grant, done)


def _check_places(said: Consignment, *, is_new: bool) -> None:
    """Refuse before any work places that cannot be meant.

    Raises:
        UsageError: A stream, the file itself, or a place that is taken.
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
    if is_new and said.note.exists() and not said.is_forced:
        raise UsageError(
            say(
                f"{said.note} exists: name another --out, or say --force",
                f"{said.note} 已存在：请另指定 --out，或使用 --force",
            ),
            "exists",
        )


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
        if sender in {None, _sender_of(registry, key)}
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
    grant, sender = registry.need_state(Grant, key), _sender_of(registry, key)
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


def _sender_of(registry: RegistryApi, key: SubjectKey) -> SubjectKey:
    return grantor_now(registry, registry.need_state(Grant, key))


def _is_noted(note: Path, key: SubjectKey) -> bool:
    """Whether the delivery file of a delivery is in its place; its proof may be an older one."""
    if not note.is_file():
        return False
    try:
        data = read_capped(note, MAX_BUNDLE_BYTES)
        return parse_delivery_note(decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES)).delivery == key
    except InputError:
        return False


def _write_note(said: Consignment, done: Delivered) -> None:
    """Write the delivery file, which the recipient needs.

    Raises:
        ExistsError: Other content is there; the copy is in its place.
        StoreFailedError: It could not be written; the copy is in its place.
    """
    try:
        write_document(said.note, done.note, force=said.is_forced, mode=PRIVATE_MODE)
    except (ExistsError, StoreFailedError) as exc:
        command = f"muniment deliver --finish {done.delivery} --from {said.source} --out {said.out}"
        raise type(exc)(
            say(
                f"{exc}; the copy itself is delivered: then write its delivery file with "
                f"'{command}'",
                f"{exc}；副本已交付：之后请用 {command} 补写随附文件",
            )
        ) from exc


def _size(source: Path) -> int | None:
    return source.stat().st_size if source.is_file() else None


def _show(session: Session, said: Consignment, grant: SubjectKey, done: Delivered) -> None:
    document: dict[str, Json] = {
        "event": done.written.event,
        "index": done.written.index,
        "subject": done.delivery,
        "grant": grant,
        "file": str(said.out),
        "note": str(said.note),
    }
    rows = [
        (say("delivered", "已交付"), str(done.delivery)),
        (say("under", "依据"), str(grant)),
        (say("log index", "日志位置"), str(done.written.index)),
        (say("copy", "副本"), str(said.out)),
        (say("goes with it", "随附文件"), str(said.note)),
    ]

    def human() -> None:
        session.out.table("", rows)
        session.out.talk(
            f"Give both files to the recipient, who signs for the copy: muniment receive "
            f"{said.note} --file {said.out}",
            f"两个文件均交给接收方，由其签收：muniment receive {said.note} --file {said.out}",
        )

    session.out.result(document, human)

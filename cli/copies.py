"""What `deliver` does: make the copy or finish one, write its delivery file, or plan its marks."""

from pathlib import Path

from cli.consigning import (
    Consignment,
    check_places,
    choose_marking,
    find_grant,
    sender_of,
)
from cli.exitcodes import UsageError
from cli.files import read_capped, write_document
from cli.lang import say
from cli.marked import describe_marks, show_forecast
from cli.output import Row
from cli.session import Session
from cli.subjects import find_keys, find_subject
from contracts.delivery import Delivery
from contracts.deliverynote import parse_delivery_note
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.types import Json, SubjectKey
from ledger.errors import ExistsError, InputError, StoreFailedError
from ledger.files import PRIVATE_MODE
from node.delivering import CopyOrder, Delivered, deliver_copy, finish_delivery


def deliver(session: Session, said: Consignment) -> None:
    """Write a copy, its record and its delivery file, and print where they went.

    Raises:
        UsageError: It is not clear under which grant, or where to.
        NotFoundError: There is no such asset, party, grant or file.
        RejectedError: A rule refuses, or the file is not the registered one; no file is left.
        ExistsError: There is a file in its place.
        StoreFailedError: Something could not be written; the message says what to finish.
    """
    check_places(said, is_new=True)
    with session.registry(is_writer=True) as registry:
        key = find_grant(registry, said)
        keys = find_keys(registry, sender_of(registry, key), 1)
        filing = None if said.filing is None else find_subject(registry, "filing", said.filing)
        marking = choose_marking(registry, key, said)
        order = CopyOrder(key, said.source, said.out, said.is_forced, filing, marking)
        with session.out.progress("Copying", "复制", _size(said.source)) as advance:
            done = deliver_copy(registry, order, keys, advance)
        _write_note(said, done)
        shown = describe_marks(registry, key, done.marked)
    _show(session, said, key, done, shown)


def plan(session: Session, said: Consignment) -> None:
    """Print what marks would be worth and cost; nothing is written.

    Raises:
        UsageError: It is not clear under which grant, or an exact copy was asked for.
        NotFoundError: There is no such asset, party, grant or file.
        RejectedError: The grant discloses no marks.
        MalformedError: The file is no table.
    """
    from node.marking import forecast_copy

    with session.registry(is_writer=False) as registry:
        key = find_grant(registry, said)
        marking = choose_marking(registry, key, said)
    if marking is None:
        raise UsageError(
            say(
                "an exact copy has no marks to plan: leave out --exact",
                "原样副本没有标记可规划：请去掉 --exact",
            )
        )
    with session.out.progress("Reading", "读取文件", _size(said.source)) as advance:
        found = forecast_copy(said.source, marking.strength, advance)
    show_forecast(session.out, key, found)


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
    check_places(said, is_new=False)
    more = (said.asset, said.recipient, said.grant, said.sender, said.filing, said.maker)
    if any(more) or said.is_exact or said.is_withhold_only or said.canaries:
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
        else:
            _write_sealed(said, done)
    _show(session, said, grant, done, ({}, []))


def _is_noted(note: Path, key: SubjectKey) -> bool:
    """Whether the delivery file of a delivery is in its place; its proof may be an older one."""
    if not note.is_file():
        return False
    try:
        data = read_capped(note, MAX_BUNDLE_BYTES)
        return parse_delivery_note(decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES)).delivery == key
    except InputError:
        return False


def _write_sealed(said: Consignment, done: Delivered) -> None:
    if done.sealed is not None:
        write_document(said.escrow, done.sealed, force=said.is_forced, mode=PRIVATE_MODE)


def _write_note(said: Consignment, done: Delivered) -> None:
    """Write the delivery file, which the recipient needs, and the sealed marking key.

    Raises:
        ExistsError: Other content is there; the copy is in its place.
        StoreFailedError: It could not be written; the copy is in its place.
    """
    try:
        _write_sealed(said, done)
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


def _show(
    session: Session,
    said: Consignment,
    grant: SubjectKey,
    done: Delivered,
    marks: tuple[dict[str, Json], list[Row]],
) -> None:
    document: dict[str, Json] = {
        "event": done.written.event,
        "index": done.written.index,
        "subject": done.delivery,
        "grant": grant,
        "file": str(said.out),
        "note": str(said.note),
        **({} if done.sealed is None else {"escrow": str(said.escrow)}),
        **marks[0],
    }
    rows = [
        (say("delivered", "已交付"), str(done.delivery)),
        (say("under", "依据"), str(grant)),
        (say("log index", "日志位置"), str(done.written.index)),
        (say("copy", "副本"), str(said.out)),
        (say("goes with it", "随附文件"), str(said.note)),
        *marks[1],
        (say("sealed marking key", "密封的标记密钥"), str(said.escrow) if done.sealed else ""),
    ]

    def human() -> None:
        session.out.table("", rows)
        if done.sealed is not None:
            session.out.talk(
                f"Give {said.escrow} to {done.sealed['party']}, who keeps the marking key.",
                f"{said.escrow} 须交给 {done.sealed['party']}，由其保管标记密钥。",
            )
        session.out.talk(
            f"Give both files to the recipient, who signs for the copy: muniment receive "
            f"{said.note} --file {said.out}",
            f"两个文件均交给接收方，由其签收：muniment receive {said.note} --file {said.out}",
        )

    session.out.result(document, human)

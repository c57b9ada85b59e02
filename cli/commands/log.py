"""`muniment log`, `proof`, `audit` and `stats`."""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.commands.options import DRAFT, FORCE, OUT, YES
from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from cli.times import format_local
from cli.words import show_word
from ledger.core.types import Json, SubjectKey

_RANDOM = re.compile("(?<=/)([a-z2-7]{8})[a-z2-7]{18}$")


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    log = typer.Typer(help=say("The log itself.", "日志。"), no_args_is_help=True)
    log.command(
        "checkpoint", help=say("Print the newest signed checkpoint.", "输出最新签名检查点。")
    )(checkpoint)
    log.command("show", help=say("Show a leaf.\n\nExample: muniment log show 0", "显示一条日志。"))(
        show
    )
    log.command("tail", help=say("Show the newest leaves.", "显示最新的日志条目。"))(tail)
    log.command("export", help=say("Write all leaves as NDJSON.", "将全部条目导出为 NDJSON。"))(
        export
    )
    log.command(
        "rotate",
        help=say(
            "Let the log sign with a new key from the next block on.\n\nOperator and regulator sign; that one checkpoint is signed by both keys. Whoever verifies needs the new policy line afterwards: give it to them, and keep the old line only beside a quorum of witnesses.\n\nExample: muniment log rotate --yes",
            "更换日志的签署密钥，自下一区块起生效。\n\n由运营方与监管方签署；该检查点由新旧密钥共同签署。\n\n此后验证方须使用新的策略行，请告知各方。\n\n旧策略行仅可与见证方的法定数并用。\n\n示例：muniment log rotate --yes",
        ),
    )(rotate)
    app.add_typer(log, name="log")
    proof = typer.Typer(help=say("Proofs by hand.", "手工生成证明。"), no_args_is_help=True)
    proof.command(
        "inclusion", help=say("Write a .tlog-proof of a leaf.", "生成某条目的 .tlog-proof。")
    )(inclusion)
    proof.command("consistency", help=say("Show that the log only grew.", "证明日志只增不改。"))(
        consistency
    )
    proof.command("absence", help=say("Prove that a subject is not there.", "证明某主题不存在。"))(
        absence
    )
    app.add_typer(proof, name="proof")
    app.command("stats", help=say("Count what there is.", "统计信息。"))(stats)


def checkpoint(context: typer.Context) -> None:
    from ledger.core.checkpoint import parse_signed_checkpoint

    session: Session = context.obj
    with session.registry() as registry:
        note = registry.prover().anchor.note
    body = parse_signed_checkpoint(note).body
    document: Json = {
        "origin": body.origin,
        "size": body.size,
        "root": body.root.hex(),
        "note": note.decode(),
    }
    session.out.result(document, lambda: print(note.decode(), end=""))


def show(
    context: typer.Context,
    index: Annotated[int, typer.Argument(min=0, help=say("Index of the leaf.", "条目序号。"))],
) -> None:
    import json

    session: Session = context.obj
    with session.registry() as registry:
        registry.read_leaf(index)
        (leaf,) = registry.read_leaves(index, index + 1)
    content = json.loads(leaf)
    session.out.result(
        {"index": index, "leaf": content},
        lambda: print(json.dumps(content, ensure_ascii=False, indent=2)),
    )


def tail(
    context: typer.Context,
    count: Annotated[
        int, typer.Option("-n", min=1, max=10_000, help=say("How many.", "条数。"))
    ] = 10,
) -> None:
    from ledger.core.entry import Entry, decode_leaf

    session: Session = context.obj
    with session.registry() as registry:
        size = registry.read_end().size
        first = max(size - count, 0)
        leaves = registry.read_leaves(first, size)
    items: list[Json] = []
    rows: list[tuple[str, str, str, str]] = []
    for index, leaf in enumerate(leaves, start=first):
        content = decode_leaf(leaf)
        is_entry = isinstance(content, Entry)
        kind = content.signed.event.kind if isinstance(content, Entry) else "seal"
        about = content.signed.event.subjects if isinstance(content, Entry) else ()
        items.append({"index": index, "kind": kind, "time": content.time, "is_entry": is_entry})
        rows.append((str(index), format_local(content.time), kind, _show_subjects(about)))
    headers = [
        say("index", "序号"),
        say("time", "时间"),
        say("kind", "种类"),
        say("subjects", "主题"),
    ]
    session.out.result(
        {"items": items, "next": None}, lambda: session.out.list(headers, rows, whole=3)
    )


def _show_subjects(subjects: "Sequence[SubjectKey]") -> str:
    """Subjects of a leaf; on a terminal random ones by a beginning that commands accept."""
    if not sys.stdout.isatty():
        return ", ".join(subjects)
    return " ".join(_RANDOM.sub(r"\1", subject) for subject in subjects)


def export(
    context: typer.Context,
    out: Annotated[
        str, typer.Option("--out", help=say("File, - for stdout.", "文件，- 为标准输出。"))
    ] = "-",
    force: Annotated[bool, FORCE] = False,
) -> None:
    session: Session = context.obj
    from cli.exporting import export_log

    if out == "-" and session.out.is_json:
        raise UsageError(
            say(
                "the log is NDJSON, not one document: give --out FILE, or leave --json away",
                "日志为 NDJSON，而非一个文档：请给出 --out 文件，或去掉 --json",
            )
        )
    with session.registry() as registry:
        size = export_log(session, registry, None if out == "-" else Path(out), force=force)
    if out != "-":
        session.out.result({"leaves": size, "file": out}, lambda: print(f"{size}  {out}"))


def rotate(
    context: typer.Context,
    out: Annotated[Path | None, DRAFT] = None,
    yes: Annotated[bool, YES] = False,
) -> None:
    from cli.confirming import confirm
    from cli.rotating import rotate_log_key

    confirm(
        "after this nobody believes the log who has not its new policy line",
        "更换后，未取得新策略行者将不再采信本日志",
        is_sure=yes,
    )
    rotate_log_key(context.obj, out)


def inclusion(
    context: typer.Context,
    index: Annotated[int, typer.Argument(min=0, help=say("Index of the leaf.", "条目序号。"))],
    out: Annotated[Path | None, OUT] = None,
    entry: Annotated[
        Path | None, typer.Option(help=say("Also write the leaf's bytes.", "同时写出条目的字节。"))
    ] = None,
    receipt: Annotated[
        bool,
        typer.Option(
            "--receipt", help=say("Write a receipt with the leaf inside.", "写出含条目的回执。")
        ),
    ] = False,
    force: Annotated[bool, FORCE] = False,
) -> None:
    from cli.files import write_bytes, write_document
    from ledger.core.bundle import format_receipt
    from ledger.core.tlogproof import format_tlog_proof

    session: Session = context.obj
    with session.registry() as registry:
        made = registry.prover().prove_leaf(index)
    text = format_tlog_proof(made.proof)
    if entry is not None:
        write_bytes(entry, made.leaf, force=force)
    if out is not None and receipt:
        write_document(out, format_receipt(made), force=force)
    elif out is not None:
        write_bytes(out, text, force=force)
    document: dict[str, Json] = {"index": index, "proof": text.decode()}
    if out is not None:
        document["file"] = str(out)
    session.out.result(
        document,
        lambda: print(out if out is not None else text.decode(), end="" if out is None else "\n"),
    )


def consistency(
    context: typer.Context,
    old: Annotated[int, typer.Argument(min=0, help=say("Earlier size.", "较早的大小。"))],
    new: Annotated[
        int | None,
        typer.Argument(
            min=0, help=say("Later size (default: newest).", "较晚的大小（默认最新）。")
        ),
    ] = None,
) -> None:
    from ledger.core.text import format_base64

    session: Session = context.obj
    with session.registry() as registry:
        prover = registry.prover()
        later = prover.anchor.size if new is None else new
        path = prover.prove_growth(old, later)
    hashes: list[Json] = [format_base64(digest) for digest in path]
    document: Json = {"old": old, "new": later, "path": hashes}

    def human() -> None:
        print(f"{old} -> {later}")
        for digest in hashes:
            print(digest)

    session.out.result(document, human)


def absence(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help=say("A whole subject key.", "完整的主题标识。"))],
    out: Annotated[Path | None, OUT] = None,
    force: Annotated[bool, FORCE] = False,
) -> None:
    import json

    from cli.files import write_document
    from ledger.core.bundle import format_state_bundle
    from ledger.core.subjects import parse_subject
    from ledger.errors import ExistsError

    session: Session = context.obj
    with session.registry() as registry:
        bundle = registry.prover().prove_state(parse_subject(key))
    if bundle.value is not None:
        raise ExistsError(
            say(
                f"{key} is on the ledger: its absence cannot be proved",
                f"{key} 在账本上，无法证明其不存在",
            )
        )
    document = format_state_bundle(bundle)
    if out is not None:
        write_document(out, document, force=force)
        session.out.result({"subject": key, "file": str(out)}, lambda: print(out))
    else:
        session.out.result(
            document, lambda: print(json.dumps(document, ensure_ascii=False, indent=2))
        )


def stats(context: typer.Context) -> None:
    session: Session = context.obj
    with session.registry() as registry:
        end = registry.read_end()
        ledger = registry.ledger
        files = {"ledger.db": registry.home.ledger, "vault.db": registry.home.vault}
        sizes = {name: path.stat().st_size for name, path in files.items() if path.exists()}
    document: dict[str, Json] = {
        "origin": registry.origin,
        "profile": ledger.profile.name,
        "leaves": end.size,
        "entries": end.size - end.height,
        "blocks": end.height,
        "subjects": end.subjects,
        "last_time": end.time,
        "bytes": dict(sizes),
    }

    def human() -> None:
        rows = [
            (show_word(name), str(value))
            for name, value in document.items()
            if name not in ("bytes", "last_time")
        ]
        rows.append((show_word("last_time"), format_local(end.time)))
        rows += [(name, f"{size:,} bytes") for name, size in sizes.items()]
        session.out.table(registry.origin, rows)

    session.out.result(document, human)
    sys.stdout.flush()

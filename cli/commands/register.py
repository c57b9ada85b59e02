"""`muniment register` and `muniment fingerprint`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.exitcodes import UsageError
from cli.lang import say
from cli.output import show_plain
from cli.session import Session
from ledger.core.types import Json


def add_commands(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command("register", help=_HELP)(register)
    app.command("fingerprint", help=_FINGERPRINT_HELP)(fingerprint)


_HELP = say(
    "Register files as one asset.\n\n"
    "Files the application; under the solo profile straight through to the voucher.\n\n"
    "--form files a filled form of any of the five types, --batch each row of a table.\n\n"
    'Example: muniment register table.csv --title "Flights 2013" --right hold --right use\n\n'
    "Example: muniment register --template initial",
    "将一个或多个文件作为一项数据申请登记；单人试用时直接发证。\n\n"
    "--form 提交填写好的申请表（五类均可），--batch 按表格逐行提交。\n\n"
    "示例：muniment register table.csv --title 航班数据 --right hold --right use\n\n"
    "示例：muniment register --template initial",
)
_FINGERPRINT_HELP = say(
    "Show what identifies a file, exactly and by what is in it.\n\n"
    "A table (CSV, TSV, JSON Lines, XLSX, Parquet) has one digest however it is written; of "
    "registered files keyed sketches of rows, of pairs of cells and of columns are kept in the "
    "vault, which recognise parts, copies and edited copies. Other files have chunks, and text "
    "has runs of words. Nothing is written here.\n\n"
    "Example: muniment fingerprint table.csv",
    "显示文件的精确标识与内容指纹。\n\n"
    "表格无论以何种形式书写（CSV、TSV、JSON Lines、XLSX、Parquet），摘要相同。\n\n"
    "登记时在保险库中保存以密钥计算的行、单元格对与列的草图，\n\n"
    "用以识别节选、副本与改动后的副本。\n\n"
    "其他文件按字节分块，文本另取连续词语。本命令不写入任何内容。\n\n"
    "示例：muniment fingerprint table.csv",
)


_FILES = typer.Argument(metavar="file", help=say("Files, of any size.", "文件，大小不限。"))


def fingerprint(
    context: typer.Context,
    files: Annotated[list[Path], _FILES],
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", help=say("Only the SHA-256, as sha256sum.", "仅 SHA-256，同 sha256sum。")
        ),
    ] = False,
) -> None:
    from cli.fingerprints import fingerprint_files
    from cli.fingerprintview import fingerprint_json, print_fingerprint, read_contents

    session: Session = context.obj
    found = fingerprint_files(session, files)
    contents = [None] * len(files) if exact else read_contents(session, files, found)
    pairs = [*zip(found, contents, strict=True)]
    items: list[Json] = [
        {"file": str(path), **fingerprint_json(*each)}
        for path, each in zip(files, pairs, strict=True)
    ]

    def human() -> None:
        for path, (file, content) in zip(files, pairs, strict=True):
            print(f"{file.digest}  {show_plain(str(path))}")
            if content is not None:
                print_fingerprint(session, content)

    session.out.result({"items": items, "next": None}, human)


def _check_one_way(
    files: list[Path] | None, form: Path | None, batch: Path | None, template: str | None
) -> None:
    """Refuse more than one thing to register; a form may have files beside it.

    Raises:
        UsageError: There is more than one way.
    """
    named = {"--form": form, "--batch": batch, "--template": template}
    given = [name for name, value in named.items() if value is not None]
    if files and given != ["--form"]:
        given.append(say("files", "数据文件"))
    if len(given) > 1:
        raise UsageError(
            say(
                f"{', '.join(given)} do not go together: run the command once for each",
                f"{'、'.join(given)} 不能同时使用：请分别运行",
            ),
            "option_conflict",
        )


def register(
    context: typer.Context,
    files: Annotated[list[Path] | None, _FILES] = None,
    title: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Time, region, industry, content, kind.", "数据名称：时间、地域、行业、内容、类型。"
            )
        ),
    ] = None,
    right: Annotated[
        list[str] | None,
        typer.Option(
            help=say("hold, use or operate; may be repeated.", "hold、use 或 operate，可重复。"),
        ),
    ] = None,
    basis: Annotated[
        str | None, typer.Option(help=say("Where the rights come from.", "权利来源。"))
    ] = None,
    data_class: Annotated[
        str | None,
        typer.Option("--class", help=say("public, enterprise or personal.", "数据类别。")),
    ] = None,
    level: Annotated[
        str | None, typer.Option(help=say("general-1 to general-4, important.", "数据级别。"))
    ] = None,
    as_party: Annotated[
        str | None, typer.Option("--as", help=say("Party that files.", "申请主体。"))
    ] = None,
    summary: Annotated[str | None, typer.Option(help=say("In words.", "数据概述。"))] = None,
    industry: Annotated[str | None, typer.Option(help=say("GB/T 4754.", "所属行业。"))] = None,
    source: Annotated[str | None, typer.Option(help=say("Source.", "数据来源。"))] = None,
    evidence: Annotated[
        Path | None,
        typer.Option(help=say("Contract or undertaking the rights rest on.", "权利依据文件。")),
    ] = None,
    years: Annotated[
        int | None, typer.Option(help=say("Validity, at most 5.", "有效期（年），最长 5 年。"))
    ] = None,
    no_resale: Annotated[
        bool, typer.Option("--no-resale", help=say("Forbid resale.", "不允许再次转售。"))
    ] = False,
    publish_digest: Annotated[
        bool,
        typer.Option("--publish-digest", help=say("Publish the files' SHA-256.", "公布文件摘要。")),
    ] = False,
    form: Annotated[
        Path | None,
        typer.Option(help=say("A filled form: TOML or JSON.", "填写好的申请表：TOML 或 JSON。")),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Print an empty form: initial, transfer, change, renewal or cancellation; or batch.",
                "打印空白申请表，如 initial、transfer； batch 为批量表格。",
            )
        ),
    ] = None,
    batch: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "A table of applications: CSV with a header, or JSON Lines.",
                "批量申请表格：带表头的 CSV，或 JSON Lines。",
            )
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help=say("Check, and file nothing.", "只检查，不提交。")),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help=say("The draft's file, if others sign too.", "尚待他人签署时的草稿文件。")
        ),
    ] = None,
) -> None:
    """Register from options, from a form, or from a table.

    Raises:
        UsageError: There is nothing to register, or more than one way to.
    """
    session: Session = context.obj
    _check_one_way(files, form, batch, template)
    if template is not None:
        from cli.forms import print_template

        print_template(template)
        return
    if batch is not None:
        from cli.batching import BatchOptions, register_batch

        register_batch(session, BatchOptions(batch, as_party, publish_digest, dry_run))
        return
    if form is not None:
        from cli.forms import FormOptions, register_form

        options = FormOptions(
            form=form,
            files=tuple(files or ()),
            party=as_party,
            publishes_digest=publish_digest,
            is_dry=dry_run,
            out=out,
        )
        register_form(session, options)
        return
    if not files or dry_run:
        raise UsageError(
            say(
                "name the files to register, or --form FILE, or --batch FILE; --dry-run is for forms "
                "and batches",
                "请指明要登记的文件，或 --form 申请表，或 --batch 表格；--dry-run 仅用于后两者",
            ),
            "files_required",
        )
    from cli.fingerprints import fingerprint_files
    from cli.registering import Wishes, register_files, show_registered

    fingerprints = fingerprint_files(session, files)
    contract = fingerprint_files(session, [evidence])[0].digest if evidence is not None else None
    wishes = Wishes(
        title=title,
        rights=tuple(right or ()),
        basis=basis,
        data_class=data_class,
        level=level,
        party=as_party,
        summary=summary,
        industry=industry,
        source=source,
        evidence=contract,
        years=years,
        is_resale_forbidden=no_resale,
        publishes_digest=publish_digest,
        default_title=files[0].name.encode(errors="surrogateescape").decode(errors="replace"),
    )
    with session.registry(is_writer=True) as registry:
        done = register_files(session, registry, wishes, fingerprints, files)
    if done is not None:
        show_registered(session, done)

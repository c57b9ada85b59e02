"""The console script: global options, commands, and where errors become words and exit codes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.exitcodes import Exit, UsageError, exit_for
from cli.lang import LANGUAGES, find_language, say, set_language, use_utf8
from cli.output import Output
from cli.session import Session
from cli.settings import (
    Settings,
    default_home,
    hoist_global_options,
    read_environment,
)
from ledger.errors import LedgerError


def create_app() -> typer.Typer:
    """The command line, in the language chosen before."""
    from cli.commands import (
        founding,
        keys,
        lists,
        log,
        party,
        query,
        register,
        registration,
        storage,
        verify,
        voucher,
    )

    app = typer.Typer(
        name="muniment",
        help=say(
            "A registry for data property rights on an append-only, verifiable ledger.",
            "数据产权登记系统：只增不改、可独立验证的账本。",
        ),
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_globals)
    for module in (founding, register, verify, query, log, storage):
        module.add_commands(app)
    for name, module in (
        ("key", keys),
        ("list", lists),
        ("party", party),
        ("registration", registration),
        ("voucher", voucher),
    ):
        app.add_typer(module.create_group(), name=name)
    return app


def _globals(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(help=say("Home folder (or MUNIMENT_HOME).", "数据目录（或 MUNIMENT_HOME）。")),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(help=say("Work against a node (not yet).", "连接节点（尚未提供）。")),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help=say("One JSON document on stdout.", "在标准输出打印一个 JSON 文档。")
        ),
    ] = False,
    lang: Annotated[str | None, typer.Option(help=say("en or zh-CN.", "en 或 zh-CN。"))] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help=say("Say nothing but results.", "只输出结果。"))
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option("--verbose", "-v", help=say("Say more; traces of bugs.", "输出更多信息。")),
    ] = False,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "File whose first line opens the keys (or MUNIMENT_PASSPHRASE_FILE).",
                "首行为密钥口令的文件（或 MUNIMENT_PASSPHRASE_FILE）。",
            )
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _print_version() if value else None,
            is_eager=True,
            help=say("Print the version.", "显示版本。"),
        ),
    ] = False,
) -> None:
    if node is not None:
        raise UsageError(say("--node is not there yet: work with --home", "尚不支持 --node"))
    environment = read_environment()
    named = environment.get("MUNIMENT_PASSPHRASE_FILE")
    settings = Settings(
        home=home if home is not None else default_home(environment),
        passphrase_file=passphrase_file or (Path(named) if named else None),
        is_json=json,
        is_quiet=quiet,
        verbosity=int(verbose),
    )
    context.obj = Session(settings)


def _print_version() -> None:
    from importlib.metadata import version

    print(f"muniment {version('muniment')}")
    raise typer.Exit


def run() -> None:
    """Console script: the one place that turns errors into words and exit codes."""
    use_utf8()
    environment = read_environment()
    locale = next(
        (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)),
        "",
    )
    sys.exit(main(sys.argv[1:], locale))


def main(argv: list[str], locale: str = "") -> int:
    """Run the program.

    Args:
        argv: Arguments without the program's name.
        locale: Value of LC_ALL, LC_MESSAGES or LANG.

    Returns:
        The exit code.
    """
    out = Output(is_json="--json" in argv, is_quiet=False)
    try:
        return _invoke(argv, locale)
    except LedgerError as exc:
        out.error(exc)
        return exit_for(exc)
    except typer.TyperException as exc:
        return _show_usage(out, exc)
    except (KeyboardInterrupt, typer.Abort):
        print(say("interrupted", "已中断"), file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return Exit.DONE
    except Exception as exc:  # the border: our own bug, with a report to copy
        return _report_bug(exc, is_verbose="-v" in argv or "--verbose" in argv)


def _invoke(argv: list[str], locale: str) -> int:
    language = find_language(argv, locale)
    if language not in LANGUAGES:
        raise UsageError(f"--lang is {' or '.join(LANGUAGES)}, not {language[:20]}")
    set_language(language)
    try:
        code = create_app()(hoist_global_options(argv), standalone_mode=False)
    except typer.Exit as exc:
        return exc.exit_code
    return code if isinstance(code, int) else Exit.DONE


def _show_usage(out: Output, exc: typer.TyperException) -> int:
    if out.is_json:
        out.error(UsageError(exc.format_message()))
    else:
        show = getattr(exc, "show", None)  # a usage error knows its command
        if show is None:
            print(f"muniment: {exc.format_message()}", file=sys.stderr)
        else:
            show()
    return Exit.USAGE


def _report_bug(exc: Exception, *, is_verbose: bool) -> int:
    import platform
    import traceback

    frames = traceback.extract_tb(exc.__traceback__)
    where = "\n".join(f"  {Path(f.filename).name}:{f.lineno} {f.name}" for f in frames[-6:])
    print(
        say(
            "muniment: this is a bug in Muniment; nothing more was done. Please report:",
            "muniment：这是 Muniment 的程序错误，操作已停止。请报告以下内容：",
        ),
        f"  {type(exc).__name__} / Python {platform.python_version()} / {platform.system()}",
        where,
        sep="\n",
        file=sys.stderr,
    )
    if is_verbose:
        traceback.print_exception(exc)
    return Exit.BUG

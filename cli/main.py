"""The console script: global options, commands, and where errors become words and exit codes."""

import os
import sys
from pathlib import Path

import typer

from cli.examples import add_examples
from cli.exitcodes import Exit, UsageError, exit_for
from cli.lang import LANGUAGES, find_language, say, set_language, use_utf8
from cli.output import Output
from cli.settings import asks_for_json, hoist_global_options, read_environment
from cli.usage import adapt_help, show_usage_error
from ledger.errors import LedgerError, StoreFailedError

INTERRUPTED = 130
"""What shells give for a program that Ctrl-C ended."""


def create_app() -> typer.Typer:
    """The command line, in the language chosen before."""
    from cli.commands import (
        attest,
        auditor,
        deliver,
        demo,
        escrow,
        export,
        filing,
        founding,
        grant,
        join,
        keys,
        light,
        lists,
        log,
        mirror,
        objection,
        options,
        order,
        party,
        pledge,
        policy,
        profile,
        query,
        register,
        registration,
        report,
        serve,
        storage,
        tiles,
        trace,
        transfer,
        use,
        vault,
        verify,
        voucher,
        wallet,
        watch,
        witness,
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
    app.callback()(options.read_options)
    for module in (
        founding,
        join,
        register,
        transfer,
        deliver,
        pledge,
        objection,
        verify,
        query,
        watch,
        log,
        report,
        storage,
        serve,
        demo,
    ):
        module.add_commands(app)
    for name, module in (
        ("attest", attest),
        ("auditor", auditor),
        ("escrow", escrow),
        ("export", export),
        ("filing", filing),
        ("grant", grant),
        ("key", keys),
        ("light", light),
        ("mirror", mirror),
        ("list", lists),
        ("objection", objection),
        ("order", order),
        ("party", party),
        ("policy", policy),
        ("profile", profile),
        ("registration", registration),
        ("tiles", tiles),
        ("trace", trace),
        ("use", use),
        ("vault", vault),
        ("voucher", voucher),
        ("wallet", wallet),
        ("witness", witness),
    ):
        app.add_typer(module.create_group(), name=name)
    add_examples(app)
    adapt_help(app)
    return app


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
    out = Output(is_json=asks_for_json(argv), is_quiet=False)
    try:
        return _invoke(argv, locale)
    except (LedgerError, typer.TyperException) as exc:
        return _show_refusal(out, exc)
    except (KeyboardInterrupt, typer.Abort):
        print(say("interrupted", "已中断"), file=sys.stderr)
        return INTERRUPTED
    except OSError as exc:
        return _show_system_error(out, exc)
    except Exception as exc:  # the border: our own bug, with a report to copy
        return _report_bug(out, exc, is_verbose="-v" in argv or "--verbose" in argv)


def _invoke(argv: list[str], locale: str) -> int:
    language = find_language(argv, locale)
    if language not in LANGUAGES:
        raise UsageError(f"--lang is {' or '.join(LANGUAGES)}, not {language[:20]}")
    set_language(language)
    try:
        code = create_app()(hoist_global_options(argv), prog_name="muniment", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit as exc:  # how the option parser answers a closed pipe
        if isinstance(exc.__context__, OSError):
            raise exc.__context__ from None
        raise
    if code == INTERRUPTED:  # what the option parser makes of Ctrl-C
        raise KeyboardInterrupt
    return code if isinstance(code, int) else Exit.DONE


def _show_refusal(out: Output, exc: LedgerError | typer.TyperException) -> int:
    if isinstance(exc, LedgerError):
        out.error(exc)
        return exit_for(exc)
    return show_usage_error(out, exc)


def _show_system_error(out: Output, exc: OSError) -> int:
    """A folder we may not read, a full disk behind stdout, a reader of our output that left."""
    if exc.filename is None:  # what is still buffered would fail again when we end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(exc, BrokenPipeError):
        return Exit.DONE
    what = str(exc.filename or "the output")[:200]
    out.error(StoreFailedError(f"cannot read or write {what}: {exc.strerror}"))
    return Exit.TRY_LATER


def _report_bug(out: Output, exc: Exception, *, is_verbose: bool) -> int:
    import platform
    import traceback

    frames = traceback.extract_tb(exc.__traceback__)
    where = "\n".join(f"  {Path(f.filename).name}:{f.lineno} {f.name}" for f in frames[-6:])
    headline = say(
        "this is a bug in Muniment; nothing more was done. Please report:",
        "这是 Muniment 的程序错误，操作已停止。请报告以下内容：",
    )
    system = f"Python {platform.python_version()} / {platform.system()}"
    print(
        f"muniment{say(': ', '：')}{headline}",
        f"  {type(exc).__name__} / {system}",
        where,
        sep="\n",
        file=sys.stderr,
    )
    if out.is_json:
        out.show_error({"code": "bug", "message": f"{type(exc).__name__}: see stderr"})
    if is_verbose:
        traceback.print_exception(exc)
    return Exit.BUG

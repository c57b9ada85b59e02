"""The options that stand before or after any command, and what several commands take.

Imported only once the language is chosen, as the commands are: their help is made then.
"""

from pathlib import Path
from typing import Annotated

import typer
from typer.models import OptionInfo

from cli.lang import say
from cli.session import Session
from cli.settings import Settings, default_home, read_environment

ASSET = typer.Argument(
    help=say("Asset: key, title or voucher number.", "数据：标识、名称或凭证编号。")
)
REGISTRATION = typer.Argument(
    help=say("Registration: key or its beginning.", "登记：标识或其开头。")
)
VOUCHER = typer.Argument(help=say("Number of the voucher.", "凭证编号。"))
RIGHT = typer.Option(help=say("hold, use or operate; repeat.", "hold、use 或 operate，可重复。"))
PUBLIC_TEXT = typer.Option(
    help=say("In words, public: never a person's name.", "公开的文字说明，不得含自然人姓名。")
)
REASONS = typer.Option(help=say("In words.", "理由。"))
GROUND = typer.Option(help=say("Why.", "理由。"))
OUT = typer.Option("--out", help=say("File to write.", "输出文件。"))
DRAFT = typer.Option(
    "--out", help=say("Draft file, if a key is elsewhere.", "草稿文件（有密钥在别处时）。")
)
OFFICER_DRAFT = typer.Option(
    "--out",
    help=say(
        "Draft file, if another officer's key is elsewhere.", "草稿文件（另一经办人密钥在别处时）。"
    ),
)
YES = typer.Option("--yes", help=say("Do it; it cannot be undone.", "确认执行；执行后无法撤销。"))
FORCE = typer.Option("--force", help=say("Overwrite other content.", "覆盖已有内容。"))
FORM = typer.Option(
    "--application",
    help=say(
        "Also what the application says and is not public, from this home's vault.",
        "同时显示申请内容中未公开的部分（取自本目录的保险库）。",
    ),
)
HOST = typer.Option(help=say("Address to listen on.", "监听地址。"))
PORT = typer.Option(
    min=0, max=65535, help=say("Port; 0: one that is free.", "端口；0 为任一空闲端口。")
)
UDS = typer.Option(
    "--uds", help=say("UNIX socket to listen on instead.", "改为监听此 UNIX 套接字。")
)
EVERY = typer.Option(
    metavar="SECONDS",
    min=1,
    max=86_400,
    help=say("Pause between two rounds.", "两次检查之间的间隔（秒）。"),
)
LIMIT = typer.Option(min=1, max=10_000, help=say("At most so many.", "最多条数。"))


def file_or_digest(en: str, zh: str) -> OptionInfo:
    """An option that takes a file or the digest of one.

    Args:
        en: Its help.
        zh: The same in Chinese.
    """
    option: OptionInfo = typer.Option(metavar="FILE|DIGEST", help=say(en, zh))
    return option


def read_options(
    context: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option(help=say("Home folder (or MUNIMENT_HOME).", "数据目录（或 MUNIMENT_HOME）。")),
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Work against a node, by its URL (or MUNIMENT_NODE).",
                "通过节点网址操作（或 MUNIMENT_NODE）。",
            )
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json", help=say("One JSON document on stdout.", "在标准输出打印一个 JSON 文档。")
        ),
    ] = False,
    lang: Annotated[  # noqa: ARG001  # read before all else, see cli.lang
        str | None, typer.Option(help=say("en or zh-CN.", "en 或 zh-CN。"))
    ] = None,
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
                "首行为口令的文件（或 MUNIMENT_PASSPHRASE_FILE）。",
            )
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001  # its callback ends the program
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _print_version() if value else None,
            is_eager=True,
            help=say("Print the version.", "显示版本。"),
        ),
    ] = False,
) -> None:
    """Put what the options say where every command finds it."""
    environment = read_environment()
    named = environment.get("MUNIMENT_PASSPHRASE_FILE")
    settings = Settings(
        home=home if home is not None else default_home(environment),
        node=(environment.get("MUNIMENT_NODE") if node is None else node) or None,
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

"""`muniment serve`."""

import json
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.options import HOST, PORT, UDS
from cli.exitcodes import UsageError
from cli.lang import say
from cli.listening import need_extra
from cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from node.server.node import Node

_EXAMPLE = "muniment serve --port 8080"
_HELP = say(
    "Serve the registry of the home folder over HTTP, until Ctrl-C or SIGTERM.\n\n"
    "Takes signed events, answers reads with proofs, serves the log's tiles and asks the witnesses of trust.policy for cosignatures. What it has accepted is finished before it stops. The public reaches it through a proxy that does TLS: see docs/operating.md.\n\n"
    f"Example: {_EXAMPLE}",
    "将本目录的登记系统以 HTTP 提供服务，直至 Ctrl-C 或 SIGTERM。\n\n"
    "接收已签名事件，以证明回应查询，提供日志分块，并请策略中的见证方联署。\n\n"
    "停止前先完成已接收的事件。对外应经由处理 TLS 的代理：见 docs/operating.md。\n\n"
    f"示例：{_EXAMPLE}",
)


def add_commands(app: typer.Typer) -> None:
    """Add the command to the app."""
    app.command("serve", help=_HELP)(serve)


def serve(
    context: typer.Context,
    host: Annotated[str, HOST] = "127.0.0.1",
    port: Annotated[int, PORT] = 8080,
    uds: Annotated[Path | None, UDS] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help=say("Bounds, as TOML.", "各项上限（TOML 文件）。")
        ),
    ] = None,
    log_format: Annotated[
        str, typer.Option(metavar="json|text", help=say("Of the log.", "日志格式。"))
    ] = "json",
) -> None:
    need_extra()
    from node.server.app import create_app  # heavy
    from node.server.logs import FORMATS, set_up_logs
    from node.server.node import open_node
    from node.server.settings import NodeSettings, load_settings
    from node.serving import Hooks
    from node.serving import serve as serve_app

    session: Session = context.obj
    session.refuse_node("serve")
    if log_format not in FORMATS:
        raise UsageError(
            say("--log-format is json or text", "--log-format 为 json 或 text"), "log_format"
        )
    settings = NodeSettings() if config is None else load_settings(config)
    with open_node(session.settings.home, session.passphrase(), settings) as node:
        set_up_logs(log_format, is_quiet=session.settings.is_quiet)
        with _told(session, node) as tell:
            serve_app(
                create_app(node),
                host=host,
                port=port,
                uds=uds,
                hooks=Hooks(
                    ready=tell,
                    around=node.run,
                    stopping=node.begin_stop,
                    has_to_stop=lambda: node.failure is not None,
                ),
                limits=settings.server,
            )
        if node.failure is not None:
            raise node.failure
        session.out.talk("stopped; everything accepted is written", "已停止；已接收的均已写入")


@contextmanager
def _told(session: Session, node: "Node") -> "Iterator[Callable[[str], None]]":
    """Says the address when the node is ready, to people, programs and this home's commands."""
    from ledger.files import replace_file

    path = node.registry.home.node_url

    def tell(url: str) -> None:
        replace_file(path, f"{url}\n".encode(), 0o644)
        size = node.registry.read_end().size
        document = {"url": url, "origin": node.registry.origin, "size": size}
        if session.out.is_json:
            print(json.dumps(document), flush=True)
        session.out.talk(
            f"{node.registry.origin} is served at {url}; Ctrl-C stops it",
            f"{node.registry.origin} 的服务地址：{url}；按 Ctrl-C 停止",
        )

    try:
        yield tell
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)

"""What commands that serve over HTTP share: where to listen, and what is said once they do."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exitcodes import UsageError
from cli.lang import say
from cli.session import Session
from ledger.core.types import JsonObject

if TYPE_CHECKING:
    from node.asgi import App
    from node.following.loop import Loop


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen: a host and port, or a UNIX socket."""

    host: str
    port: int
    uds: Path | None


def need_extra() -> None:
    """Make sure that what serves HTTP is installed.

    Raises:
        UsageError: It is not.
    """
    from importlib.util import find_spec

    for name in ("fastapi", "httptools", "prometheus_client", "uvicorn", "uvloop"):
        if find_spec(name) is None:
            raise UsageError(
                say(
                    f"serving needs {name}, which is not installed: pip install 'muniment[node]'",
                    f"提供服务需要 {name}，尚未安装：pip install 'muniment[node]'",
                ),
                "extra_missing",
            )


def serve_beside(
    session: Session, app: "App", place: Place, loop: "Loop | None", told: JsonObject
) -> None:
    """Serve an application until a signal, with a loop beside it.

    Args:
        session: Prints the address: one line of JSON on stdout under --json.
        app: To serve.
        place: Where.
        loop: Runs beside it; None: nothing does.
        told: What else programs are told.

    Raises:
        UsageError: What serves HTTP is not installed.
        UnavailableError: The address is taken.
        LedgerError: What ended the loop.
    """
    need_extra()
    from node.server.logs import set_up_logs
    from node.serving import Hooks, serve

    def tell(url: str) -> None:
        if session.out.is_json:
            print(json.dumps({"url": url, **told}, ensure_ascii=False), flush=True)
        session.out.talk(f"listens on {url}; Ctrl-C stops it", f"服务地址：{url}；按 Ctrl-C 停止")

    set_up_logs("text", is_quiet=session.settings.is_quiet)
    hooks = Hooks(ready=tell)
    if loop is not None:
        hooks = Hooks(ready=tell, around=loop.beside, has_to_stop=loop.has_failed)
    serve(app, host=place.host, port=place.port, uds=place.uds, hooks=hooks)
    if loop is not None and loop.failure is not None:
        raise loop.failure

"""A node in a thread of the test process, on a UNIX socket."""

import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from node.server.app import create_app
from node.server.node import open_node
from node.server.settings import NodeSettings
from node.serving import Hooks, serve

DEADLINE_S = 120


@contextmanager
def run_node(home, settings=None):
    """Serve the registry in a home folder while the context lasts; gives its address."""
    found, failures, stop = [], [], threading.Event()
    ready = threading.Event()
    with tempfile.TemporaryDirectory(prefix="m") as folder:  # the path of a socket has to be short

        def note(url):
            found.append(url)
            ready.set()

        def run():
            try:
                with open_node(home, None, settings or NodeSettings()) as node:
                    hooks = Hooks(
                        ready=note,
                        around=node.run,
                        stopping=node.begin_stop,
                        has_to_stop=stop.is_set,
                    )
                    serve(create_app(node), uds=Path(folder, "s"), hooks=hooks)
            except BaseException as exc:  # noqa: BLE001  # told to the test
                failures.append(exc)
            finally:
                ready.set()

        thread = threading.Thread(target=run, name="node")
        thread.start()
        try:
            assert ready.wait(DEADLINE_S)
            if failures:
                raise failures[0]
            yield found[0]
        finally:
            stop.set()
            thread.join(DEADLINE_S)
            assert not thread.is_alive()
            assert not failures, failures

"""A node in this process: its event loop in a thread, asked without a socket."""

import asyncio
import threading
from contextlib import contextmanager

import httpx2

from node.server.app import create_app
from node.server.node import open_node
from node.server.settings import NodeSettings

DEADLINE_S = 120


class Site:
    """A running node, and how to ask it.

    Args:
        node: Opened.
        loop: Runs in another thread.
    """

    def __init__(self, node, loop):
        self.node = node
        self.app = create_app(node)
        self.loop = loop
        self._client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.app), base_url="http://node"
        )

    def run(self, work):
        """What a coroutine gives that runs in the node's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(DEADLINE_S)

    def ask(self, method, path, **more):
        """The response to a request."""
        return self.run(self._client.request(method, path, **more))

    def get(self, path, **headers):
        """The response to a GET."""
        return self.ask("GET", path, headers=headers)

    def json(self, path, status=200):
        """The document that a GET answers with this status."""
        response = self.get(path)
        assert response.status_code == status, response.text
        return response.json()

    def problem(self, path, status, method="GET", **more):
        """The problem that a request is answered with; RFC 9457."""
        response = self.ask(method, path, **more)
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert response.headers["cache-control"] == "no-store"
        problem = response.json()
        assert problem["status"] == status
        assert problem["type"] == f"urn:muniment:problem:{problem['code']}"
        assert problem["title"]
        assert problem["detail"]
        return problem


@contextmanager
def open_site(home, settings=None, clock=None):
    """A node on a home folder, running while the context lasts."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        with open_node(home, None, settings or NodeSettings(), clock=clock) as node:
            site = Site(node, loop)
            running = node.run()
            site.run(running.__aenter__())
            try:
                yield site
            finally:
                site.run(running.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(DEADLINE_S)
        loop.close()

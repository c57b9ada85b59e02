"""A client of a node in tests: over its real socket, with somebody in between who may lie."""

from contextlib import closing, contextmanager

import httpx2

from ledger.clock import SystemClock
from ledger.core.policy import parse_policy
from ledger.keys import KeyRing
from ledger.light.client import LightClient
from ledger.light.state import StateFile
from node.home import Home
from node.remote.client import NodeClient
from node.remote.registry import HttpRegistry, Link


class Between(httpx2.BaseTransport):
    """Passes requests on to a node, and its answers back through whatever a test puts there.

    Args:
        url: Of the node: a UNIX socket.
    """

    def __init__(self, url):
        self._real = httpx2.HTTPTransport(uds=url.removeprefix("unix:"))
        self.asked = []
        self.change = None
        """Takes the request's path with its query, the status and the body; gives the body."""
        self.fail = None
        """Takes the request's path; raises where the connection breaks, after it was answered."""

    def handle_request(self, request):
        path = request.url.raw_path.decode().removeprefix("/")
        self.asked.append((request.method, path, request.read()))
        answer = self._real.handle_request(request)
        body = answer.read()
        headers = {"content-encoding", "content-length"}
        kept = [pair for pair in answer.headers.items() if pair[0].lower() not in headers]
        if self.fail is not None:
            self.fail(path)
        if self.change is not None:
            body = self.change(path, answer.status_code, body)
        return stream(answer.status_code, body, kept)

    def close(self):
        self._real.close()


def stream(status, body=b"", headers=()):
    """An answer as a server gives it, of which nothing was read yet."""
    return httpx2.Response(status, headers=list(headers), stream=httpx2.ByteStream(body))


@contextmanager
def open_client(url, path, between=None, policy=None):
    """The registry behind a node, for a home.

    Args:
        url: Of the node.
        path: The client's home.
        between: Who stands in between; None: nobody.
        policy: Bytes; None: the home's.
    """
    home = Home(path)
    trusted = parse_policy(home.policy.read_bytes() if policy is None else policy)
    with closing(NodeClient(url, transport=between)) as client:
        light = LightClient(trusted, client, StateFile(home.remote_state), SystemClock())
        link = Link(client, trusted, lambda: light.follow_once().opened)
        claims = []
        registry = HttpRegistry(
            link, home, KeyRing(home.keys, None), SystemClock(), lambda: claims.append(1)
        )
        registry.claims = claims
        yield registry

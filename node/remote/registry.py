"""The registry behind a node: what it proves is verified, what it only claims is known as a claim.

States, histories, receipts and leaves are held against a checkpoint that the client's own policy
opened. Searching and listing cannot be proved: which subjects there are is the node's claim.
"""

import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import quote

from typing_extensions import override

from ledger.clock import Clock
from ledger.core.bundle import parse_receipt, verify_receipt
from ledger.core.canonical import decode_bundle
from ledger.core.entry import Entry
from ledger.core.event import SignedEvent
from ledger.core.fork import encode_fork, find_fork
from ledger.core.limits import MAX_BUNDLE_BYTES, MAX_REQUEST_BYTES
from ledger.core.members import take_count, take_text
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.policy import Policy
from ledger.core.rules import Listing, Step
from ledger.core.state import StateValue
from ledger.core.subjects import parse_subject
from ledger.core.tiles import TileNodeReader
from ledger.core.types import (
    DidKey,
    Json,
    JsonObject,
    LeafIndex,
    SubjectKey,
    TreeSize,
    UnixMillis,
)
from ledger.errors import AnswerError, ForkError, InputError, NotFoundError, UnavailableError
from ledger.keys import KeyRing
from ledger.light.leaves import AuthenticTiles, FetchedTiles, read_leaves
from ledger.light.state import StateFile
from ledger.sequencer import Outcome, Submission
from node.home import Home
from node.registryapi import Listed, LogEnd, RegistryApi, Written
from node.remote.client import NodeClient
from node.remote.prover import RemoteProver, reading
from node.remote.states import ProvedStates
from node.remote.submitting import Submitter
from node.rulebundle import current_rules

_PAGE: Final = 1000
_MAX_TEXT: Final = 200
"""A node looks for no longer text; of a longer one for the words that fit."""
_PREFIX: Final = re.compile(r"[a-z]+/[A-Za-z0-9._:-]{0,120}")
_FEW: Final = 8
"""Up to so many leaves, or subjects found, are proved one by one."""
_MAX_SINCE: Final = 100_000
"""So many subjects may have come since the checkpoint by which a client counts them."""
_WAIT_S: Final = 10
_PAUSE_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Link:
    """How a client reaches a node, and what it believes of it.

    Args:
        client: The node.
        policy: The client's own; whatever it does not vouch for is not believed.
        follow: Gives the newest checkpoint of the node, as the policy opens it, held against what
            this client has trusted before.
    """

    client: NodeClient
    policy: Policy
    follow: Callable[[], VerifiedCheckpoint]


class HttpRegistry(RegistryApi):
    """A registry behind a node; use `open_remote`.

    Args:
        link: To the node.
        home: Where the client's keys, vault and policy lie.
        ring: The client's keys.
        clock: Read for events.
        on_claim: Called once, before the first thing that is the node's claim alone.

    Raises:
        VerificationError: What the node shows is not what the policy vouches for.
        UnavailableError: It does not answer.
    """

    def __init__(
        self,
        link: Link,
        home: Home,
        ring: KeyRing,
        clock: Clock,
        on_claim: Callable[[], None],
    ) -> None:
        super().__init__(home, ring, clock)
        self._client = link.client
        self._policy = link.policy
        self._on_claim: Callable[[], None] | None = on_claim
        self._follow = link.follow
        self._opened = link.follow()
        self._node_key: DidKey | None = None
        self._proofs: RemoteProver | None = None
        self._tiles: AuthenticTiles | None = None
        self._submitter = Submitter(link.client, home, link.policy)

    @property
    @override
    def origin(self) -> str:
        return self._opened.body.origin

    @override
    def read_end(self) -> LogEnd:
        seal = self.prover().seal
        return LogEnd(self._opened.body.size, seal.height + 1, seal.time, seal.state_size)

    @override
    def read_state(self, key: SubjectKey) -> StateValue | None:
        try:
            parse_subject(key)
        except InputError:  # what people typed need not be one: nothing can be there
            return None
        return self.prover().read_state(key)

    @override
    def iterate_events(self, key: SubjectKey) -> Iterator[tuple[LeafIndex, Entry]]:
        return self.prover().iterate_events(key)

    @override
    def read_listing(self, key: SubjectKey) -> Listing | None:
        value = self.read_state(key)
        return None if value is None else current_rules().describe(key, value.state)

    @override
    def iterate_listed(self, kinds: Collection[str]) -> Iterator[Listed]:
        for kind in sorted(kinds):
            for item in self._page(f"v1/listings?type={kind}", None):
                yield _take_listed(item, kind)

    @override
    def find_due(self) -> Collection[SubjectKey] | None:
        path = f"v1/registrations?limit={_PAGE}"
        page = self._ask_claim(path)
        with reading(path):
            items, total = page.get("items"), take_count(page.get("total"))
            listed = items if isinstance(items, list) else []
            found = [
                parse_subject(take_text(one.get("subject") if isinstance(one, dict) else None))
                for one in listed
            ]
        return frozenset(found) if len(found) == total else None

    @override
    def find_subjects(self, prefix: str, limit: int) -> Sequence[SubjectKey]:
        if not _PREFIX.fullmatch(prefix):  # nothing can begin so
            return []
        path = f"v1/subjects?prefix={quote(prefix, safe='/:')}"
        items = list(self._page(path, limit))
        with reading(path):
            return [parse_subject(take_text(each)) for each in items]

    @override
    def search(
        self, text: str, *, kind: str | None, limit: int
    ) -> Sequence[tuple[SubjectKey, Listing]]:
        asked = text if len(text) <= _MAX_TEXT else text[:_MAX_TEXT].rpartition(" ")[0]
        path = f"v1/search?q={quote(asked, safe='')}" + (f"&type={kind}" if kind else "")
        found = [_take_listed(item, kind or "") for item in self._page(path, limit)]
        if limit > _FEW:
            return [(each.key, Listing(each.label, each.status, each.terms)) for each in found]
        proved = [(each.key, self.read_listing(each.key)) for each in found]
        return [(key, listing) for key, listing in proved if listing is not None]

    @override
    def find_event(self, event_id: str) -> LeafIndex | None:
        try:
            data = self._client.get(f"v1/events/{event_id}", max_bytes=MAX_BUNDLE_BYTES)
        except NotFoundError:
            return None
        with reading(f"the event {event_id}"):
            receipt = parse_receipt(decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES))
        entry = receipt.content
        if not isinstance(entry, Entry) or entry.signed.id != event_id:
            raise AnswerError(f"the node answers with something else than the event {event_id}")
        verify_receipt(receipt, open_checkpoint(self._policy, receipt.proof.checkpoint))
        return receipt.proof.index

    @override
    def read_leaves(self, start: int, stop: int) -> Sequence[bytes]:
        prover = self.prover()
        stop = min(stop, prover.anchor.size)
        if not 0 <= start < stop:
            return []
        if stop - start <= _FEW:
            return [prover.prove_leaf(index).leaf for index in range(start, stop)]
        tree = self._opened.body
        if self._tiles is None:
            self._tiles = AuthenticTiles(FetchedTiles(self._client, tree.size), tree)
        found = read_leaves(self._client, start, stop, tree.size, tiles=self._tiles)
        return [leaf for _, leaf in found]

    @override
    def read_document(self, digest: str) -> bytes | None:
        try:
            data = self._client.get(f"v1/documents/{digest}", max_bytes=MAX_REQUEST_BYTES)
        except NotFoundError:
            return None
        if sha256(data).hexdigest() != digest:
            raise AnswerError(f"the node answers with another document than {digest}")
        return data

    @override
    def prover(self, size: int | None = None) -> RemoteProver:
        if size is None:
            if self._proofs is None:
                self._opened = self._await_checkpoint(self._submitter.needed)
                self._proofs, self._tiles = RemoteProver(self._client, self._opened), None
            return self._proofs
        path = f"v1/entries/0?size={size}"
        data = self._client.get(path, max_bytes=MAX_BUNDLE_BYTES)
        with reading(path):
            receipt = parse_receipt(decode_bundle(data, max_bytes=MAX_BUNDLE_BYTES))
        opened = open_checkpoint(self._policy, receipt.proof.checkpoint)
        if opened.body.size != size:
            raise AnswerError(f"the node answers at {opened.body.size} leaves, not at {size}")
        self._check_history(opened)
        return RemoteProver(self._client, opened)

    @override
    def next_step(self) -> Step:
        end = self.read_end()
        time = UnixMillis(max(self.clock.now(), end.time + 1))
        return Step(time, LeafIndex(end.size), ProvedStates(self.prover()))

    @override
    def submit_each(self, submissions: Sequence[Submission]) -> Sequence[Outcome]:
        node = self._find_node_key()
        try:
            outcomes = self._submitter.submit_each(submissions, node, self.origin)
        finally:
            self._proofs = None
        self._check_receipts()
        return outcomes

    @override
    def submit(
        self, events: Sequence[SignedEvent], documents: Mapping[str, bytes]
    ) -> Sequence[Written]:
        node = self._find_node_key()
        try:
            written = self._submitter.submit_together(events, documents, node, self.origin)
        finally:
            self._proofs = None
        self._check_receipts()
        return written

    def _check_receipts(self) -> None:
        """Hold the checkpoints of new receipts against the one that this client trusts.

        A receipt comes before witnesses could see its checkpoint: a log with two histories could
        give it in one that it shows to nobody else.
        """
        while self._submitter.shown:
            self._check_history(self._submitter.shown.pop())

    def _check_history(self, shown: VerifiedCheckpoint) -> None:
        """Refuse a checkpoint of another history than the one that this client trusts.

        Raises:
            ForkError: It is; the evidence is kept.
            AnswerError: What the node serves does not show that it is not.
        """
        trusted = self._opened
        size = TreeSize(max(shown.body.size, trusted.body.size))
        nodes = TileNodeReader(FetchedTiles(self._client, size))
        notes = (trusted.data, trusted.body), (shown.data, shown.body)
        try:
            fork = find_fork(*notes, nodes)
        except NotFoundError as exc:
            raise AnswerError(f"the node does not show the log of {size} leaves: {exc}") from exc
        if fork is not None:
            evidence = encode_fork(fork)
            place = StateFile(self.home.remote_state).keep_evidence(evidence)
            raise ForkError(trusted.data.decode(), shown.data.decode(), evidence, str(place))

    def _find_node_key(self) -> DidKey:
        """The key that signs the node's answers, as the ledger names it; read once."""
        if self._node_key is None:
            self._node_key = self.ledger.node
        return self._node_key

    def _page(self, path: str, limit: int | None) -> Iterator[Json]:
        """Items of a listing, which is the node's claim alone; None: all of them.

        Raises:
            AnswerError: The node answers with something else.
        """
        after, count = "", 0
        while limit is None or limit > 0:
            asked = _PAGE if limit is None else min(limit, _PAGE)
            page = self._ask_claim(f"{path}&limit={asked}{after}")
            items, following = page.get("items"), page.get("next")
            if not isinstance(items, list) or len(items) > asked:
                raise AnswerError(f"the node answers {path} with something else than a page")
            count += max(1, len(items))  # a page may hold no item, and yet not be the last
            self._check_count(path, count)
            yield from items
            limit = None if limit is None else limit - len(items)
            if not isinstance(following, str) or f"&after={quote(following, safe='/:')}" == after:
                return
            after = f"&after={quote(following, safe='/:')}"

    def _check_count(self, path: str, count: int) -> None:
        """Refuse a listing without end: no type has more subjects than there are.

        Raises:
            AnswerError: It goes on beyond what is proved, and what may have come since.
        """
        if count > self.read_end().subjects + _MAX_SINCE:
            raise AnswerError(f"the node lists more under {path} than the ledger has subjects")

    def _ask_claim(self, path: str) -> JsonObject:
        """What only the node says; told once."""
        if self._on_claim is not None:
            tell, self._on_claim = self._on_claim, None
            tell()
        data = self._client.get(path, max_bytes=MAX_REQUEST_BYTES)
        with reading(path):
            return decode_bundle(data, max_bytes=MAX_REQUEST_BYTES)

    def _await_checkpoint(self, size: int) -> VerifiedCheckpoint:
        """A checkpoint that covers what was written, once the policy's witnesses have cosigned it.

        Raises:
            UnavailableError: They do not, within some seconds.
        """
        if self._opened.body.size >= size:
            return self._opened
        deadline = self.clock.monotonic() + 1000 * _WAIT_S
        while (opened := self._follow()).body.size < size:
            if self.clock.monotonic() > deadline:
                raise UnavailableError(
                    "what was written is in the log, and no checkpoint with it is cosigned yet as "
                    "the policy asks: read it later"
                )
            time.sleep(_PAUSE_S)
        return opened


def _take_listed(item: Json, kind: str) -> Listed:
    """An item of a listing.

    Raises:
        AnswerError: It is none, or of another type of subject.
    """
    with reading("a listing"):
        members = item if isinstance(item, dict) else {}
        key = parse_subject(take_text(members.get("subject")))
        label, status = (take_text(members.get(name)) for name in ("label", "status"))
        terms = members.get("terms", [])
        words = tuple(map(take_text, terms if isinstance(terms, list) else []))
    if not key.startswith(f"{kind}/" if kind else ""):
        raise AnswerError(f"the node lists {key} among the subjects of type {kind}")
    return Listed(key, key.partition("/")[0], label, status, words)

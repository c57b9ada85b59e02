"""Registries to measure on, and signed events to give them, as bytes that came over the wire."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count, islice
from pathlib import Path

from contracts.engine import Body
from contracts.party import Enroll
from contracts.supervision import Publish
from contracts.uscc import check_uscc
from ledger.clock import SystemClock
from ledger.core.event import decode_signed_event, encode_signed_event
from ledger.core.subjects import derive_party
from ledger.core.types import LeafIndex, SubjectKey
from ledger.errors import RejectedError
from ledger.keys import SigningKey
from ledger.sequencer import Accepted, Sequencer, Submission
from ledger.signer import CheckpointSigner
from node.founding import Charter, found_registry
from node.registry import LOG_KEY, Registry, open_registry
from node.rulebundle import current_rules, read_profile

BLOCK = 1_000
LIST = "bench"
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION = "70846113"


def found(home: Path) -> None:
    """Make a solo registry with keys in the clear."""
    found_registry(home, Charter(read_profile("solo")), None, SystemClock())


@dataclass(frozen=True)
class Desk:
    """A registry with its sequencer, which judges each event of a block by itself."""

    registry: Registry
    sequencer: Sequencer

    def write(self, wires: Sequence[bytes]) -> list[LeafIndex]:
        """All that lies between the bytes of signed events and a durable, signed block.

        Raises:
            AssertionError: One was refused or there before: not what is to be measured.
        """
        events = [Submission(decode_signed_event(wire)) for wire in wires]
        indexes = []
        for outcome in self.sequencer.submit(events):
            if not isinstance(outcome, Accepted) or outcome.is_duplicate:
                raise AssertionError(f"an event of the benchmark was not accepted: {outcome}")
            indexes.append(outcome.index)
        return indexes


@contextmanager
def opened(home: Path) -> Iterator[Desk]:
    """The registry in a home folder, for writing."""
    with open_registry(home, None, is_writer=False) as registry:
        key = registry.ring.load(LOG_KEY)
        signer = CheckpointSigner(key, registry.origin, registry.home.signer)
        yield Desk(registry, Sequencer(registry.store, current_rules(), SystemClock(), signer))


def part(number: int) -> str:
    """Name of a part of the benchmark's list; its subject is `list/bench:<part>`."""
    return f"p{number}"


class Events:
    """Makes signed events of one, two or three subjects each.

    Args:
        registry: Whose events they are.
        loaded: The parts 0 .. loaded-1 of the list are there already, in their first version.
        first_new: The first part that create makes; that after the loaded ones unless told.
    """

    def __init__(self, registry: Registry, loaded: int = 0, first_new: int | None = None) -> None:
        self._registry = registry
        self._operator = registry.ledger.operator
        self._key = registry.ring.load("operator")
        self._versions = [1] * loaded
        self._next_part = count(loaded if first_new is None else first_new)
        self._next_update = 0
        self._seeds = count()
        self._codes = _generate_codes()

    def create(self, amount: int) -> list[bytes]:
        """Each publishes a new part: one new subject."""
        return [self._publish(number, 1) for number in islice(self._next_part, amount)]

    def update(self, amount: int) -> list[bytes]:
        """Each publishes a new version of a part that is there: one subject, anywhere."""
        return [self._update() for _ in range(amount)]

    def enroll(self, amount: int, *, has_code: bool) -> list[bytes]:
        """Each enrols a party: itself, its key and, with a code, its name."""
        return [self._enroll(has_code=has_code) for _ in range(amount)]

    def _update(self) -> bytes:
        # A stride without a common factor visits every part once before any of them again, in an
        # order that has nothing to do with that of the map.
        number = self._next_update * 7919 % len(self._versions)
        self._next_update += 1
        self._versions[number] += 1
        return self._publish(number, self._versions[number])

    def _publish(self, number: int, version: int) -> bytes:
        body = Publish(list=LIST, part=part(number), version=version, content={"n": number})
        return self._sign(self._operator, body, self._key)

    def _enroll(self, *, has_code: bool) -> bytes:
        key = SigningKey(sha256(b"bench party %d" % next(self._seeds)).digest())
        body = Enroll(keys=(key.did,), party_kind="legal", name="Bench Ltd")
        if has_code:
            code = next(self._codes)
            body = Enroll(keys=(key.did,), party_kind="legal", name="Bench Ltd", uscc=code)
        return self._sign(derive_party([key.did]), body, key)

    def _sign(self, actor: SubjectKey, body: Body, key: SigningKey) -> bytes:
        event = self._registry.build_event(actor, body)
        return encode_signed_event(self._registry.sign_event(event, [key]))


def _generate_codes() -> Iterator[str]:
    """Unified social credit codes that differ in the division of the registering office."""
    organisation = next(
        _ORGANISATION + check
        for check in "0123456789X"
        if _completes(f"91440300{_ORGANISATION}{check}")
    )
    for number in count():
        body = f"91{number % 1_000_000:06}{organisation}"
        yield next(body + last for last in _USCC_ALPHABET if _is_code(body + last))


def _completes(body: str) -> bool:
    return any(_is_code(body + last) for last in _USCC_ALPHABET)


def _is_code(text: str) -> bool:
    try:
        check_uscc(text)
    except RejectedError:
        return False
    return True

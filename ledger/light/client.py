"""The light client: follows a log by its checkpoints, and believes only what they commit.

Everything is fetched from somebody who is not trusted. Growth is proved from tiles that the client
fetches itself; states and histories are bundles held against the trusted checkpoint.
"""

from dataclasses import dataclass, replace
from typing import Final

from ledger.clock import Clock
from ledger.core.bundle import (
    StateBundle,
    find_checkpoint,
    parse_state_bundle,
    verify_state_bundle,
)
from ledger.core.canonical import decode_bundle
from ledger.core.checkpoint import Checkpoint
from ledger.core.dossier import (
    Dossier,
    DossierEvent,
    parse_dossier,
    parse_dossier_events,
    verify_dossier,
)
from ledger.core.entry import Entry, Seal, decode_leaf
from ledger.core.limits import (
    MAX_BUNDLE_BYTES,
    MAX_CLOCK_AHEAD_MS,
    MAX_DOSSIER_BYTES,
    MAX_NOTE_BYTES,
)
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint, verify_seal_time
from ledger.core.policy import Policy, has_quorum
from ledger.core.tiles import TileNodeReader
from ledger.core.types import JsonObject, LeafIndex, SubjectKey, TreeSize, UnixMillis
from ledger.errors import (
    AnswerError,
    ForkError,
    InputError,
    NotFoundError,
)
from ledger.light.advance import (
    Mark,
    Outcome,
    Step,
    add_mark,
    advance,
    check_fresh,
    check_not_backdated,
    check_not_rolled_back,
    read_note,
)
from ledger.light.fetch import Fetcher
from ledger.light.leaves import AuthenticTiles, FetchedTiles, fetch_leaf
from ledger.light.state import LightState, StateFile, Trusted

CHECKPOINT_PATH: Final = "checkpoint"


@dataclass(frozen=True, slots=True)
class Followed:
    """Where the client stands after a step.

    Args:
        outcome: What the offered checkpoint did.
        opened: The checkpoint now trusted.
        as_of: Time up to which it is known to have been the newest, in Unix milliseconds.
    """

    outcome: Outcome
    opened: VerifiedCheckpoint
    as_of: UnixMillis


class LightClient:
    """Follows one log.

    Args:
        policy: All that is trusted; never from whoever is asked.
        fetcher: Whom to ask: a node, a mirror, a folder.
        file: What is remembered.
        clock: The client's own.
    """

    def __init__(self, policy: Policy, fetcher: Fetcher, file: StateFile, clock: Clock) -> None:
        self.policy = policy
        self.fetcher = fetcher
        self.file = file
        self._clock = clock

    def follow_once(self, max_age_ms: int | None = None) -> Followed:
        """Ask for the newest checkpoint, and trust it if it extends the trusted one.

        Args:
            max_age_ms: How long ago the trusted checkpoint may have been the newest.

        Raises:
            ForkError: The log signed two histories; the evidence lies beside the state file.
            RollbackError: The node offers less than it had shown, and no cache explains it.
            ConsistencyError: Nothing shows that the offered checkpoint extends the trusted one.
            BackdatedError: A new leaf claims a time before cosignatures that precede it.
            AnswerError: A tile or an entry is not what the checkpoint commits to.
            OriginError: It is of another log.
            SignatureError: The log has not signed it.
            QuorumError: Too few witnesses have cosigned it.
            BundleError: The last seal is later than those who have seen it.
            FrozenError: Nothing newer was shown for longer than max_age_ms.
            UnavailableError: Nobody answers in time, or another process uses the state file.
            NotFoundError: There is no checkpoint, or nobody serves a tile.
            InputError: The answer is no checkpoint, or larger than one may be.
            CorruptionError: The state file is damaged.
        """
        with self.file.hold():
            self.file.check_no_evidence()
            state = self.file.load()
            note = self.fetcher.get(CHECKPOINT_PATH, max_bytes=MAX_NOTE_BYTES)
            followed, state = self._take(state, note)
            self.file.save(state)
        if max_age_ms is not None:
            check_fresh(followed.as_of, now=self._clock.now(), max_age_ms=max_age_ms)
        return followed

    def open_trusted(self) -> VerifiedCheckpoint:
        """The trusted checkpoint.

        Raises:
            NotFoundError: None was accepted yet.
            VerificationError: The policy is another one now, by which it does not hold.
            CorruptionError: The state file is damaged.
        """
        trusted = self.file.load().trusted
        if trusted is None:
            raise NotFoundError("no checkpoint is trusted yet: follow the log first")
        return open_checkpoint(self.policy, trusted.note)

    def fetch_state(self, subject: SubjectKey, under: VerifiedCheckpoint) -> StateBundle:
        """A subject's state, or its absence, verified under a trusted checkpoint.

        Raises:
            AnswerError: Another subject's, or under another checkpoint.
            VerificationError: A proof does not hold.
            BackdatedError: The seal claims a time before cosignatures that precede it.
            NotFoundError: The node no longer keeps states of this checkpoint.
            UnavailableError: Nobody answers in time.
            InputError: The answer is no state bundle.
        """
        value = self._fetch(f"v1/state/{subject}?size={under.body.size}", MAX_BUNDLE_BYTES)
        bundle = parse_state_bundle(value)
        verify_state_bundle(bundle, self._open(find_checkpoint([bundle.receipt]), subject, under))
        _check_subject(bundle.subject, subject)
        return bundle

    def fetch_dossier(
        self, subject: SubjectKey, under: VerifiedCheckpoint, start: int = 0
    ) -> Dossier:
        """A subject's events after its first `start`, at most 1,000, verified.

        Raises:
            AnswerError: Another subject's or another page, or under another checkpoint.
            VerificationError: A proof does not hold, or an event was left out.
            NotFoundError: It has no event after those.
            UnavailableError: Nobody answers in time, or there are more than 1,000.
            InputError: The answer is no dossier.
        """
        query = f"size={under.body.size}" + (f"&from={start}" if start else "")
        dossier = parse_dossier(self._fetch(f"v1/dossier/{subject}?{query}", MAX_DOSSIER_BYTES))
        note = find_checkpoint([dossier.state.receipt])
        verify_dossier(dossier, self._open(note, subject, under))
        _check_subject(dossier.state.subject, subject)
        first = 0 if dossier.start is None else dossier.start.n
        if first != start:
            raise AnswerError(f"events of {subject} from {first} on, not from {start}")
        return dossier

    def fetch_events(
        self, subject: SubjectKey, under: VerifiedCheckpoint, start: int
    ) -> tuple[DossierEvent, ...]:
        """Events of a subject after its first `start`, where more than 1,000 are left.

        Only read, not verified: the caller holds them against the subject's history.

        Raises:
            AnswerError: Not such a part.
            NotFoundError: It has no event after those.
            UnavailableError: Nobody answers in time.
            InputError: The answer is malformed or too large.
        """
        query = f"size={under.body.size}" + (f"&from={start}" if start else "")
        part = self._fetch(f"v1/dossier/{subject}?{query}", MAX_DOSSIER_BYTES)
        if (part.get("subject"), part.get("from")) != (subject, start):
            raise AnswerError(f"no part of the history of {subject} from {start} on")
        return parse_dossier_events(part.get("events"))

    def check_times(self, leaves: "list[tuple[LeafIndex, UnixMillis]]") -> None:
        """Refuse leaves that claim a time before cosignatures that precede them.

        Args:
            leaves: Index and time of each.

        Raises:
            BackdatedError: One does.
            CorruptionError: The state file is damaged.
        """
        marks = self.file.load().marks
        for index, time in leaves:
            check_not_backdated(marks, index, time)

    def _take(self, state: LightState, note: bytes) -> tuple[Followed, LightState]:
        trusted, now = state.trusted, self._clock.now()
        old = None if trusted is None else read_note(trusted.note)
        step = self._advance(trusted, old, note)
        if trusted is None or old is None:
            return self._accept(state, step, old)
        seen_at = trusted.seen_at
        check_not_rolled_back(step, trusted_size=old.size, seen_at=seen_at, now=now)
        if step.outcome is Outcome.ADVANCED:
            return self._accept(state, step, old)
        return self._stay(state, trusted, step)

    def _advance(self, trusted: Trusted | None, old: Checkpoint | None, note: bytes) -> Step:
        """The step, with the evidence of a fork kept.

        Raises:
            ForkError: The log signed two histories.
        """
        size = TreeSize(max(read_note(note).size, 0 if old is None else old.size))
        nodes = TileNodeReader(FetchedTiles(self.fetcher, size))
        try:
            return advance(self.policy, None if trusted is None else trusted.note, note, nodes)
        except ForkError as exc:
            place = self.file.keep_evidence(exc.evidence)
            raise ForkError(exc.old, exc.new, exc.evidence, str(place)) from exc

    def _accept(
        self, state: LightState, step: Step, old: Checkpoint | None
    ) -> tuple[Followed, LightState]:
        """Trust a new checkpoint, once the times of the new leaves at both ends fit."""
        opened = step.opened
        seal = self._check_ends(state, opened, None if old is None else old.size)
        as_of = self._as_of(opened, seal.time)
        kept = replace(
            state,
            trusted=Trusted(opened.data, self._clock.now(), as_of),
            marks=_mark(state, opened, as_of),
        )
        return Followed(step.outcome, opened, as_of), kept

    def _stay(self, state: LightState, trusted: Trusted, step: Step) -> tuple[Followed, LightState]:
        """Keep the trusted checkpoint; newer cosignatures of the same one are taken over."""
        opened, as_of = step.opened, trusted.as_of
        if step.outcome is Outcome.SAME:
            newer = self._as_of(opened, trusted.as_of)
            if newer > as_of:
                marks = _mark(state, opened, newer)
                state = replace(state, trusted=replace(trusted, note=opened.data, as_of=newer))
                state, as_of = replace(state, marks=marks), newer
        else:
            opened = open_checkpoint(self.policy, trusted.note)
        return Followed(step.outcome, opened, as_of), state

    def _as_of(self, opened: VerifiedCheckpoint, otherwise: UnixMillis) -> UnixMillis:
        """Time up to which a checkpoint is known to have been the newest.

        Cosignatures from the future do not count: by one witness whose clock is ahead, or that
        lies, a log that stands still would stay fresh, and honest leaves would look backdated.

        Args:
            opened: The checkpoint.
            otherwise: What is known without cosignatures.
        """
        latest = self._clock.now() + MAX_CLOCK_AHEAD_MS
        fits = tuple(one for one in opened.cosigners if 1000 * one.timestamp <= latest)
        if has_quorum(opened.policy, [one.witness.name for one in fits]):
            return replace(opened, cosigners=fits).as_of(otherwise)
        return UnixMillis(min(otherwise, latest))

    def _check_ends(
        self, state: LightState, opened: VerifiedCheckpoint, old_size: int | None
    ) -> Seal:
        """The seal at the end of the log, after its time and the first new leaf's were judged.

        Raises:
            AnswerError: The log is empty, or does not end in a seal of ours.
            BackdatedError: One of the two claims a time before cosignatures that precede it.
            BundleError: The seal is later than those who have seen it.
        """
        size = opened.body.size
        if size < 1:
            raise AnswerError("a log of ours begins with an event, this one is empty")
        tiles = AuthenticTiles(FetchedTiles(self.fetcher, size), opened.body)
        if old_size is not None:
            first = self._fetch_leaf(LeafIndex(old_size), size, tiles)
            check_not_backdated(state.marks, old_size, first.time)
        seal = self._fetch_leaf(LeafIndex(size - 1), size, tiles)
        if not isinstance(seal, Seal) or seal.index != size - 1:
            raise AnswerError(f"the log of {size} leaves does not end in a seal")
        check_not_backdated(state.marks, size - 1, seal.time)
        verify_seal_time(opened, seal.time)
        return seal

    def _fetch_leaf(self, index: LeafIndex, size: TreeSize, tiles: AuthenticTiles) -> Entry | Seal:
        leaf = fetch_leaf(self.fetcher, index, size, tiles)
        try:
            return decode_leaf(leaf)
        except InputError as exc:
            raise AnswerError(f"leaf {index} is no leaf of a ledger of ours: {exc}") from exc

    def _fetch(self, path: str, max_bytes: int) -> JsonObject:
        return decode_bundle(self.fetcher.get(path, max_bytes=max_bytes), max_bytes=max_bytes)

    def _open(
        self, note: bytes, subject: SubjectKey, under: VerifiedCheckpoint
    ) -> VerifiedCheckpoint:
        """The checkpoint of a bundle, which has to be the trusted one.

        Raises:
            AnswerError: Another one.
        """
        opened = open_checkpoint(self.policy, note)
        if opened.body != under.body:
            raise AnswerError(
                f"{subject} is shown under {opened.body.size} leaves, not under the "
                f"{under.body.size} that were asked for"
            )
        return opened


def _check_subject(shown: SubjectKey, asked: SubjectKey) -> None:
    if shown != asked:
        raise AnswerError(f"this is about {shown}, not about {asked}")


def _mark(state: LightState, opened: VerifiedCheckpoint, as_of: UnixMillis) -> tuple[Mark, ...]:
    """What cosigners vouch for; the operator's own times say nothing about the operator."""
    if opened.is_operator_claim:
        return state.marks
    return add_mark(state.marks, Mark(opened.body.size, as_of))

"""Signs what the node says about submissions: `muniment/answer/v1`."""

from ledger.clock import Clock
from ledger.core.answer import (
    CODE_ACCEPTED,
    CODE_DUPLICATE,
    Answer,
    AnswerOutcome,
    SignedAnswer,
    answer_message,
    format_answer,
)
from ledger.core.types import DidKey, JsonObject
from ledger.errors import CorruptionError, LedgerError, RejectedError
from ledger.keys import KeyRing, SigningKey
from node.registry import NODE_KEY


class Answers:
    """Gives signed answers.

    Args:
        key: The node's; see load_node_key.
        log: Origin of the ledger.
        clock: For the time of an answer.
    """

    def __init__(self, key: SigningKey, log: str, clock: Clock) -> None:
        self._key = key
        self._did = key.did
        self._log = log
        self._clock = clock

    def accept(self, event: str, *, is_duplicate: bool) -> JsonObject:
        """The event is in the log, durably.

        Args:
            event: Its id.
            is_duplicate: It was there before.
        """
        code = CODE_DUPLICATE if is_duplicate else CODE_ACCEPTED
        return self._sign(event, AnswerOutcome.ACCEPTED, code)

    def refuse(self, event: str, error: LedgerError) -> JsonObject:
        """The event is well formed and was not written.

        Args:
            event: Its id.
            error: Why; never a bound of this node's own, which is no refusal.
        """
        code = error.reason if isinstance(error, RejectedError) else error.code
        return self._sign(event, AnswerOutcome.REFUSED, code)

    def _sign(self, event: str, outcome: AnswerOutcome, code: str) -> JsonObject:
        answer = Answer(code, event, self._log, outcome, self._clock.now())
        sig = self._key.sign(answer_message(answer))
        return format_answer(SignedAnswer(answer, self._did, sig))


def load_node_key(ring: KeyRing, named: DidKey) -> SigningKey:
    """The node's private key, if it is the one that the ledger names.

    Args:
        ring: Keys of the home.
        named: In `ledger/self`.

    Raises:
        CorruptionError: It is another ledger's.
        NotFoundError: There is none here.
        PassphraseRequiredError: It is sealed and no passphrase was given.
    """
    key = ring.load(NODE_KEY)
    if key.did != named:
        raise CorruptionError(
            f"keys/{NODE_KEY}.key is not the node key of this ledger: restore it from a backup"
        )
    return key

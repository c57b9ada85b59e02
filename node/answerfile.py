"""Judge of a node's signed answer: what did the node that the ledger names say of an event?

An answer carries the key that signed it, and anybody can make a key. So it is held against the
ledger's own state, which names the node key and is itself proved under the policy; without that
nothing is verified.
"""

from datetime import UTC, datetime
from typing import Final

from contracts.chinese import ZH
from contracts.foundation import Ledger
from contracts.records import parse_state_record
from contracts.verdict import Report, check_expectation, note_checkpoint, note_seal
from ledger.core.answer import Answer, AnswerOutcome, parse_answer, verify_answer
from ledger.core.bundle import StateBundle, parse_state_bundle, verify_state_bundle
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.opening import open_checkpoint
from ledger.core.subjects import SELF
from ledger.core.types import JsonObject, UnixMillis
from ledger.errors import BundleError
from node.judges import Ask, UnanswerableError

KIND: Final = "answer"
TRUE_OF_LOG: Final = "answer is true"


def judge_answer_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a node's answer with the ledger's own state.

    Raises:
        VerificationError: A proof does not hold, or the ledger's node has not signed it.
        InputError: Not an answer, or the ledger's state is none.
        UnanswerableError: The ledger's state was not given.
    """
    signed = parse_answer(value)
    report.kind, report.subject = KIND, signed.answer.event
    check_expectation(report, ask.question)
    if ask.ledger is None:
        raise UnanswerableError(
            "who has signed a node's answer is said by the ledger: give the proof of its own state "
            "with --ledger FILE; every node has it at /v1/state/ledger/self"
        )
    bundle = parse_state_bundle(decode_bundle(ask.ledger, max_bytes=MAX_BUNDLE_BYTES))
    opened = open_checkpoint(ask.policy, bundle.receipt.proof.checkpoint)
    note_checkpoint(report, opened, ask.question)
    report.check("state", "proved", lambda: verify_state_bundle(bundle, opened))
    node = read_ledger_state(bundle).node
    report.check(
        KIND,
        "signed by the node of the ledger",
        lambda: verify_answer(signed, node=node, log=opened.body.origin),
    )
    note_seal(report, bundle.seal, ask.question)
    report.note_unchecked(TRUE_OF_LOG)
    report.shown = _show(signed.answer)
    report.is_authentic = report.is_in_force = True


def read_ledger_state(bundle: StateBundle) -> Ledger:
    """What `ledger/self` says in a state bundle.

    Raises:
        BundleError: It is another subject's, or says that there is none.
        MalformedError: It is not such a state.
    """
    if bundle.subject != SELF or bundle.value is None:
        raise BundleError(f"this proves the state of {bundle.subject}, not of {SELF}")
    return parse_state_record(Ledger, bundle.value.state)


def _show(answer: Answer) -> list[tuple[str, str]]:
    is_written = answer.outcome is AnswerOutcome.ACCEPTED
    return [
        ("outcome", f"{'in the log' if is_written else 'not written'} ({answer.code})"),
        (f"outcome{ZH}", f"{'已写入日志' if is_written else '未写入'}（{answer.code}）"),
        ("answered", _format(answer.time)),
    ]


def _format(time: UnixMillis) -> str:
    try:
        moment = datetime.fromtimestamp(time / 1000, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return str(time)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

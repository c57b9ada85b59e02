"""Judges of files that carry an answer, or that go with a copy."""

from contracts.certificate import judge_certificate, parse_certificate
from contracts.check import judge_check, parse_check
from contracts.deliverynote import judge_delivery, parse_delivery_note, verify_copy
from contracts.queries import judge_query, parse_query
from contracts.usageproof import judge_usage_line, parse_usage_line_bundle
from contracts.verdict import REGISTERED_FILE, Question, Report
from ledger.core.policy import Policy
from ledger.core.types import JsonObject
from node.judges import Ask, judge_state_file
from node.suspects import OpeningRequiredError


def judge_check_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a verdict about an act.

    Raises:
        VerificationError: A proof does not hold, or the verdict does not follow.
        InputError: Not a check.
    """
    judge_check(parse_check(value), ask.policy, ask.question, report)


def judge_query_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify the answer to a query.

    Raises:
        VerificationError: A proof does not hold, or the answer does not follow.
        InputError: Not a query.
    """
    judge_query(parse_query(value), ask.policy, ask.question, report)


def judge_certificate_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a query certificate.

    Raises:
        VerificationError: A proof does not hold, or the words do not follow.
        InputError: Not a certificate.
    """
    certificate = parse_certificate(value)
    judge_certificate(certificate, ask.policy, ask.question, report, _judge_state)


def judge_usage_line_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify one line of a usage batch.

    Raises:
        VerificationError: A proof does not hold.
        InputError: Not the proof of a line.
    """
    judge_usage_line(parse_usage_line_bundle(value), ask.policy, ask.question, report)


def judge_delivery_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a delivery file, and whether the suspect is the delivered copy.

    Raises:
        VerificationError: A proof does not hold, or the suspect is another file.
        InputError: Not a delivery file.
        OpeningRequiredError: The suspect cannot be measured here.
    """
    note = parse_delivery_note(value)
    judge_delivery(note, ask.policy, ask.question, report)
    suspect = ask.suspect
    if suspect is None:
        report.note_unchecked(REGISTERED_FILE)
        return
    measure = suspect.measure
    if measure is None:
        raise OpeningRequiredError("verify the delivery file by itself, beside the copy")
    report.check(
        "data",
        "this is the delivered copy",
        lambda: verify_copy(note, measure(note.salt), suspect.fingerprint.size),
    )


def _judge_state(value: JsonObject, policy: Policy, question: Question, report: Report) -> None:
    judge_state_file(value, Ask(policy, question), report)

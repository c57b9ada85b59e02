"""Proofs that a light client fetches as files: verified as a file is, and under its checkpoint."""

from dataclasses import replace

from contracts.verdict import Question, Report, note_failure
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.opening import VerifiedCheckpoint
from ledger.core.types import SubjectKey
from ledger.errors import AnswerError
from ledger.light.client import LightClient
from node.verifier import verify_file

_VOUCHER = "voucher/"


def fetch_verified(
    client: LightClient, subject: SubjectKey, under: VerifiedCheckpoint, question: Question
) -> tuple[bytes, Report]:
    """A voucher, or the state of another subject, as of the trusted checkpoint.

    Args:
        client: Follows the log.
        subject: Whose; of a voucher the whole voucher bundle is fetched.
        under: The checkpoint that the client trusts.
        question: What else to know; kind and subject are demanded here.

    Returns:
        The file, which others may verify, and what verifying it gave. A proof that does not hold,
        or is of another checkpoint, is the report's failure.

    Raises:
        NotFoundError: There is no such voucher, as far as the node says.
        UnavailableError: Nobody answers in time.
        LimitError: The answer is too large.
    """
    is_voucher = subject.startswith(_VOUCHER)
    route = f"v1/vouchers/{subject.removeprefix(_VOUCHER)}" if is_voucher else f"v1/state/{subject}"
    path = f"{route}?size={under.body.size}"
    data = client.fetcher.get(path, max_bytes=MAX_BUNDLE_BYTES)
    demanded = replace(
        question, expect_kind="voucher" if is_voucher else "state", expect_subject=subject
    )
    report = verify_file(data, client.policy, demanded)
    shown = None if report.opened is None else report.opened.body
    if report.failure is None and shown != under.body:
        note_failure(report, AnswerError(f"{subject} is shown under another checkpoint"))
    return data, report

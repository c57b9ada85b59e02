"""Verifies files: finds out what a file claims to be and holds it against a policy.

Needs no registry: a policy and the file are enough, and nothing is fetched. A new format is one
more row of FORMATS.
"""

from typing import Final

from contracts.certificate import CERTIFICATE
from contracts.check import CHECK
from contracts.deliverynote import DELIVERY
from contracts.queries import QUERY
from contracts.usageproof import USAGE_LINE
from contracts.verdict import Question, Report, note_failure
from contracts.voucher import VOUCHER
from ledger.core.answer import ANSWER, MAX_ANSWER_BYTES
from ledger.core.bucket import BUCKET, MAX_BUCKET_BYTES
from ledger.core.bundle import RECEIPT, STATE
from ledger.core.canonical import decode_bundle
from ledger.core.dossier import DOSSIER
from ledger.core.ed25519 import check_library
from ledger.core.fork import FORK
from ledger.core.limits import MAX_DOSSIER_BYTES
from ledger.core.policy import Policy
from ledger.errors import InputError, VerificationError
from node.answerfile import judge_answer_file
from node.answerjudges import (
    judge_certificate_file,
    judge_check_file,
    judge_delivery_file,
    judge_query_file,
    judge_usage_line_file,
)
from node.bucketjudge import judge_bucket_file
from node.exports.catalogue import CATALOGUE, judge_catalogue_file
from node.exports.national import NATIONAL
from node.exports.nationaljudge import judge_national_file
from node.forkjudge import judge_fork_file
from node.judges import (
    MAX_FILE_BYTES,
    Ask,
    Format,
    Formats,
    judge_document,
    judge_dossier_file,
    judge_receipt_file,
    judge_state_file,
    judge_tlog_proof,
    judge_voucher_file,
    note_other_questions,
)
from node.judges import VOUCHER_SUFFIX as VOUCHER_SUFFIX
from node.judges import UnanswerableError as UnanswerableError
from node.pack import is_pack
from node.packjudge import judge_pack
from node.suspects import FindOpenings as FindOpenings
from node.suspects import OpeningRequiredError as OpeningRequiredError
from node.suspects import Suspect as Suspect
from node.suspects import format_openings as format_openings
from node.suspects import parse_openings as parse_openings
from node.suspects import verify_data as verify_data

TLOG_PROOF_HEADER: Final = b"c2sp.org/tlog-proof@v1\n"

FORMATS: Final[Formats] = {
    VOUCHER: Format(judge_voucher_file, knows_date=True, knows_file=True),
    RECEIPT: Format(judge_receipt_file),
    STATE: Format(judge_state_file),
    DOSSIER: Format(judge_dossier_file, max_bytes=MAX_DOSSIER_BYTES),
    CHECK: Format(judge_check_file, max_bytes=MAX_DOSSIER_BYTES),
    QUERY: Format(judge_query_file, max_bytes=MAX_DOSSIER_BYTES),
    CERTIFICATE: Format(judge_certificate_file, max_bytes=MAX_DOSSIER_BYTES),
    DELIVERY: Format(judge_delivery_file, knows_file=True),
    USAGE_LINE: Format(judge_usage_line_file),
    NATIONAL: Format(judge_national_file, max_bytes=MAX_DOSSIER_BYTES),
    CATALOGUE: Format(judge_catalogue_file, max_bytes=MAX_DOSSIER_BYTES),
    FORK: Format(judge_fork_file),
    ANSWER: Format(judge_answer_file, max_bytes=MAX_ANSWER_BYTES),
    BUCKET: Format(judge_bucket_file, max_bytes=MAX_BUCKET_BYTES),
}
"""Formats of JSON files, by their member `format`."""


def verify_file(
    data: bytes,
    policy: Policy,
    question: Question,
    *,
    entry: bytes | None = None,
    suspect: Suspect | None = None,
    ledger: bytes | None = None,
) -> Report:
    """Verify what a file claims.

    Args:
        data: Its bytes, at most MAX_FILE_BYTES.
        policy: The verifier's own.
        question: What the verifier wants to know.
        entry: For a `.tlog-proof`, the bytes of the leaf it is about.
        suspect: For a voucher or a pack about one, a file to hold against it.
        ledger: For a node's answer, the proof of the ledger's own state.

    Returns:
        A report; `failure` says why it is not authentic.

    Raises:
        OpeningRequiredError: The suspect needs an opening that is not there.
        UnanswerableError: An age or a suspect was given for a file that says nothing of it.
    """
    return answer_ask(data, Ask(policy, question, entry, suspect, ledger))


def answer_ask(data: bytes, ask: Ask) -> Report:
    """Verify what a file claims, by everything that may be asked of one.

    Args:
        data: Its bytes, at most MAX_FILE_BYTES.
        ask: What it is held against.

    Returns:
        A report; `failure` says why it is not authentic.

    Raises:
        OpeningRequiredError: It cannot be told without an opening that is not there.
        UnanswerableError: An age, a suspect or an original was given for a file that says nothing
            of it.
    """
    check_library()
    report = Report()
    try:
        _judge(data, ask, report)
    except (OpeningRequiredError, UnanswerableError):
        raise
    except (VerificationError, InputError) as exc:
        note_failure(report, exc)
    return report


def _judge(data: bytes, ask: Ask, report: Report) -> None:
    if data.startswith(TLOG_PROOF_HEADER):
        note_other_questions(ask, report)
        judge_tlog_proof(data, ask, report)
        return
    if is_pack(data):
        judge_pack(data, ask, report, FORMATS)
        return
    value = decode_bundle(data, max_bytes=MAX_FILE_BYTES)
    judge_document(value, len(data), ask, report, FORMATS)

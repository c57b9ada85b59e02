"""Judge of buckets: does the map hold exactly this under the prefix, and a subject among it?

Without `--subject` it says only that the bucket is whole; with it, whether that subject is there.
"""

from contracts.verdict import Question, Report, check_expectation, note_checkpoint, note_seal
from ledger.core.bucket import Bucket, parse_bucket, verify_bucket
from ledger.core.mappages import hash_key
from ledger.core.opening import open_checkpoint
from ledger.core.types import JsonObject
from ledger.errors import VerificationError
from node.judges import Ask

_KIND = "bucket"
_PRESENT, _ABSENT = "present", "absent"


def judge_bucket_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify a bucket, and whether the expected subject is in it.

    Raises:
        VerificationError: A proof does not hold, or the bucket says nothing of that subject.
        InputError: Not a bucket.
    """
    bucket, question = parse_bucket(value), ask.question
    report.kind, report.subject = _KIND, _find_subject(bucket, question)
    check_expectation(report, question)
    opened = open_checkpoint(ask.policy, bucket.receipt.proof.checkpoint)
    note_checkpoint(report, opened, question)
    detail = f"{bucket.count} subjects, none left out"
    report.check(_KIND, detail, lambda: verify_bucket(bucket, opened))
    if report.subject:
        found = bucket.find(hash_key(report.subject))
        report.status = _ABSENT if found is None else _PRESENT
    report.shown = [("key hash prefix", bucket.prefix or "-")]
    note_seal(report, bucket.seal, question)
    report.is_authentic = report.is_in_force = True


def _find_subject(bucket: Bucket, question: Question) -> str:
    """The expected subject, or empty if none is.

    Raises:
        VerificationError: The bucket is of another prefix.
    """
    expected = question.expect_subject
    if expected is None:
        return ""
    subject = expected if "/" in expected else f"voucher/{expected}"
    if not bucket.covers(hash_key(subject)):
        raise VerificationError(
            f"the bucket {bucket.prefix} says nothing of {subject}, whose key hash begins with "
            f"{hash_key(subject).hex()[: len(bucket.prefix)]}"
        )
    return subject

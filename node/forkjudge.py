"""Judge of fork evidence: did the log's key sign two histories?

The verdict needs the policy's `log` line and nothing else. Evidence that holds is authentic, so it
verifies: what it proves is the log's misbehaviour, whoever cosigned either note.
"""

from contracts.verdict import Report, check_expectation
from ledger.core.checkpoint import Checkpoint, parse_signed_checkpoint
from ledger.core.fork import Fork, parse_fork, verify_fork
from ledger.core.policy import Policy
from ledger.core.types import JsonObject
from node.judges import Ask

_KIND = "fork"
_FORKED = "forked"


def judge_fork_file(value: JsonObject, ask: Ask, report: Report) -> None:
    """Verify fork evidence.

    Raises:
        VerificationError: It does not prove a fork of a log of the policy.
        InputError: Not fork evidence.
    """
    fork = parse_fork(value)
    report.kind = _KIND
    report.subject = parse_signed_checkpoint(fork.first).body.origin
    check_expectation(report, ask.question)
    detail = "the log's key signed two histories"
    report.check(_KIND, detail, lambda: _check(fork, ask.policy))
    first, second = verify_fork(fork, ask.policy)
    report.opened = second
    report.status = _FORKED
    report.shown = [("first note", _describe(first.body)), ("second note", _describe(second.body))]
    if fork.prefix is not None:
        report.shown.append(("prefix", f"{first.body.size} / {fork.prefix.root.hex()}"))
    report.is_authentic = report.is_in_force = True


def _check(fork: Fork, policy: Policy) -> None:
    verify_fork(fork, policy)


def _describe(body: Checkpoint) -> str:
    return f"{body.size} / {body.root.hex()}"

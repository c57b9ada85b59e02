"""The rows of a batch through to their vouchers, where one person is registrar and applicant.

What has been done of a row stands in its registration's state: a run that died goes on from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from contracts.forms import OPENABLE_MEMBERS, STATUTORY_MEMBERS, Opening
from contracts.intervals import current
from contracts.procedure import Registration
from contracts.recording import Tests
from contracts.title import Asset, Classification
from ledger.core.types import SubjectKey
from ledger.errors import RejectedError
from ledger.sequencer import Refused, Submission
from ledger.vault import Vault
from node.batchresult import RowResult
from node.issuing import Application, claim_rights, read_openings
from node.recorded import RecordedAsset
from node.recording import Recording, last_serial
from node.registryapi import RegistryApi

SLICE: Final = 300
"""Rows whose steps, three each, fit into one block."""

_MAX_IDLE_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the registrar says of every row.

    Args:
        classify: The classification that an application states.
        tests: Findings of the three tests.
    """

    classify: Callable[[Application], Classification]
    tests: Tests


@dataclass(frozen=True, slots=True)
class _Steps:
    """What is still to be written of a row, the record last."""

    result: RowResult
    submissions: Sequence[Submission]
    number: str


class BatchRecording:
    """Completes what a batch has filed.

    Args:
        registry: Opened for writing.
        vault: Of the same home.
        recording: Who records.
        assessment: What the registrar says of every row.
    """

    def __init__(
        self, registry: RegistryApi, vault: Vault, recording: Recording, assessment: Assessment
    ) -> None:
        self._registry = registry
        self._vault = vault
        self._recording = recording
        self._assessment = assessment

    def complete(self, results: Sequence[RowResult]) -> None:
        """Bring every row that is in the log to its voucher, or say why the rules refuse.

        Raises:
            StoreFailedError: A write failed; running again goes on where this run ended.
            UnavailableError: The clock is not to be trusted, or another process is writing.
        """
        waiting = [each for each in results if each.index is not None and each.voucher is None]
        for start in range(0, len(waiting), SLICE):
            self._complete_slice(waiting[start : start + SLICE])

    def _complete_slice(self, waiting: list[RowResult]) -> None:
        idle = 0
        while waiting and idle < _MAX_IDLE_ROUNDS:
            steps = self._plan(waiting)
            self._submit(steps)
            left = [each for each in waiting if each.voucher is None and each.error is None]
            idle = idle + 1 if len(left) == len(waiting) else 0
            waiting = left
        for each in waiting:
            each.error = RejectedError(
                "series_moved",
                "the month's numbers moved on while signing: run the batch again",
                "签署期间编号已变动：请重新运行",
                rule="formats 8",
            )

    def _plan(self, waiting: Sequence[RowResult]) -> list[_Steps]:
        steps: list[_Steps] = []
        last = last_serial(self._registry) or 0
        for result in waiting:
            if result.registration is None or result.asset is None or result.application is None:
                raise AssertionError("a row in the log has its registration and its application")
            registration = self._registry.need_state(Registration, result.registration)
            status = str(current(registration.status)[-1])
            if registration.voucher is not None or status not in {"filed", "accepted", "published"}:
                result.voucher = registration.voucher
                if result.voucher is None:
                    result.error = _refuse_status(status)
                continue
            try:
                steps.append(self._sign(result, result.application, status, last + len(steps)))
            except RejectedError as exc:  # the month's numbers are used up
                result.error = exc
        return steps

    def _sign(self, result: RowResult, application: Application, status: str, last: int) -> _Steps:
        asset, registration = result.asset, result.registration
        if asset is None or registration is None:
            raise AssertionError("a row in the log has its registration")
        openings = result.openings or self._read_openings(registration)
        state = self._registry.need_state(Asset, asset)
        before = []
        if status == "filed":
            before.append(self._recording.accept(registration))
        if status != "published":
            before.append(self._recording.publish(registration, openings))
        recorded = RecordedAsset(
            asset=asset,
            registration=registration,
            fields={name: opening.value for name, opening in openings.items()},
            rights=claim_rights(application, state.parties[0]),
            classification=self._assessment.classify(application),
            commitments={name: {"$commit": digest} for name, digest in state.content.items()},
            tests=self._assessment.tests,
            years=application.years,
            declared=application.declared,
            stage=application.stage,
        )
        event, credential, number = self._recording.record(recorded, None, last or None)
        documents = {sha256(credential).hexdigest(): credential}
        return _Steps(result, [*map(Submission, before), Submission(event, documents)], number)

    def _read_openings(self, registration: SubjectKey) -> dict[str, Opening]:
        found = read_openings(self._vault, registration, OPENABLE_MEMBERS)
        return {
            str(each["field"]): Opening(salt=str(each["salt"]), value=each["value"])
            for each in found
            if each["value"] is not None or each["field"] in STATUTORY_MEMBERS
        }

    def _submit(self, steps: Sequence[_Steps]) -> None:
        submissions = [each for step in steps for each in step.submissions]
        if not submissions:
            return
        outcomes = iter(self._registry.submit_each(submissions))
        for step in steps:
            refused = None
            for _ in step.submissions:
                outcome = next(outcomes)
                if isinstance(outcome, Refused) and refused is None:
                    refused = outcome.error
            if refused is None:
                step.result.voucher = step.number
            elif not (isinstance(refused, RejectedError) and refused.reason == "series_moved"):
                step.result.error = refused


def _refuse_status(status: str) -> RejectedError:
    return RejectedError(
        "wrong_step",
        f"the registration is {status}: it does not come to a voucher any more",
        f"该登记处于 {status} 状态，不再发证",
        rule="Art. 14",
    )

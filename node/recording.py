"""What a registrar needs from ledger and vault to publish, record and revoke a registration.

The credential goes into the store in the same transaction as the event that names it.
"""

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from typing import Final

from msgspec import UNSET

from contracts.credential import Issue, check_contexts, issue_credential
from contracts.engine import Body
from contracts.force import ended_holders, settle_terms
from contracts.forms import FORMS, Form, Opening
from contracts.intervals import current
from contracts.numbering import series_key
from contracts.odrl import terms_of_use
from contracts.procedure import National
from contracts.recording import RecordRegistration, Tests
from contracts.records import format_record, parse_record
from contracts.registration import Accept, PublishNotice, Registration
from contracts.revocation import RevocationGround, Revoke
from contracts.series import Series, next_number
from contracts.title import Asset, Classification, RightClaim, Voucher, voucher_key
from contracts.transfer import Move, rights_after, touched_parties
from ledger.core.canonical import encode_credential
from ledger.core.event import SignedEvent
from ledger.core.types import DidKey, SubjectKey, UnixMillis
from ledger.errors import MalformedError, NotFoundError, RejectedError
from ledger.keys import SigningKey
from node.issuing import claim_rights, read_application, read_openings
from node.recorded import Cancelled, Superseded, find_end, show_declared
from node.recorded import RecordedAsset as RecordedAsset
from node.registryapi import RegistryApi, Written
from node.rulebundle import hash_credential_schema, read_contexts

MAX_ATTEMPTS: Final = 3


class Recording:
    """What the registrar does to complete a registration.

    Args:
        registry: Opened for writing.
        registrar: Its party.
        keys: As many officers' keys as the profile asks for; the first issues the credential.
    """

    def __init__(
        self, registry: RegistryApi, registrar: SubjectKey, keys: Sequence[SigningKey]
    ) -> None:
        self._registry = registry
        self._registrar = registrar
        self._keys = keys

    def accept(self, registration: SubjectKey) -> SignedEvent:
        """The signed `registration.accept`."""
        return self._sign(Accept(registration=registration), 1)

    def publish(self, registration: SubjectKey, fields: Mapping[str, Opening]) -> SignedEvent:
        """The signed `registration.publish` without a public notice elsewhere."""
        return self._sign(PublishNotice(registration=registration, fields=fields), 1)

    def record(
        self, asset: RecordedAsset, national: National | None, last: int | None
    ) -> tuple[SignedEvent, bytes, str]:
        """The signed `registration.record` with its credential.

        Args:
            asset: What is recorded.
            national: Evidence in the national system, where the profile asks for it.
            last: Last serial of the month's series.

        Returns:
            The event, the credential's canonical bytes, and the number.
        """
        check_contexts(read_contexts())
        registry, ledger = self._registry, self._registry.ledger
        now = registry.clock.now()
        number = next_number(ledger, last, now)
        start = now // 1000 * 1000 if national is None else national.evidence_time
        valid_from = UnixMillis(start)
        before = asset.before
        valid_until = find_end(asset, valid_from, ledger.profile.offset_minutes)
        holders = {claim.holder for claim in asset.rights}
        issuer: DidKey = self._keys[0].did
        target = f"urn:muniment:{registry.origin}:{asset.asset}"
        issue = Issue(
            origin=registry.origin,
            number=number,
            issuer=issuer,
            issuer_name=ledger.name,
            valid_from=valid_from,
            valid_until=valid_until,
            subject={
                "id": target,
                "asset": asset.asset,
                "registration": asset.registration,
                "fields": asset.fields,
                "rights": [format_record(claim) for claim in asset.rights],
                "classification": format_record(asset.classification),
                "commitments": asset.commitments,
                "notice": format_record(ledger.profile.notice),
                **show_declared(asset),
            },
            terms=terms_of_use(target, asset.fields.get("restrictions")),
            schema_digest=hash_credential_schema(),
        )
        credential = encode_credential(issue_credential(issue, self._keys[0].sign))
        body = RecordRegistration(
            registration=asset.registration,
            asset=asset.asset,
            number=number,
            credential=sha256(credential).hexdigest(),
            issuer=issuer,
            valid_from=valid_from,
            valid_until=valid_until,
            rights=asset.rights,
            parties=tuple(sorted(holders)) if before is None else before.parties,
            classification=asset.classification,
            tests=asset.tests,
            national=UNSET if national is None else national,
            supersedes=UNSET if before is None else before.number,
            declared=asset.declared or UNSET,
            duplicates=asset.duplicates or UNSET,
            stage=asset.stage or UNSET,
        )
        return self._sign(body, ledger.profile.officers), credential, number

    def cancel(self, ended: Cancelled, national: National | None) -> SignedEvent:
        """The signed `registration.record` of a cancellation, which issues no credential.

        Args:
            ended: What it ends.
            national: Evidence in the national system, where the profile asks for it.
        """
        body = RecordRegistration(
            registration=ended.registration,
            asset=ended.asset,
            parties=ended.parties,
            tests=ended.tests,
            cancels=ended.number,
            national=UNSET if national is None else national,
        )
        return self._sign(body, self._registry.ledger.profile.officers)

    def _sign(self, body: Body, count: int) -> SignedEvent:
        event = self._registry.build_event(self._registrar, body)
        return self._registry.sign_event(event, self._keys[:count])


def last_serial(registry: RegistryApi) -> int | None:
    """Last serial given out in the present month."""
    series = registry.find_state(Series, series_key(registry.ledger.scheme, registry.clock.now()))
    return None if series is None else series.last


def record_until_numbered(
    registry: RegistryApi,
    recording: Recording,
    asset: RecordedAsset,
    before: Sequence[SignedEvent],
    national: National | None = None,
) -> tuple[Written, str]:
    """Write a record, signing again when another one took its number.

    Args:
        registry: Opened for writing.
        recording: Who records.
        asset: What.
        before: Events that have to be written first, in the same batch.
        national: Evidence in the national system, where the profile asks for it.

    Raises:
        RejectedError: A rule refuses.
        AssertionError: Never; the last attempt returns or raises.
    """
    for attempt in range(MAX_ATTEMPTS):
        event, credential, number = recording.record(asset, national, last_serial(registry))
        documents = {sha256(credential).hexdigest(): credential}
        try:
            return registry.submit([*before, event], documents)[-1], number
        except RejectedError as exc:
            if exc.reason != "series_moved" or attempt == MAX_ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def read_openable(
    registry: RegistryApi, key: SubjectKey, also: Collection[str] = ()
) -> dict[str, Opening]:
    """Openings of what a public notice opens, from this home's vault: the statutory members.

    Args:
        registry: Of this home.
        key: The registration's.
        also: Members that are opened besides; those left empty are not.

    Raises:
        NotFoundError: The vault has none of this registration.
        MalformedError: One of `also` is never published.
    """
    form = FORMS[registry.need_state(Registration, key).type]
    wrong = sorted(set(also) - set(form.openable))
    if wrong:
        allowed = ", ".join(sorted(set(form.openable) - set(form.statutory)))
        raise MalformedError(f"{wrong[0]} is never published; it may open also: {allowed}")
    wanted = {*form.statutory, *also}
    found = read_notice(registry, key, form)
    return {name: opening for name, opening in found.items() if name in wanted}


def read_notice(registry: RegistryApi, key: SubjectKey, form: Form) -> dict[str, Opening]:
    """Openings of the members that a notice may open, of a registration filed or about to be.

    Args:
        registry: Of this home.
        key: The registration's.
        form: Of its type.

    Raises:
        NotFoundError: The vault has none of this registration.
    """
    vault = registry.open_vault()
    try:
        found = read_openings(vault, key, form.openable)
    finally:
        vault.close()
    if not found:
        raise NotFoundError(f"the openings of {key} are not in this vault")
    return {
        str(opening["field"]): Opening(salt=str(opening["salt"]), value=opening["value"])
        for opening in found
        if opening["value"] is not None or opening["field"] in form.statutory
    }


def read_recorded_asset(
    registry: RegistryApi, key: SubjectKey, classification: Classification, tests: Tests
) -> RecordedAsset:
    """Everything that a record of this registration says, from ledger and vault.

    Raises:
        NotFoundError: There is no such registration, or its form is not in this vault.
    """
    registration = registry.need_state(Registration, key)
    asset = registry.need_state(Asset, registration.asset)
    vault = registry.open_vault()
    try:
        application = read_application(vault, key)
    finally:
        vault.close()
    return RecordedAsset(
        asset=registration.asset,
        registration=key,
        fields=dict(registration.fields),
        rights=claim_rights(application, registration.filer),
        classification=classification,
        commitments={name: {"$commit": digest} for name, digest in asset.content.items()},
        tests=tests,
        years=application.years,
        declared=application.declared,
        stage=application.stage,
    )


def read_recorded_transfer(registry: RegistryApi, key: SubjectKey, tests: Tests) -> RecordedAsset:
    """Everything that a record of this transfer says, as the ledger stands now.

    Raises:
        NotFoundError: There is no such registration.
        RejectedError: What it would move is not there to move.
    """
    registration = registry.need_state(Registration, key)
    return transferred_asset(registry, registration.asset, key, registration.moves, tests)


def transferred_asset(
    registry: RegistryApi,
    key: SubjectKey,
    registration: SubjectKey,
    moves: Sequence[Move],
    tests: Tests,
) -> RecordedAsset:
    """Everything that a record of a transfer says.

    Args:
        registry: As it stands before.
        key: The asset's.
        registration: The transfer, filed already or about to be.
        moves: What it moves.
        tests: What the registrar found.

    Raises:
        NotFoundError: There is no such asset.
        RejectedError: It has no voucher, or what would move is not there to move.
    """
    now = registry.clock.now()
    stored = registry.need_state(Asset, key)
    asset, ended = settle_terms(stored, now), ended_holders(stored, now)
    if asset.voucher is None or asset.classification is None:
        raise RejectedError(
            "no_voucher",
            f"{key} has no voucher in force: rights are registered before they are transferred",
            f"{key} 没有有效凭证：权利须先经初次登记方可转让",
            rule="Art. 33",
        )
    before = registry.need_state(Voucher, voucher_key(asset.voucher))
    touched = tuple(sorted({*touched_parties(moves), *ended}))
    return RecordedAsset(
        asset=key,
        registration=registration,
        fields=dict(asset.fields),
        rights=tuple(parse_record(RightClaim, value) for value in rights_after(asset, moves)),
        classification=asset.classification,
        commitments={name: {"$commit": digest} for name, digest in asset.content.items()},
        tests=tests,
        before=Superseded(asset.voucher, UnixMillis(before.valid_until), touched),
    )


def build_revocation(
    registry: RegistryApi,
    key: SubjectKey,
    ground: RevocationGround,
    reasons: str,
    objection: SubjectKey | None = None,
) -> Revoke:
    """The body of a revocation of what this registration led to.

    Args:
        registry: Opened for reading or writing.
        key: Of the registration.
        ground: One of Art. 37.
        reasons: In words.
        objection: The upheld one that it rests on, where there are several; else None.

    Raises:
        NotFoundError: There is no such registration.
        MalformedError: It has no voucher.
        RejectedError: Its voucher is not in force any more.
    """
    registration = registry.need_state(Registration, key)
    if registration.voucher is None:
        raise MalformedError(f"{key} was not recorded: there is nothing to revoke")
    asset = registry.need_state(Asset, registration.asset)
    if asset.voucher != registration.voucher:
        raise RejectedError(
            "not_in_force",
            f"{registration.voucher} is not in force any more: there is nothing to revoke",
            f"{registration.voucher} 已不在有效状态，无可注销",
            rule="Art. 37",
        )
    values = [value for value in current(asset.tuples) if isinstance(value, dict)]
    return Revoke(
        registration=key,
        asset=registration.asset,
        number=registration.voucher,
        parties=tuple(sorted({SubjectKey(str(value["holder"])) for value in values})),
        ground=ground,
        reasons=reasons,
        objection=objection or UNSET,
    )

"""Changes, renewals and cancellations: their forms, their openings, and their completion.

What right-holders see before they sign, and what the registrar's notice opens, is in the vault
before the ledger names its commitments.
"""

from collections.abc import Mapping
from typing import NoReturn

from contracts.application import File
from contracts.changing import changed_fields
from contracts.force import ended_holders, holders_of, settle_terms
from contracts.forms import (
    CHANGEABLE,
    FORMS,
    Commitment,
    Opening,
    check_changed,
    check_form_length,
)
from contracts.procedure import Registration
from contracts.profile import RegistrationType
from contracts.recording import Tests
from contracts.records import parse_record
from contracts.title import Asset, RightClaim, Voucher, tuple_values, voucher_key
from ledger.core.draft import DraftOpening
from ledger.core.event import SignedEvent
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import MalformedError, RejectedError
from ledger.keys import fresh_salt
from node.drafts import main_subject, read_body
from node.issuing import read_openings
from node.recorded import Cancelled, RecordedAsset, Superseded
from node.recording import (
    Recording,
    read_notice,
    record_until_numbered,
)
from node.registryapi import RegistryApi, Written
from node.transferring import complete_transfer, describe_parties

IDENTITY = ("contact", "id_number", "name")
"""What an applicant's particulars in a change may be called: committed to, and never opened."""


def build_later(
    registry: RegistryApi,
    filer: SubjectKey,
    of_type: RegistrationType,
    number: str,
    members: Mapping[str, Json],
) -> tuple[File, list[DraftOpening]]:
    """The body of a filing, and the openings of its commitments.

    Args:
        registry: Of the ledger.
        filer: The party that will speak: one of the right-holders. All of them sign, and a renewal
            it alone.
        of_type: `change`, `renewal` or `cancellation`.
        number: Of the voucher that it is about.
        members: Of its form, as they were filled in. Left out, `title` is the published one,
            `before` what was opened, `applicants` and `rights` those in force. What `after` says of
            an applicant is kept with the applicants.

    Raises:
        NotFoundError: There is no such voucher.
        MalformedError: The form has no such member, or there is no title.
        RejectedError: What is to be changed can never be, or not be published.
    """
    voucher = registry.need_state(Voucher, voucher_key(number))
    asset = registry.need_state(Asset, voucher.asset)
    form = FORMS[of_type].members
    unknown = sorted(set(members) - set(form))
    if unknown:
        raise MalformedError(f"a {of_type} has no member {', '.join(unknown)} in its form")
    holders = (filer,) if of_type == "renewal" else holders_of(asset, registry.clock.now())
    values: dict[str, Json] = dict.fromkeys(form)
    usual: dict[str, Json] = {
        "applicants": describe_parties(registry, holders),
        "rights": list(tuple_values(asset.tuples)),
        "title": asset.fields.get("title"),
    }
    values |= {name: value for name, value in usual.items() if name in form}
    values |= {name: value for name, value in members.items() if value is not None}
    values["voucher"] = number
    if of_type == "change":
        values |= _split_change(values, asset)
    check_form_length("title", values["title"])
    openings = [
        DraftOpening(by=filer, field=name, log=registry.origin, salt=fresh_salt(), value=value)
        for name, value in values.items()
    ]
    body = File(
        type=of_type,
        parties=holders,
        application={each.field: Commitment(digest=each.commitment()) for each in openings},
        asset=voucher.asset,
        voucher=number,
    )
    return body, openings


def _split_change(values: Mapping[str, Json], asset: Asset) -> dict[str, Json]:
    """`after` without what it says of an applicant, which goes to the applicants; and `before`.

    Raises:
        RejectedError: It names what no change reaches, or nothing at all.
    """
    after = values["after"]
    said = dict(after) if isinstance(after, dict) else {}
    particulars = {name: said.pop(name) for name in IDENTITY if name in said}
    if not said and not particulars:
        check_changed({})
    described: Json = said or None
    check_changed(described)
    before = {name: asset.fields.get(name) for name in said if name in CHANGEABLE}
    applicants = values["applicants"]
    return {
        "after": described,
        "before": values["before"] if values["before"] is not None else before,
        "applicants": {"parties": applicants, "after": particulars} if particulars else applicants,
    }


def read_recorded_later(registry: RegistryApi, key: SubjectKey, tests: Tests) -> RecordedAsset:
    """Everything that a record of this change or renewal says, as the ledger stands now.

    Raises:
        NotFoundError: There is no such registration.
        RejectedError: Its asset has no voucher any more.
    """
    registration = registry.need_state(Registration, key)
    return later_asset(registry, registration, key, registration.fields, tests)


def later_asset(
    registry: RegistryApi,
    registration: Registration | File,
    key: SubjectKey,
    opened: JsonObject,
    tests: Tests,
) -> RecordedAsset:
    """Everything that a record of a change or a renewal says.

    Args:
        registry: As it stands before.
        registration: Filed already, or the body that is about to be.
        key: Its key.
        opened: What its notice opened, or is about to.
        tests: What the registrar found.

    Raises:
        NotFoundError: There is no such asset.
        RejectedError: It has no voucher any more.
    """
    asset_key, now = SubjectKey(str(registration.asset)), registry.clock.now()
    before_terms = registry.need_state(Asset, asset_key)
    asset = settle_terms(before_terms, now)
    if asset.voucher is None or asset.classification is None:
        refuse_no_voucher(asset_key)
    is_change = registration.type == "change"
    before = registry.need_state(Voucher, voucher_key(asset.voucher))
    until = UnixMillis(before.valid_until) if is_change else None
    return RecordedAsset(
        asset=asset_key,
        registration=key,
        fields=changed_fields(asset.fields, opened) if is_change else dict(asset.fields),
        rights=tuple(parse_record(RightClaim, value) for value in tuple_values(asset.tuples)),
        classification=asset.classification,
        commitments={name: {"$commit": digest} for name, digest in asset.content.items()},
        tests=tests,
        years=_read_years(registry, key),
        before=Superseded(asset.voucher, until, tuple(sorted({*ended_holders(before_terms, now)}))),
    )


def read_cancelled(registry: RegistryApi, key: SubjectKey, tests: Tests) -> Cancelled:
    """What the record of this cancellation ends, as the ledger stands now.

    Raises:
        NotFoundError: There is no such registration.
        RejectedError: Its asset has no voucher any more.
    """
    return cancelled_asset(registry, registry.need_state(Registration, key).asset, key, tests)


def cancelled_asset(
    registry: RegistryApi, asset_key: SubjectKey, key: SubjectKey, tests: Tests
) -> Cancelled:
    """What the record of a cancellation ends.

    Args:
        registry: As it stands before.
        asset_key: The asset's.
        key: The cancellation, filed already or about to be.
        tests: What the registrar found.

    Raises:
        NotFoundError: There is no such asset.
        RejectedError: It has no voucher any more.
    """
    asset = registry.need_state(Asset, asset_key)
    if asset.voucher is None:
        refuse_no_voucher(asset_key)
    now = registry.clock.now()
    parties = {*holders_of(asset, now), *ended_holders(asset, now)}
    return Cancelled(asset_key, key, asset.voucher, tuple(sorted(parties)), tests)


def is_later(signed: SignedEvent) -> bool:
    """Whether an event files a registration about a voucher: any type but the initial one."""
    body = read_body(signed.event)
    return isinstance(body, File) and body.type != "initial"


def complete_later(
    registry: RegistryApi, recording: Recording, filed: SignedEvent, tests: Tests
) -> tuple[Written, str | None]:
    """File, accept, publish and record in one batch, all or nothing.

    Args:
        registry: Opened for writing, under a profile whose clocks have no length.
        recording: Who records.
        filed: The filing, with all its signatures; its openings are in the vault.
        tests: What the registrar found.

    Returns:
        The record, and the number of the new voucher; None: a cancellation, which issues none.

    Raises:
        NotFoundError: The openings are not in this vault.
        RejectedError: A rule refuses; nothing was written.
        TypeError: The event files no such registration.
    """
    body, key = read_body(filed.event), main_subject(filed.event)
    if not isinstance(body, File) or body.type == "initial":
        raise TypeError("not the filing of a registration about a voucher")
    if body.type == "transfer":
        return complete_transfer(registry, recording, filed, tests)
    fields: dict[str, Opening] = {}
    before = [filed, recording.accept(key)]
    if body.type in registry.ledger.profile.notice_types:
        fields = read_notice(registry, key, FORMS[body.type])
        before.append(recording.publish(key, fields))
    if body.type == "cancellation":
        ended = cancelled_asset(registry, SubjectKey(str(body.asset)), key, tests)
        return registry.submit([*before, recording.cancel(ended, None)], {})[-1], None
    opened = {name: opening.value for name, opening in fields.items()}
    asset = later_asset(registry, body, key, opened, tests)
    return record_until_numbered(registry, recording, asset, before)


def _read_years(registry: RegistryApi, key: SubjectKey) -> int:
    """Years that a renewal asks for, as its form says; as many as the profile allows unless told.

    The form is in the vault of whoever filed it, and the registrar's.
    """
    longest = registry.ledger.profile.max_years
    vault = registry.open_vault()
    try:
        found = read_openings(vault, key, ("term",))
    finally:
        vault.close()
    term = found[0]["value"] if found else None
    years = term.get("years") if isinstance(term, dict) else None
    return min(years, longest) if isinstance(years, int) and years > 0 else longest


def refuse_no_voucher(asset: SubjectKey) -> NoReturn:
    """Refuse what is about a voucher where there is none.

    Raises:
        RejectedError: Always.
    """
    raise RejectedError(
        "no_voucher",
        f"{asset} has no voucher any more: there is nothing to change, renew or cancel",
        f"{asset} 已没有凭证，无可变更、续期或注销",
        rule="Art. 33",
    )

"""What a registrar needs from ledger and vault to publish, record and revoke a registration."""

from contracts.forms import OPENABLE_MEMBERS, Opening
from contracts.intervals import current
from contracts.recording import RevocationGround, Revoke, Tests
from contracts.registration import Registration
from contracts.title import Asset, Classification
from ledger.core.types import SubjectKey
from ledger.errors import MalformedError, NotFoundError, RejectedError
from node.issuing import RecordedAsset, claim_rights, read_application, read_openings
from node.registry import Registry


def read_openable(registry: Registry, key: SubjectKey) -> dict[str, Opening]:
    """Openings of the members that a public notice may open, from this home's vault.

    Raises:
        NotFoundError: The vault has none of this registration.
    """
    vault = registry.open_vault()
    try:
        found = read_openings(vault, key, OPENABLE_MEMBERS)
    finally:
        vault.close()
    if not found:
        raise NotFoundError(f"the openings of {key} are not in this vault")
    return {
        str(opening["field"]): Opening(salt=str(opening["salt"]), value=opening["value"])
        for opening in found
        if opening["value"] is not None
    }


def read_recorded_asset(
    registry: Registry, key: SubjectKey, classification: Classification, tests: Tests
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
        application=application,
        fields=dict(registration.fields),
        rights=claim_rights(application, registration.filer),
        classification=classification,
        commitments={name: {"$commit": digest} for name, digest in asset.content.items()},
        tests=tests,
    )


def build_revocation(
    registry: Registry, key: SubjectKey, ground: RevocationGround, reasons: str
) -> Revoke:
    """The body of a revocation of what this registration led to.

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
    )

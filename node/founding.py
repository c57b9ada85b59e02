"""Founding a registry: keys, vault, policy and `ledger.open`, wholly or not at all.

Everything is made in a folder beside the home folder, which takes its name as the last step.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from contracts.charter import Founder, Founders, Open
from contracts.foundation import Catalogue
from contracts.profile import Profile
from ledger.clock import Clock
from ledger.core.checkpoint import check_origin
from ledger.core.hashing import SUITE
from ledger.core.note import Algorithm, VerifierKey, create_verifier_key, format_vkey
from ledger.core.policy import Log, Policy, format_policy
from ledger.core.types import DidKey, SubjectKey
from ledger.errors import ExistsError, RejectedError, StoreFailedError
from ledger.files import create_private_file, replace_file, sync_folder
from ledger.keys import KeyRing, Passphrase, SigningKey, fresh_label
from ledger.sequencer import Refused, Sequencer, Submission
from ledger.signer import CheckpointSigner
from ledger.storage.sqlite import create_store
from ledger.vault import Vault
from node.home import Home
from node.registry import LOG_KEY, NODE_KEY
from node.registryapi import VAULT_KEY, create_event, sign_event
from node.rulebundle import current_rules

POLICY_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Charter:
    """What a new registry is to be.

    Args:
        profile: The rule text it follows.
        origin: Of its ledger; None makes one that nobody else has.
        registrar_name: In words.
        region: Two digits, of a catalogued registrar.
        digit: Of the registrar within its region.
    """

    profile: Profile
    origin: str | None = None
    registrar_name: str | None = None
    region: str | None = None
    digit: str | None = None


@dataclass(frozen=True, slots=True)
class Founded:
    """A new registry; in solo one party is all four."""

    origin: str
    operator: SubjectKey
    registrar: SubjectKey
    regulator: SubjectKey
    applicant: SubjectKey | None


def found_registry(
    path: Path, charter: Charter, passphrase: Passphrase | None, clock: Clock
) -> Founded:
    """Make a registry in a home folder.

    Args:
        path: Missing or empty.
        charter: What it is to be.
        passphrase: Seals its keys; None leaves them in the clear.
        clock: For the first event.

    Raises:
        ExistsError: There is something in the folder; it is left alone.
        RejectedError: The charter does not fit its profile.
        MalformedError: The origin or a name is not one.
        StoreFailedError: The disk is full or cannot be written; nothing is left behind.
    """
    path = path.resolve()  # a link to an empty folder stays one
    check_vacant(path, charter)
    origin = charter.origin or f"muniment.invalid/{fresh_label()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as exc:
        raise StoreFailedError(f"cannot make a folder beside {path}: {exc.strerror}") from exc
    try:
        founded = _found(Home(workshop), origin, charter, passphrase, clock)
        if path.is_dir():
            path.rmdir()
        workshop.rename(path)
        sync_folder(path.parent)
    except OSError as exc:
        raise StoreFailedError(f"cannot make {path}: {exc.strerror}") from exc
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return founded


def check_vacant(path: Path, charter: Charter) -> None:
    """What can be said before anything is made, or anybody asked for a passphrase.

    Raises:
        ExistsError: There is something at the path already.
        MalformedError: The origin is none.
        StoreFailedError: The folder cannot be looked into.
    """
    try:
        is_vacant = not path.exists() or (path.is_dir() and not any(path.iterdir()))
    except OSError as exc:
        raise StoreFailedError(f"cannot read {path}: {exc.strerror}") from exc
    if not is_vacant:
        raise ExistsError(
            f"{path} is not empty: name another folder with --home, or remove what is there"
        )
    if charter.origin is not None:
        check_origin(charter.origin)


def _found(
    home: Home, origin: str, charter: Charter, passphrase: Passphrase | None, clock: Clock
) -> Founded:
    ring = KeyRing(home.keys, passphrase)
    log, node = ring.create(LOG_KEY), ring.create(NODE_KEY)
    ring.create(VAULT_KEY)
    keys = _create_party_keys(ring, charter.profile)
    body = _opening(origin, charter, log, node, keys)
    event = create_event(clock, origin, body.parties.operator.party, body)
    signers = {key.did: key for group in keys.values() for key in group} | {node.did: node}
    signed = sign_event(event, list(signers.values()))
    store = create_store(home.ledger)
    try:
        signer = CheckpointSigner(log, origin, home.signer)
        signer.begin()
        outcome = Sequencer(store, current_rules(), clock, signer).submit([Submission(signed)])[0]
        if isinstance(outcome, Refused):
            raise outcome.error
    finally:
        store.close()
    Vault(home.vault, ring.load_secret(VAULT_KEY)).close()
    create_private_file(home.lock, b"")
    policy = Policy(logs=(Log(_log_key(origin, log)),))
    replace_file(home.policy, format_policy(policy), POLICY_MODE)
    parties = body.parties
    solo = charter.profile.is_solo
    return Founded(
        origin=origin,
        operator=parties.operator.party,
        registrar=parties.registrar.party,
        regulator=parties.regulator.party,
        applicant=parties.operator.party if solo else None,
    )


def _create_party_keys(ring: KeyRing, profile: Profile) -> dict[str, list[SigningKey]]:
    operator = [ring.create("operator")]
    if profile.is_solo:
        return {"operator": operator, "registrar": operator, "regulator": operator}
    officers = [ring.create(f"registrar-{i + 1}") for i in range(profile.officers)]
    return {
        "operator": operator,
        "registrar": officers,
        "regulator": [ring.create("regulator")],
    }


def _opening(
    origin: str,
    charter: Charter,
    log: SigningKey,
    node: SigningKey,
    keys: dict[str, list[SigningKey]],
) -> Open:
    profile, rules = charter.profile, current_rules()
    name = charter.registrar_name or profile.title.zh
    catalogue = None
    if charter.region is not None and charter.digit is not None:
        catalogue = Catalogue(name=name, region=charter.region, digit=charter.digit)
    if profile.scheme == "SJ" and (catalogue is None or charter.registrar_name is None):
        raise RejectedError(
            "catalogue",
            "this profile is for a catalogued registrar: give --registrar-name, --region (two "
            "digits) and --registrar-digit",
            "本规则适用于列入目录的登记机构：请给出 --registrar-name、--region（两位）与 "
            "--registrar-digit",
            rule="annex 6",
        )

    def founder(role: str, label: str) -> Founder:
        dids: tuple[DidKey, ...] = tuple(sorted(key.did for key in keys[role]))
        return Founder(keys=dids, kind="unincorporated", name=label, uscc=None)

    suffixes = ("", "", "") if profile.is_solo else (" (operator)", "", " (regulator)")
    return Open(
        name=name,
        suite=SUITE.name,
        catalogue=catalogue,
        profile=profile,
        rules=rules.name,
        rules_digest=rules.rule_sets[rules.name],
        parties=Founders(
            operator=founder("operator", name + suffixes[0]),
            registrar=founder("registrar", name + suffixes[1]),
            regulator=founder("regulator", name + suffixes[2]),
        ),
        node=node.did,
        log=format_vkey(_log_key(origin, log)),
    )


def _log_key(origin: str, log: SigningKey) -> VerifierKey:
    return create_verifier_key(origin, Algorithm.ED25519, log.public_key)

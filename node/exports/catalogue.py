"""The catalogue of what is registered here, as DCAT 3 in JSON-LD, with proofs inside.

`root` is the RFC 6962 root over the canonical bytes of the datasets, in order. `seal` is the
receipt of the newest seal: its checkpoint is signed by the log, its state root commits every state.
`states` holds each state that the datasets are worked out from, with its path in the state map:

```json
{"subject":"asset/...","value":{},"map_proof":"<base64url>"}
```

A verifier holds the states against the seal, works every dataset out again and compares. Nothing is
fetched. That no asset was left out is not proved: the log shows that, executed again.

Spec: our formats, sections 4, 6 and 7; docs/exports.md.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from contracts.clocks import format_instant
from contracts.foundation import Ledger
from contracts.records import parse_state_record
from contracts.title import Asset
from contracts.verdict import Report as Verdict
from contracts.verdict import check_expectation, note_checkpoint, note_seal
from ledger.core.bundle import (
    Receipt,
    StateBundle,
    format_receipt,
    parse_receipt,
    verify_state_bundle,
)
from ledger.core.canonical import encode_canonical
from ledger.core.entry import Seal
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_BUNDLE_DEPTH, MAX_BUNDLE_PARTS, MAX_MAP_PROOF_BYTES
from ledger.core.members import take_members, take_text
from ledger.core.merkle import hash_tree
from ledger.core.opening import VerifiedCheckpoint, open_checkpoint
from ledger.core.state import encode_state, parse_state, state_json
from ledger.core.subjects import SELF, format_urn, parse_subject
from ledger.core.text import format_base64url, parse_base64url
from ledger.core.types import Json, JsonObject, SubjectKey
from ledger.errors import BundleError, LimitError, MalformedError
from node.exports.datasets import (
    CONTEXT,
    States,
    describe_dataset,
    is_listed,
    name_subjects,
    take_state,
)
from node.judges import Ask

if TYPE_CHECKING:
    from node.registryapi import Proofs, RegistryApi

CATALOGUE: Final = "muniment/catalogue/v1"
KIND: Final = "catalogue"
ASSETS_LEFT_OUT: Final = "assets left out"
_ALL: Final = 10**9
_MEMBERS: Final = {
    "@context", "@id", "@type", "count", "dcat:dataset", "dct:modified", "dct:publisher",
    "dct:title", "format", "rdfs:comment", "root", "seal",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A catalogue: its JSON-LD document, and the bytes that its digest is of."""

    document: JsonObject

    @property
    def data(self) -> bytes:
        """Canonical JSON of the document."""
        return encode_canonical(self.document, max_depth=MAX_BUNDLE_DEPTH)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, 64 hex digits."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Page:
    """Which of the listed assets, in the order of their keys.

    Args:
        after: Only those after this key; empty: from the first.
        limit: At most so many; None: all.
    """

    after: str = ""
    limit: int | None = None


def make_catalogue(registry: "RegistryApi", page: Page, *, with_proofs: bool) -> Catalogue:
    """The catalogue under the newest checkpoint.

    Args:
        registry: Read only.
        page: Which assets.
        with_proofs: Carry the states and their paths.

    Raises:
        LimitError: With its proofs it would be too large to be verified: ask for pages.
        NotFoundError: No checkpoint was signed yet.
    """
    prover = registry.prover()
    bundles = {SELF: prover.prove_state(SELF)}
    listed: list[SubjectKey] = []
    for key, asset in _find_listed(registry, prover, page):
        listed.append(key)
        subjects = name_subjects(key, asset)
        bundles |= {each: prover.prove_state(each) for each in subjects if each not in bundles}
    states = {key: each.value for key, each in bundles.items() if each.value is not None}
    receipt = bundles[SELF].receipt
    document = _describe(registry.origin, listed, states, receipt)
    if with_proofs:
        proved: list[Json] = [_format_state(bundles[key]) for key in sorted(bundles)]
        document = {**document, "states": proved}
    made = Catalogue(document)
    if with_proofs and sum(map(made.data.count, (b",", b"[", b"{"))) > MAX_BUNDLE_PARTS:
        raise LimitError(
            f"a catalogue of {len(listed)} assets with their proofs is too large to be verified: "
            "make pages with --limit and --after, or leave the proofs out with --without-proofs"
        )
    return made


def _find_listed(
    registry: "RegistryApi", prover: "Proofs", page: Page
) -> Iterator[tuple[SubjectKey, Asset]]:
    found = 0
    for key in registry.find_subjects("asset/", _ALL):
        if page.limit is not None and found >= page.limit:
            return
        value = prover.read_state(key) if key > page.after else None
        asset = None if value is None else parse_state_record(Asset, value.state)
        if asset is not None and is_listed(asset):
            found += 1
            yield key, asset


def _describe(
    origin: str, listed: Sequence[SubjectKey], states: States, receipt: Receipt
) -> JsonObject:
    """Everything but the proofs."""
    ledger = take_state(Ledger, SELF, states)
    datasets = [describe_dataset(origin, key, states) for key in listed]
    return {
        "@context": CONTEXT,
        "@id": f"{format_urn(origin, SELF)}#catalogue",
        "@type": "dcat:Catalog",
        "count": len(datasets),
        "dcat:dataset": datasets,
        "dct:modified": {
            "@type": "xsd:dateTime",
            "@value": format_instant(_take_seal(receipt).time, 0),
        },
        "dct:publisher": {
            "@id": format_urn(origin, ledger.registrar),
            "@type": "foaf:Agent",
            "foaf:name": ledger.name,
        },
        "dct:title": ledger.name,
        "format": CATALOGUE,
        "rdfs:comment": [
            {"@language": "en", "@value": ledger.profile.notice.en},
            {"@language": "zh", "@value": ledger.profile.notice.zh},
        ],
        "root": hash_tree(hash_leaf(encode_canonical(each)) for each in datasets).hex(),
        "seal": format_receipt(receipt),
    }


def judge_catalogue_file(value: JsonObject, ask: Ask, report: Verdict) -> None:
    """Verify a catalogue.

    Raises:
        VerificationError: A proof does not hold, or a dataset says something else.
        MalformedError: Not a catalogue, or one without proofs.
        LimitError: A part is too large.
    """
    report.kind, report.subject = KIND, SELF
    report.note_unchecked(ASSETS_LEFT_OUT)
    check_expectation(report, ask.question)
    receipt, bundles = _parse(value)
    opened = open_checkpoint(ask.policy, receipt.proof.checkpoint)
    note_checkpoint(report, opened, ask.question)
    report.check("state", "proved", lambda: _verify_states(bundles, opened))
    report.check(
        "datasets",
        f"{value['count']} datasets, as proved",
        lambda: verify_catalogue(value, bundles, opened.body.origin),
    )
    note_seal(report, _take_seal(receipt), ask.question)
    report.is_authentic = report.is_in_force = True


def verify_catalogue(
    document: JsonObject, bundles: Mapping[SubjectKey, StateBundle], origin: str
) -> None:
    """Check that a catalogue says what the states in it say, of every asset that they list.

    Args:
        document: As read.
        bundles: The states in it, verified, by subject.
        origin: Of the log that they were verified under.

    Raises:
        BundleError: It says something else; names the first member that does.
    """
    states = {key: each.value for key, each in bundles.items() if each.value is not None}
    assets = sorted(key for key in states if key.startswith("asset/"))
    listed = [key for key in assets if is_listed(take_state(Asset, key, states))]
    needed = {SELF}.union(*(name_subjects(k, take_state(Asset, k, states)) for k in listed))
    if needed != bundles.keys():
        raise BundleError("the states are those of the ledger and of what the datasets name")
    shown = _describe(origin, listed, states, bundles[SELF].receipt)
    for name, proved in shown.items():
        if encode_canonical([document[name]]) != encode_canonical([proved]):
            raise BundleError(f"the catalogue says something else than the proofs: its {name}")


def _verify_states(bundles: Mapping[SubjectKey, StateBundle], opened: VerifiedCheckpoint) -> None:
    for bundle in bundles.values():
        verify_state_bundle(bundle, opened)


def _format_state(bundle: StateBundle) -> JsonObject:
    if bundle.value is None:
        raise AssertionError("only states that are there are put into a catalogue")
    return {
        "map_proof": format_base64url(bundle.map_proof),
        "subject": bundle.subject,
        "value": state_json(bundle.value),
    }


def _parse(document: JsonObject) -> tuple[Receipt, dict[SubjectKey, StateBundle]]:
    """The seal and the states of a catalogue; nothing is verified.

    Raises:
        MalformedError: Not a catalogue, or one without states.
        LimitError: A part is too large.
    """
    if "states" not in document:
        raise MalformedError(
            "the catalogue carries no proofs: ask for one that was made without --without-proofs"
        )
    members = take_members(document, _MEMBERS | {"states"}, "a catalogue with proofs")
    receipt = parse_receipt(members["seal"])
    _take_seal(receipt)
    states = members["states"]
    if not isinstance(states, list):
        raise MalformedError("the states of a catalogue are an array")
    bundles = {each.subject: each for each in (_parse_state(each, receipt) for each in states)}
    if len(bundles) != len(states) or SELF not in bundles:
        raise MalformedError("a catalogue has the ledger's own state, and each state once")
    return receipt, bundles


def _parse_state(value: Json, receipt: Receipt) -> StateBundle:
    members = take_members(value, {"map_proof", "subject", "value"}, "a state of a catalogue")
    proof = parse_base64url(take_text(members["map_proof"]))
    if len(proof) > MAX_MAP_PROOF_BYTES:
        raise LimitError(f"a map proof has at most {MAX_MAP_PROOF_BYTES} bytes, not {len(proof)}")
    state = parse_state(members["value"])
    encode_state(state)  # refuses here what the map could not hold, not while verifying
    return StateBundle(parse_subject(take_text(members["subject"])), state, proof, receipt)


def _take_seal(receipt: Receipt) -> Seal:
    if not isinstance(receipt.content, Seal):
        raise MalformedError("the leaf under a catalogue's seal is not a seal")
    return receipt.content

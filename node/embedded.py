"""The states inside a verified file, and what they say of it in a line.

Only members are looked at that every format of ours verifies; what a credential or an event says is
not taken for a proof.
"""

from dataclasses import dataclass

from contracts.chain import Grant
from contracts.force import rights_in_force
from contracts.intervals import current
from contracts.records import StateT, parse_state_record
from contracts.rulebook import STATES
from contracts.title import Asset
from ledger.core.bundle import StateBundle
from ledger.core.canonical import decode_bundle
from node.judges import MAX_FILE_BYTES
from node.newest import find_states_in
from node.pack import PACK, Pack, is_pack, read_pack
from node.packparts import read_parts
from node.statement import STATEMENT_FILE


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file is about, for people.

    Args:
        title: Of the asset, else what people call the subject; empty if nothing does.
        holders: Keys of the right-holders, or of a grantee.
        status: Open status of the subject; empty if its state has none.
        subjects: Keys of all states, sorted.
    """

    title: str
    holders: tuple[str, ...]
    status: str
    subjects: tuple[str, ...]


def find_states(data: bytes) -> list[StateBundle]:
    """The states that a file proves, those of files within a pack too.

    Args:
        data: Verified.

    Raises:
        MalformedError: It does not parse.
        LimitError: It is too large.
    """
    if not is_pack(data):
        return list(find_states_in(decode_bundle(data, max_bytes=MAX_FILE_BYTES)))
    parts = read_parts(read_pack(data).files)
    found = [state for path in parts.documents for state in find_states_in(parts.read(path))]
    return found + [state for inner in parts.packs.values() for state in find_states(inner)]


def is_collection(pack: Pack) -> bool:
    """Whether a pack is but a heap of proofs: it states nothing, and everything in it is one."""
    parts = read_parts(pack.files)
    only_proofs = not (parts.texts or parts.stated or parts.openings)
    return pack.form == PACK and STATEMENT_FILE not in pack.files and only_proofs


def summarise(data: bytes, subject: str) -> Summary:
    """What a file is about.

    Args:
        data: Verified.
        subject: Whom it is mainly about, as its verification said.
    """
    states = find_states(data)
    about = [state for state in states if state.subject == subject]
    assets = [state for state in states if state.subject.startswith("asset/")]
    return Summary(
        title=next(filter(None, map(_label, assets + about)), ""),
        holders=next(filter(None, map(_holders, about + assets)), ()),
        status=next(filter(None, map(_status, about)), ""),
        subjects=tuple(sorted({state.subject for state in states})),
    )


def open_state(cls: type[StateT], bundle: StateBundle) -> StateT | None:
    """The state as a record, if it is there and of this type."""
    value = bundle.value
    if value is None or value.state.type != cls.state_type:
        return None
    return parse_state_record(cls, value.state)


def _label(bundle: StateBundle) -> str:
    cls = None if bundle.value is None else STATES.get(bundle.value.state.type)
    record = None if cls is None else open_state(cls, bundle)
    listing = None if record is None else record.describe(bundle.subject)
    return "" if listing is None else listing.label


def _holders(bundle: StateBundle) -> tuple[str, ...]:
    asset, grant = open_state(Asset, bundle), open_state(Grant, bundle)
    if asset is not None:
        rights = rights_in_force(asset, bundle.seal.time)
        return tuple(sorted({str(value["holder"]) for value in rights}))
    return () if grant is None else (grant.grantee,)


def _status(bundle: StateBundle) -> str:
    cls = None if bundle.value is None else STATES.get(bundle.value.state.type)
    record = None if cls is None else open_state(cls, bundle)
    held = current(getattr(record, "status", ()))
    return str(held[-1]) if held else ""

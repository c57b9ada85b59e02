"""What a delivery says of the marks in its copy, and when it may and has to say so.

Marks are rows that this recipient alone does not get, cells that differ for each recipient, and
rows that were invented for this recipient. The key that chose them is committed to before the copy
goes out, so that nobody chooses one afterwards to point at somebody; that does not keep a seller
from leaking the copy himself, unless somebody else made the marks.

Spec: design of tracing, section 3; domain, section 4; docs/adr/0033.
"""

from typing import Annotated, Final

from msgspec import UNSET, Meta, UnsetType

from contracts.chain import Grant, Hop, find_grantor
from contracts.clauses import States
from contracts.engine import Context, refuse
from contracts.forms import Commitment
from contracts.foundation import Ledger
from contracts.identity import HexDigest, PartyKey
from contracts.odrl import (
    Disclosure,
    describe_marks,
    find_disclosure,
    is_disclosed,
    parse_policy,
)
from contracts.odrl.vocabulary import MAX_INVENTED_ROWS, MAX_ROWS_PER_MARK, MAX_WITHHELD
from contracts.records import Record
from ledger.core.limits import MAX_SAFE_INTEGER
from ledger.core.subjects import SELF
from ledger.core.types import SubjectKey

_RULE: Final = "domain 4"


class Marks(
    Record,
    frozen=True,
    kw_only=True,
    rename={"withheld": "e", "rows_per_mark": "g", "marked_by": "markedBy"},
):
    """How a copy was marked.

    Args:
        withheld: `e` in JSON: rows withheld from this recipient, per 10,000.
        rows_per_mark: `g` in JSON: one row in so many has one cell that may be changed; 0: none.
        key: Commitment to the marking key, its columns and this delivery's stream.
        rows: How many the copy has, invented ones too, without a header.
        canaries: How many of these rows are invented; absent: none is.
        marked_by: `markedBy` in JSON: who made the marks, if not the sender; it signs too.
    """

    withheld: Annotated[int, Meta(ge=0, le=MAX_WITHHELD)]
    rows_per_mark: Annotated[int, Meta(ge=0, le=MAX_ROWS_PER_MARK)]
    key: Commitment
    rows: Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]
    canaries: Annotated[int, Meta(ge=1, le=MAX_INVENTED_ROWS)] | UnsetType = UNSET
    marked_by: PartyKey | UnsetType = UNSET

    @property
    def strength(self) -> Disclosure:
        """What terms have to disclose."""
        return Disclosure(self.withheld, self.rows_per_mark, self.invented)

    @property
    def invented(self) -> int:
        """How many rows of the copy are invented."""
        return 0 if self.canaries is UNSET else self.canaries


class Escrow(Record, frozen=True, kw_only=True):
    """With whom the marking key lies, sealed; it travels off the ledger.

    Args:
        party: Whose key opens it.
        digest: SHA-256 of the sealed file, 64 hex digits.
    """

    party: PartyKey
    digest: HexDigest


def check_marks(
    context: Context, hop: Hop, recipient: SubjectKey, marks: Marks | None, escrow: Escrow | None
) -> None:
    """Hold a delivery's marks and escrow against the grant that it goes out under.

    Marks need terms that disclose them. Whoever got the data under a grant himself and hands it on
    under terms that disclose marks has to mark the copy, and to leave the marking key with who
    licensed him or with the registrar: otherwise a leak of that copy could not be told from one of
    his own. The first hand may mark or not, and its key is its own or the registrar's to keep.

    Args:
        context: Of the `delivery.send`.
        hop: The grant.
        recipient: Who gets the copy.
        marks: None: it is exact.
        escrow: None: nobody else has the key.

    Raises:
        RejectedError: Reason `no_marks`, `not_disclosed`, `marked_by`, `needs_escrow` or
            `wrong_escrow`.
    """
    disclosed = find_disclosure(parse_policy(hop.grant.policy).terms)
    if marks is not None:
        _check_disclosed(hop, marks.strength, disclosed)
        _check_marker(context.actor, recipient, marks)
    parties = escrow_parties(context, hop.grant)
    is_onward = hop.grant.parent is not None and bool(parties)
    if is_onward and not disclosed.is_empty and (marks is None or escrow is None):
        en, zh = " or ".join(parties), "、".join(parties)
        refuse(
            "needs_escrow",
            f"{hop.key} discloses marks, so a copy handed on under it is marked and its marking "
            f"key sealed to {en}: name marks and escrow, or issue a grant that discloses none",
            f"{hop.key} 约定了标记，依其再交付的副本须作标记，标记密钥须密封托管于 {zh} 之一："
            "请填写 marks 与 escrow，或改发不约定标记的授权",
            _RULE,
        )
    if escrow is not None and (marks is None or escrow.party not in parties):
        en, zh = " or ".join(parties), "、".join(parties)
        refuse(
            "wrong_escrow",
            f"an escrow keeps the key of marks, and here lies with {en}: name marks, and one of "
            "these, or leave the escrow out",
            f"托管的应为标记密钥，此处托管方须为 {zh} 之一：请填写 marks 与上述托管方，"
            "或去掉 escrow",
            _RULE,
        )


def escrow_parties(states: States, grant: Grant) -> tuple[SubjectKey, ...]:
    """With whom the marking key of a copy under a grant may lie, the most fitting first.

    Who gave the grant above, or took over the right behind it; then the registrar. Of a grant
    without one above the registrar alone. The sender is none of them, so there may be nobody.

    Args:
        states: As of the newest block.
        grant: Under which the copy goes out.
    """
    above = None if grant.parent is None else states.find(Grant, grant.parent)
    ledger = states.find(Ledger, SELF)
    found = [
        *([] if above is None else [find_grantor(states, above)]),
        *([] if ledger is None else [ledger.registrar]),
    ]
    sender = find_grantor(states, grant)
    return tuple(dict.fromkeys(each for each in found if each != sender))


def _check_disclosed(hop: Hop, marks: Disclosure, disclosed: Disclosure) -> None:
    if marks.is_empty:
        refuse(
            "no_marks",
            "marks that withhold no row (e is 0), change no cell (g is 0) and invent no row are "
            "none: leave them out, or withhold rows",
            "不略去行（e 为 0）、不改动单元格（g 为 0）、亦无虚构的行，则不成标记：请去掉 marks，"
            "或略去部分行",
            _RULE,
        )
    if not is_disclosed(marks, disclosed):
        wanted, agreed = describe_marks(marks), describe_marks(disclosed)
        refuse(
            "not_disclosed",
            f"this copy {wanted[0]}, while under {hop.key} a copy {agreed[0]}: mark it less, "
            "deliver an exact one, or issue a grant whose acceptTracking discloses so much",
            f"该副本{wanted[1]}，而依据 {hop.key}，副本{agreed[1]}：请减少标记、交付原样副本，"
            "或改发 acceptTracking 已如此约定的授权",
            _RULE,
        )


def _check_marker(sender: SubjectKey, recipient: SubjectKey, marks: Marks) -> None:
    if marks.marked_by in {sender, recipient}:
        refuse(
            "marked_by",
            f"{marks.marked_by} sends or gets the copy: markedBy names a third party, or is left "
            "out",
            f"{marks.marked_by} 为交付方或接收方：markedBy 须为第三方，或不填",
            _RULE,
        )

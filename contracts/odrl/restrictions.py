"""What a registration restricts, as ODRL: a voucher's terms of use, and the bounds of its grants.

A prohibition of resale names the acts outright: prohibiting `use` alone would not prohibit a
transfer, nor prohibiting `sell` a resale of copies.

Spec: ODRL 2.2; domain, section 5.
"""

from collections.abc import Iterator
from typing import Final

from contracts.odrl.policy import Atom, Permission, Prohibition, Terms
from contracts.odrl.vocabulary import ACTIONS, PROFILE, TRANSFERS
from ledger.core.limits import MAX_NEXT_POLICIES
from ledger.core.types import Json, JsonObject, UnixMillis

RESALE_ACTS: Final = ("distribute", "grantUse", "transfer")
LICENSED: Final = tuple(act for act in ACTIONS if act not in {*TRANSFERS, "muniment:encumber"})
"""What a grant may permit: a right itself moves, or is pledged, by registration alone."""

UNOPENED: Final[JsonObject] = {"resale": False, "export": False}
"""What has to be taken for the restrictions of data whose notice was withheld."""

_RESTRICTED: Final = (("resale", RESALE_ACTS), ("export", ("muniment:export",)))
"""Members of the form's restrictions that may be false, and what is prohibited then."""


def terms_of_use(target: str, restrictions: Json) -> JsonObject:
    """`termsOfUse` of a voucher credential.

    Args:
        target: URN of the asset.
        restrictions: The form's member: words, or an object whose `resale` or `export` may be
            false (guideline, "Forms").
    """
    prohibited: list[Json] = [
        {"action": act, "target": target}
        for _, acts in _list_prohibited(restrictions)
        for act in acts
    ]
    return {
        "type": "Set",
        "profile": PROFILE,
        "conflict": "prohibit",
        "prohibition": prohibited,
    }


def restriction_terms(restrictions: Json) -> Terms:
    """The same restrictions as prohibitions to evaluate; they permit nothing.

    Args:
        restrictions: As for terms_of_use. The paths are those of its members.
    """
    return Terms(
        prohibitions=tuple(
            Prohibition(f"restrictions/{name}", acts)
            for name, acts in _list_prohibited(restrictions)
        )
    )


def root_terms(restrictions: Json, until: UnixMillis | None) -> Terms:
    """All that the holder of a right to operate may permit in a grant.

    Args:
        restrictions: As for terms_of_use; what they prohibit, no grant permits.
        until: First instant after the right's own term, Unix milliseconds; None: it has none.
    """
    limits = () if until is None else (Atom("dateTime", "lt", number=until),)
    handed: Terms | None = None
    for _ in range(MAX_NEXT_POLICIES + 1):
        anything = Permission("operate", LICENSED, next_policy=handed)
        handed = Terms(permissions=(anything,))
    return Terms(
        permissions=(Permission("operate", LICENSED, limits, next_policy=handed),),
        prohibitions=restriction_terms(restrictions).prohibitions,
    )


def _list_prohibited(restrictions: Json) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(restrictions, dict):
        for name, acts in _RESTRICTED:
            if restrictions.get(name) is False:
                yield name, acts

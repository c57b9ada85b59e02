"""Usage terms of a voucher as an ODRL set (`urn:muniment:odrl:1`).

A prohibition of resale names the acts outright: prohibiting `use` alone would not prohibit a
transfer, nor prohibiting `sell` a resale of copies.

Spec: ODRL 2.2; domain, section 5.
"""

from typing import Final

from ledger.core.types import Json, JsonObject

ODRL_PROFILE: Final = "urn:muniment:odrl:1"
RESALE_ACTS: Final = ("distribute", "grantUse", "transfer")


def terms_of_use(target: str, restrictions: Json) -> JsonObject:
    """`termsOfUse` of a voucher credential.

    Args:
        target: URN of the asset.
        restrictions: The form's member: words, or an object whose `resale` or `export` may be
            false (guideline, "Forms").
    """
    prohibited: list[Json] = []
    if isinstance(restrictions, dict):
        if restrictions.get("resale") is False:
            prohibited += [{"action": act, "target": target} for act in RESALE_ACTS]
        if restrictions.get("export") is False:
            prohibited.append({"action": "muniment:export", "target": target})
    return {
        "type": "Set",
        "profile": ODRL_PROFILE,
        "conflict": "prohibit",
        "prohibition": prohibited,
    }

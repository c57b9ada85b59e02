"""How open data is to others: what its classification says of handing it on.

`unconditional` and `conditional` data is handed on by grants and deliveries, on their terms.
`closed` data (不予开放) stays with its right-holders: others may be let use it where it is, by a
grant that hands nothing on, but no copy goes to anybody who has no right in it.

Spec: domain, sections 2 and 7, openness levels.
"""

from contracts.clauses import States
from contracts.engine import Context, refuse
from contracts.force import rights_in_force
from contracts.odrl import ONWARD, Policy
from contracts.standing import read_pending
from contracts.title import Asset
from ledger.core.types import SubjectKey, UnixMillis


def is_closed(asset: Asset) -> bool:
    """Whether data stays with its right-holders."""
    return asset.classification is not None and asset.classification.openness == "closed"


def is_holder(states: States, asset: Asset, party: str, time: UnixMillis) -> bool:
    """Whether a party has a right in force in the data at an instant."""
    pending = read_pending(states, asset, time)
    return any(value["holder"] == party for value in rights_in_force(asset, time, pending))


def refuse_if_closed(
    context: Context, key: SubjectKey, asset: Asset, recipient: SubjectKey
) -> None:
    """Keep copies of closed data with its right-holders.

    Args:
        context: Of the delivery.
        key: The asset's.
        asset: Its state.
        recipient: To whom it would go.

    Raises:
        RejectedError: Reason `closed`.
    """
    if is_closed(asset) and not is_holder(context, asset, recipient, context.time):
        refuse("closed", *describe_closed(key, recipient), "domain 2")


def refuse_onward_if_closed(key: SubjectKey, asset: Asset, policy: Policy) -> None:
    """Keep grants of closed data from handing it on.

    Args:
        key: The asset's.
        asset: Its state.
        policy: Of the grant.

    Raises:
        RejectedError: Reason `closed`: a permission distributes or grants use onward.
    """
    named = (each for rule in policy.terms.permissions for each in rule.actions)
    onward = [each for each in named if each in ONWARD]
    if onward and is_closed(asset):
        refuse(
            "closed",
            f"{key} is closed: a grant of it may permit use where the data is, and not "
            f"{onward[0]}; leave that permission out",
            f"{key} 不予开放：授权仅可许可在原处使用，不得含 {onward[0]}；请去掉该项许可",
            "domain 2",
        )


def describe_closed(key: SubjectKey, recipient: str) -> tuple[str, str]:
    """What is said where closed data would leave its right-holders, in both languages."""
    return (
        f"{key} is closed: copies go to its right-holders alone, and {recipient} has no right in "
        "it; have one transferred to it, or let it use the data where it is",
        f"{key} 不予开放：副本仅可交付权利人，而 {recipient} 不享有权利；"
        "请先转让权利，或许可其在原处使用",
    )

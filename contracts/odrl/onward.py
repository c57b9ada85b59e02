"""Which permission lets a holder hand the data on, and whether its count still allows one more.

Spec: domain, section 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.engine import refuse
from contracts.odrl.evaluate import CountLimit, Situation, list_findings
from contracts.odrl.narrowing import find_widening, next_terms
from contracts.odrl.policy import Policy, Terms
from contracts.odrl.vocabulary import ONWARD, RULE
from contracts.odrl.wording import describe_clause
from ledger.core.types import JsonObject, SubjectKey, UnixMillis

_DISTANCES: Final = {"prohibited": 1, "may_be_prohibited": 1, "no_permission": 2}
"""Which refusal says most of what would be needed: that of a permission, which is 0."""


@dataclass(frozen=True, slots=True)
class Onward:
    """A permission to issue one more grant below one's own.

    Args:
        path: Of the permission.
        action: The onward act that it names, which the grant is counted as.
        count: Its limit with the new grant counted in; None: it has none.
    """

    path: str
    action: str
    count: CountLimit | None


def find_onward(
    policy: Policy,
    time: UnixMillis,
    meters: Mapping[str, int],
    key: SubjectKey,
    *,
    facts: JsonObject | None = None,
    child: Terms | None = None,
) -> Onward:
    """The permission of a holder's policy that the next grant may rest on.

    Args:
        policy: Of the holder's own grant.
        time: The ledger's time.
        meters: Units recorded under it so far, by action, the new grant not among them.
        key: Of the holder's grant, for the message.
        facts: What is known of the new grant, such as its `recipient`.
        child: Terms of the new grant; of several permissions the first that hands on so much is
            taken, else the first.

    Raises:
        RejectedError: None applies; the reason is the finding's code.
    """
    findings = [
        (action, finding)
        for action in ONWARD
        for finding in list_findings(
            policy.terms,
            Situation(action, time, facts or {}, {**meters, action: meters.get(action, 0) + 1}),
        )
    ]
    usable = [
        Onward(finding.path, action, finding.count)
        for action, finding in findings
        if finding.verdict == "permitted"
    ]
    if not usable:
        _, nearest = min(findings, key=lambda each: _DISTANCES.get(each[1].code, 0))
        en, zh = describe_clause(nearest)
        rule = f"{nearest.path}; {RULE}" if nearest.path else RULE
        refuse(nearest.code, f"{key}: {en}", f"{key}：{zh}", rule)
    fitting = (
        each
        for each in usable
        if child is None or find_widening(child, next_terms(policy, each.path)) is None
    )
    return next(fitting, usable[0])

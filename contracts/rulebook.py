"""Every kind of event of the rule set, in one table.

`muniment-rules/0` may still change; its ledgers are for trial only (our formats, section 3).
"""

from collections.abc import Mapping
from typing import Final

from contracts import grant
from contracts.application import File
from contracts.chain import Grant
from contracts.charter import Open, Upgrade
from contracts.delivery import Delivery, Receive, Send
from contracts.encumbrance import Create, Encumbrance, Release
from contracts.engine import Body, RuleSet
from contracts.foundation import Ledger
from contracts.identity import Key, NameClaim, Party, check_signers
from contracts.lists import PublishedList
from contracts.party import Admit, Enroll, Exit, Recover, Rotate, Suspend
from contracts.procedure import Registration
from contracts.recording import RecordRegistration, Series
from contracts.records import StateRecord
from contracts.registration import (
    Accept,
    PublishNotice,
    Refuse,
    Return,
    Supplement,
    Withdraw,
    Withhold,
)
from contracts.revocation import Revoke
from contracts.supervision import Freeze, Order, Publish, Unfreeze
from contracts.title import Asset, Voucher
from contracts.usage import Usage, UsageBatch

RULES_NAME: Final = "muniment-rules/0"

KINDS: Final[Mapping[str, type[Body]]] = {
    cls.kind: cls
    for cls in (
        Open,
        Upgrade,
        Enroll,
        Rotate,
        Recover,
        Admit,
        Suspend,
        Exit,
        File,
        Accept,
        Return,
        Supplement,
        PublishNotice,
        Withhold,
        Withdraw,
        Refuse,
        RecordRegistration,
        Revoke,
        Publish,
        Create,
        Release,
        Freeze,
        Unfreeze,
        grant.Issue,
        grant.Accept,
        grant.Revoke,
        Send,
        Receive,
        Usage,
        UsageBatch,
    )
}

STATES: Final[Mapping[str, type[StateRecord]]] = {
    cls.state_type: cls
    for cls in (
        Ledger,
        Party,
        Key,
        NameClaim,
        Registration,
        Asset,
        Voucher,
        Series,
        PublishedList,
        Encumbrance,
        Order,
        Grant,
        Delivery,
    )
}


def create_rules(digest: str, *, name: str = RULES_NAME) -> RuleSet:
    """The rule set with the digest that identifies its files.

    Args:
        digest: Of `[{"digest","path"}]` of the rule bundle's files, sorted by path; 64 hex digits.
        name: As seals carry it.
    """
    return RuleSet(
        title=name,
        kinds=KINDS,
        authority=check_signers,
        states=STATES,
        rule_sets={name: digest},
    )

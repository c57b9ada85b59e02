"""Every kind of event of the rule set, in one table.

`muniment-rules/0` may still change; its ledgers are for trial only (our formats, section 3).
"""

from collections.abc import Mapping
from typing import Final

from contracts import attestation, filing, grant
from contracts.application import File
from contracts.chain import Grant
from contracts.charter import Open, Upgrade
from contracts.confirmation import Confirm
from contracts.delivery import Delivery, Receive, Send
from contracts.encumbrance import Create, Encumbrance, Release
from contracts.engine import Body, RuleSet
from contracts.foundation import Ledger
from contracts.identity import Key, NameClaim, Party, check_signers
from contracts.leaving import Exit
from contracts.lists import PublishedList
from contracts.mandates import Undertake
from contracts.notes import Correct, Note, Unnote
from contracts.objecting import Object, Resolve
from contracts.objection import Conclude, FileObjection, Notify, Objection, Respond
from contracts.party import Admit, Enroll, Recover, Rotate, Suspend
from contracts.procedure import Registration
from contracts.recording import RecordRegistration
from contracts.records import StateRecord
from contracts.registration import (
    Accept,
    Extend,
    PublishNotice,
    Refuse,
    Return,
    Supplement,
    Terminate,
    Withdraw,
    Withhold,
)
from contracts.revocation import Revoke
from contracts.rotation import LedgerKey
from contracts.series import Series
from contracts.supervision import Freeze, Order, Publish, Unfreeze
from contracts.title import Asset, Voucher
from contracts.usage import Usage, UsageBatch

RULES_NAME: Final = "muniment-rules/0"

KINDS: Final[Mapping[str, type[Body]]] = {
    cls.kind: cls
    for cls in (
        Open,
        Upgrade,
        LedgerKey,
        Enroll,
        Rotate,
        Recover,
        Admit,
        Suspend,
        Exit,
        Undertake,
        File,
        Accept,
        Return,
        Supplement,
        PublishNotice,
        Withhold,
        Object,
        Resolve,
        Extend,
        Withdraw,
        Terminate,
        Refuse,
        RecordRegistration,
        Revoke,
        Confirm,
        Note,
        Unnote,
        Correct,
        FileObjection,
        Notify,
        Respond,
        Conclude,
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
        attestation.Make,
        attestation.Withdraw,
        filing.Important,
        filing.End,
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
        Objection,
        Grant,
        Delivery,
        attestation.Attestation,
        filing.Filing,
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

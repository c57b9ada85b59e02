"""The log changes its key: `ledger.key`.

The state keeps every key the log has had, each by the event that named it, so that anybody can tell
which key had to sign the checkpoint of which size (`ledger.core.logkeys`).

Spec: domain, section 4; docs/adr/0027-log-key-rotation.md.
"""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from msgspec import Meta
from msgspec.structs import replace
from typing_extensions import override

from contracts.charter import check_log_key
from contracts.engine import Body, Changes, Context, Signers, refuse
from contracts.foundation import Ledger, read_ledger
from contracts.identity import Key, log_did, need_role
from contracts.intervals import switch_interval
from ledger.core.subjects import SELF, key_subject
from ledger.core.types import SubjectKey


class LedgerKey(Body, frozen=True, kw_only=True):
    """`ledger.key`: the log signs with another key; signed by operator and regulator.

    The checkpoint of its block is signed by the old key and the new one.
    """

    kind: ClassVar[str] = "ledger.key"
    is_last_of_block: ClassVar[bool] = True
    names_log_key: ClassVar[bool] = True

    log: Annotated[str, Meta(max_length=256)]

    @override
    def subjects(self, actor: SubjectKey, nonce: str) -> Iterable[SubjectKey]:
        return [SELF]

    @override
    def signers(self, context: Context) -> Signers:
        return Signers({context.actor: 1, read_ledger(context).regulator: 1})

    @override
    def apply(self, context: Context) -> Changes:
        need_role(context, "operator")
        check_log_key(context, self.log)
        ledger = read_ledger(context)
        self._check_fresh(context, ledger)
        keys = switch_interval(ledger.log_keys, self.log, context.time, context.index)
        return {SELF: replace(ledger, log=self.log, log_keys=keys)}

    def _check_fresh(self, context: Context, ledger: Ledger) -> None:
        if self.log == ledger.log:
            refuse(
                "same_log_key",
                "the log signs with this key already: name a new one",
                "日志正在使用该密钥：请指明新密钥",
                "formats 1",
            )
        did = log_did(self.log)
        used = {ledger.node, *map(log_did, ledger.known_logs)}
        if did in used or context.find(Key, key_subject(did)) is not None:
            refuse(
                "key_in_use",
                f"{did} is or was the log's, the node's or a party's key: name one that was never "
                "used",
                f"{did} 是或曾是日志、节点或某主体的密钥：请指明从未使用过的密钥",
                "formats 1",
            )

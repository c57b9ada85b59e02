"""Usage lines: any number of small records outside the ledger, under one root in one event.

A line is a flat JSON object. It says when, what and how often, and whatever else the parties agreed
to write down:

```json
{"action":"read","at":1763800000123,"count":3,"device":"gate-17","purpose":"research"}
```

- `at`: Unix milliseconds. `action`: an ODRL action. `count`: at least 1; a line without it counts
  as one.
- Every further member is a string or an integer. At most 32 members, and 4 KiB as canonical JSON.
- All lines of a batch are of the batch's action. A `purpose`, `scene` or `spatial` that the
  batch names holds for every line; a line that says another contradicts it.

Form `usage-lines/1`: a leaf is the canonical JSON of the line exactly as it is given (nothing is
added, so a line with `"count":1` and one without `count` are different leaves), in the order of the
file; the root is that of the RFC 6962 tree over all leaves.

Lines never go on the ledger, only their root, their number and their sum do. That is what makes
room for what must not be public, such as a device or a reference that leads to a person: nobody can
tell from a string whether it names somebody, so nothing is refused for that. Whoever hands out the
proof of a line (`contracts.usageproof`) hands out the line.

Spec: our formats, section 5, "Roots named in events"; RFC 6962 section 2.1.
"""

import re
from collections.abc import Mapping
from typing import Final, NoReturn

import msgspec
from msgspec import UNSET

from contracts.engine import refuse
from contracts.usage import UsageBatch
from ledger.core.canonical import encode_canonical
from ledger.core.types import Json, JsonObject, UnixMillis
from ledger.errors import InputError

MAX_LINE_BYTES: Final = 4 * 1024
"""Of a line in canonical form."""
MAX_LINE_MEMBERS: Final = 32

_ACTION: Final = re.compile(r"[A-Za-z][A-Za-z0-9:]{0,63}")
_RULE: Final = "formats 5"


class UsageLine(msgspec.Struct, frozen=True):
    """One line of a batch.

    Args:
        at: When, Unix milliseconds.
        action: An ODRL action; whether the profile knows it is for the batch's rule to say.
        count: Units; 1 if the line does not say.
        members: The line as given.
        leaf: Its canonical bytes, at most MAX_LINE_BYTES.
    """

    at: UnixMillis
    action: str
    count: int
    members: JsonObject
    leaf: bytes


def parse_usage_line(value: Json) -> UsageLine:
    """Read one line.

    Args:
        value: From a strict reader of JSON: no member twice, no floats.

    Raises:
        RejectedError: Not a usage line; reason `usage_line`, in both languages.

    Spec: our formats, section 5, `usage-lines/1`.
    """
    if not isinstance(value, dict) or len(value) > MAX_LINE_MEMBERS:
        _refuse_line(
            f"a usage line is a JSON object of at most {MAX_LINE_MEMBERS} members",
            f"使用明细的每一行须为 JSON 对象，至多 {MAX_LINE_MEMBERS} 个成员",
        )
    for name, member in value.items():
        if type(member) is not str and type(member) is not int:
            _refuse_line(
                f"the member {name[:64]!r} of a usage line is a string or an integer, without "
                "quotation marks and without a fraction",
                f"使用明细的成员 {name[:64]!r} 须为字符串，或不带引号、不带小数的整数",
            )
    at, action, count = value.get("at"), value.get("action"), value.get("count", 1)
    if type(at) is not int or at < 0:
        _refuse_line(
            "a usage line says when in `at`: Unix milliseconds, an integer from 0",
            "使用明细须以 at 注明时间：Unix 毫秒，不小于 0 的整数",
        )
    if type(action) is not str or not _ACTION.fullmatch(action):
        _refuse_line(
            "a usage line says in `action` what was done: the name of an ODRL action, such as read",
            "使用明细须以 action 注明行为：ODRL 行为名称，如 read",
        )
    if type(count) is not int or count < 1:
        _refuse_line(
            "the `count` of a usage line is an integer of at least 1; leave it out for 1",
            "使用明细的 count 须为不小于 1 的整数；为 1 时可不写",
        )
    return UsageLine(UnixMillis(at), action, count, value, _encode_line(value))


def find_contradiction(line: UsageLine, terms: Mapping[str, str]) -> tuple[str, str] | None:
    """How a line contradicts its batch, in both languages; None if it does not.

    Args:
        line: As read.
        terms: What the batch says of all its lines: `action`, and `purpose`, `scene` and `spatial`
            where it names them. A line that leaves one out says the same.
    """
    for name, said in terms.items():
        if line.members.get(name, said) != said:
            other = str(line.members[name])[:80]
            return (
                f"the {name} of this line is {other!r}, that of the batch {said!r}: a batch has "
                f"one {name}, record the others in batches of their own",
                f"该行的 {name} 为 {other!r}，而本批次为 {said!r}：一个批次只有一个 {name}，"
                "其余请另立批次",
            )
    return None


def batch_terms(batch: UsageBatch) -> dict[str, str]:
    """What a batch says of all its lines, as find_contradiction wants it."""
    named = {
        "action": batch.action,
        "purpose": batch.purpose,
        "scene": batch.scene,
        "spatial": batch.spatial,
    }
    return {name: said for name, said in named.items() if said is not UNSET}


def _encode_line(value: JsonObject) -> bytes:
    try:
        leaf = encode_canonical(value)
    except InputError:
        name = next(name for name in value if not _is_allowed(name, value[name]))
        _refuse_line(
            f"the member {name[:64]!r} of a usage line has a name, a character or a number that "
            "our JSON profile does not allow (formats 1)",
            f"使用明细的成员 {name[:64]!r} 含有不允许的名称、字符或数值（formats 1）",
        )
    if len(leaf) > MAX_LINE_BYTES:
        _refuse_line(
            f"a usage line has at most {MAX_LINE_BYTES} bytes, this one {len(leaf)}: keep the rest "
            "elsewhere and put its digest here",
            f"使用明细每行至多 {MAX_LINE_BYTES} 字节，此行为 {len(leaf)} 字节："
            "请将其余内容另存，此处只写其摘要",
        )
    return leaf


def _is_allowed(name: str, member: Json) -> bool:
    try:
        encode_canonical({name: member})
    except InputError:
        return False
    return True


def _refuse_line(en: str, zh: str) -> NoReturn:
    refuse("usage_line", en, zh, _RULE)

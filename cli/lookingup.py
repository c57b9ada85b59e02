"""`query private`: whether subjects are registered, asked so that a node learns little.

Names, abbreviations and searches are not taken: a node would have to be asked what they mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.exitcodes import UsageError
from cli.files import read_capped, write_document
from cli.lang import say
from cli.session import Session
from contracts.numbering import parse_number
from contracts.voucher import parse_voucher
from ledger.core.bucket import Bucket, choose_digits, format_bucket
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_BUNDLE_BYTES
from ledger.core.mappages import hash_key
from ledger.core.state import encode_state, hash_state
from ledger.core.subjects import SELF, parse_subject
from ledger.core.types import Digest, Json, SubjectKey
from ledger.errors import MalformedError
from node.registryapi import Proofs


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A subject that is looked up; `value_hash` is of its state in a file, if one was given."""

    subject: SubjectKey
    value_hash: Digest | None = None

    @property
    def key_hash(self) -> Digest:
        return hash_key(self.subject)


def look_up(session: Session, what: Sequence[str], proof: Path | None, *, force: bool) -> bool:
    """Print of each subject whether it is registered.

    Args:
        session: Prints.
        what: Whole keys, voucher numbers and voucher files.
        proof: Where the bucket goes; None: nowhere.
        force: Overwrite other content.

    Returns:
        Whether all are.

    Raises:
        UsageError: A proof was asked for, and more than one bucket answers.
        MalformedError: Neither a key nor a number nor a voucher file.
        LimitError: More than 65,536 subjects answer to a prefix.
        VerificationError: The node's proof does not hold.
    """
    wanted = [each for text in what for each in _read_wanted(text)]
    with session.registry() as registry:
        prover = registry.prover()
        size = prover.prove_state(SELF).seal.state_size
        digits = choose_digits(size)
        buckets = _fetch(prover, wanted, digits, is_single=proof is not None)
        log: Json = {"origin": registry.origin, "size": prover.anchor.size, "subjects": size}
    items = [_describe(each, buckets) for each in wanted]
    document: dict[str, Json] = {"items": list(items), "next": None, "log": log}
    if proof is not None:
        (bucket,) = buckets.values()
        write_document(proof, format_bucket(bucket), force=force)
        document["file"] = str(proof)
    headers = [
        say("subject", "主题"),
        say("registered", "是否登记"),
        say("the file's state", "文件所载状态"),
        say("told to the node", "告知节点的前缀"),
        say("among", "候选主题数"),
    ]
    rows = [_show(item) for item in items]
    session.out.result(document, lambda: session.out.list(headers, rows))
    if digits == 0:
        session.out.talk(
            f"The registry has {size} subjects: all were fetched, and the node knows that one of "
            "them was meant.",
            f"登记系统共有 {size} 个主题：已取回全部；节点可知所查为其中之一。",
        )
    return all(item["present"] for item in items)


def _read_wanted(text: str) -> list[_Wanted]:
    """What a word of the command means, found out without asking anybody.

    Raises:
        MalformedError: Nothing that can be looked up so.
    """
    if Path(text).is_file():
        bundle = parse_voucher(
            decode_bundle(read_capped(Path(text), MAX_BUNDLE_BYTES), max_bytes=MAX_BUNDLE_BYTES)
        )
        return [
            _Wanted(
                state.subject,
                None if state.value is None else hash_state(encode_state(state.value)),
            )
            for state in (bundle.state, bundle.asset)
        ]
    if "/" in text:
        return [_Wanted(parse_subject(text))]
    try:
        parse_number(text)
    except MalformedError:
        raise MalformedError(
            say(
                f"{text!r:.80} is no whole key, no voucher number and no file here: names would "
                "have to be told to the node",
                f"{text!r:.80} 不是完整标识、凭证编号或现有文件：按名称查询须告知节点",
            )
        ) from None
    return [_Wanted(parse_subject(f"voucher/{text}"))]


def _fetch(
    prover: Proofs, wanted: Sequence[_Wanted], digits: int, *, is_single: bool
) -> dict[str, Bucket]:
    """The buckets that answer, by prefix; asked for in an order that says nothing.

    Raises:
        UsageError: There has to be one, and there are several.
    """
    prefixes = sorted({each.key_hash.hex()[:digits] for each in wanted})
    if is_single and len(prefixes) > 1:
        raise UsageError(
            say(
                f"{len(prefixes)} buckets answer, and --proof writes one: ask for one subject",
                f"涉及 {len(prefixes)} 个分桶，而 --proof 只写一个：请一次查询一个主题",
            )
        )
    return {prefix: prover.prove_bucket(prefix) for prefix in prefixes}


def _describe(wanted: _Wanted, buckets: Mapping[str, Bucket]) -> dict[str, Json]:
    bucket = next(each for each in buckets.values() if each.covers(wanted.key_hash))
    found = bucket.find(wanted.key_hash)
    is_known = found is not None and wanted.value_hash is not None
    return {
        "subject": wanted.subject,
        "present": found is not None,
        "value_hash": None if found is None else found.hex(),
        "current": found == wanted.value_hash if is_known else None,
        "prefix": bucket.prefix,
        "among": bucket.count,
    }


def _show(item: Mapping[str, Json]) -> list[str]:
    current = {None: "", True: say("the newest", "为最新"), False: say("changed since", "已有变更")}
    return [
        str(item["subject"]),
        say("yes", "是") if item["present"] else say("no", "否"),
        current[item["current"] if isinstance(item["current"], bool) else None],
        str(item["prefix"]) or say("nothing", "无"),
        str(item["among"]),
    ]

"""Query certificates (查询证明, 无登记记录证明): an answer in words, with its proof inside.

```text
{"format":"muniment/certificate/v1","title":{"en","zh"},"statement":{"en":[],"zh":[]},"proof":{}}
```

The proof is a state, query or check bundle. The words follow from it alone, and a verifier writes
them again: a certificate that verifies says nothing that its proof does not.

Spec: domain, section 6; Art. 30.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.check import CHECK, CheckBundle, judge_check, parse_check
from contracts.clocks import format_instant
from contracts.queries import QUERY, QueryBundle, judge_query, parse_query
from contracts.records import Record, format_record, parse_record
from contracts.title import Voucher
from contracts.verdict import Question, Report
from ledger.core.bundle import STATE, StateBundle, parse_state_bundle
from ledger.core.members import take_format
from ledger.core.policy import Policy
from ledger.core.types import Json, JsonObject, UnixMillis
from ledger.errors import BundleError, MalformedError

CERTIFICATE: Final = "muniment/certificate/v1"
KIND: Final = "certificate"
JudgeState = Callable[[JsonObject, Policy, Question, Report], None]
Sentence = tuple[str, str]
"""One sentence in English and in Chinese."""


class Title(Record, frozen=True, kw_only=True):
    """What the certificate is called."""

    en: str
    zh: str


class Statement(Record, frozen=True, kw_only=True):
    """What it says, sentence by sentence."""

    en: tuple[str, ...]
    zh: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as read; nothing is verified."""

    title: Title
    statement: Statement
    proof: JsonObject


def parse_certificate(value: Json) -> Certificate:
    """Read a certificate.

    Raises:
        MalformedError: A member is missing, extra or mistyped.
    """
    members = take_format(value, {"title", "statement", "proof"}, CERTIFICATE, "a certificate")
    proof = members["proof"]
    if not isinstance(proof, dict) or str(proof.get("format")) not in _WRITERS:
        raise MalformedError("the proof in a certificate is a state, a query or a check")
    return Certificate(
        parse_record(Title, members["title"]), parse_record(Statement, members["statement"]), proof
    )


def create_certificate(proof: JsonObject) -> JsonObject:
    """The certificate of a proof, as it stands in files.

    Raises:
        MalformedError: The proof is of no form that a certificate can have.
        LimitError: A part of it is too large.
    """
    title, statement = write_statement(proof)
    return {
        "format": CERTIFICATE,
        "title": format_record(title),
        "statement": format_record(statement),
        "proof": proof,
    }


def judge_certificate(
    certificate: Certificate,
    policy: Policy,
    question: Question,
    report: Report,
    judge_state: JudgeState,
) -> None:
    """Verify the proof inside, and that the words are those that follow from it.

    Args:
        certificate: As read.
        policy: The verifier's own.
        question: What the verifier wants to know.
        report: Gets each check and what was not checked.
        judge_state: Judges a state bundle.

    Raises:
        VerificationError: A proof does not hold, or the words are others.
    """
    proof = certificate.proof
    match proof["format"]:
        case str() as form if form == QUERY:
            judge_query(parse_query(proof), policy, question, report)
        case str() as form if form == CHECK:
            judge_check(parse_check(proof), policy, question, report)
        case _:
            judge_state(proof, policy, question, report)
    report.kind = KIND
    report.check("statement", "says what the proof says", lambda: verify_statement(certificate))
    report.shown = [("title", certificate.title.en), *report.shown]


def verify_statement(certificate: Certificate) -> None:
    """Check that title and statement are the ones that follow from the proof.

    Raises:
        BundleError: They are others.
    """
    title, statement = write_statement(certificate.proof)
    if (title, statement) != (certificate.title, certificate.statement):
        raise BundleError("the certificate says something else than its proof")


def write_statement(proof: JsonObject) -> tuple[Title, Statement]:
    """What a proof says, in words.

    Raises:
        MalformedError: Not a state, query or check bundle.
        LimitError: A part is too large.
    """
    writer = _WRITERS.get(str(proof.get("format")))
    if writer is None:
        raise MalformedError("a certificate is made of a state, a query or a check")
    title, sentences = writer(proof)
    return title, Statement(
        en=tuple(en for en, _ in sentences), zh=tuple(zh for _, zh in sentences)
    )


_FOUND: Final = Title(en="Query certificate", zh="查询证明")
_NONE: Final = Title(en="Certificate of no record", zh="无登记记录证明")


def _write_state(proof: JsonObject) -> tuple[Title, list[Sentence]]:
    bundle = parse_state_bundle(proof)
    opening = _as_of(bundle)
    if bundle.value is None:
        return _NONE, [
            opening,
            (f"There is no {bundle.subject}.", f"不存在 {bundle.subject}。"),
        ]
    value = bundle.value
    sentences = [
        opening,
        (
            f"{bundle.subject} is recorded; it has {value.n} events, the newest of "
            f"{format_instant(value.time)}.",
            f"{bundle.subject} 有登记记录，共 {value.n} 个事件，最近一次为 "
            f"{format_instant(value.time)}。",
        ),
    ]
    if value.state.type == Voucher.state_type:
        voucher = parse_record(Voucher, value.state.body)
        status = str(voucher.status[-1].value)
        start, end = (
            format_instant(UnixMillis(each)) for each in (voucher.valid_from, voucher.valid_until)
        )
        sentences.append(
            (
                f"Its status is {status}; it is valid from {start} until {end}.",
                f"状态：{status}；有效期自 {start} 至 {end}。",
            )
        )
    return _FOUND, sentences


def _write_query(proof: JsonObject) -> tuple[Title, list[Sentence]]:
    bundle = parse_query(proof)
    query, answer = bundle.query, bundle.answer
    date = format_instant(UnixMillis(query.at))
    sentences = [_as_of(bundle.proofs.bundles[0])]
    if answer.get("status") == "absent":
        none = (f"There is no {query.subject}.", f"不存在 {query.subject}。")
        return _NONE, [*sentences, none]
    en, zh = _ASKED[query.topic]
    sentences.append((en.format(query.subject, date), zh.format(query.subject, date)))
    shown = _list_answer(bundle)
    none_found = ("None.", "无。")
    return _FOUND, [*sentences, *(shown or [none_found])]


def _list_answer(bundle: QueryBundle) -> list[Sentence]:
    answer = bundle.answer
    if answer.get("status") == "unknown":
        return [
            (
                "The states do not reach back so far; the whole history does.",
                "状态未保留至该日期，须查阅完整历史。",
            )
        ]
    if bundle.query.topic == "rights":
        assets = _objects(answer.get("assets"))
        return [
            line
            for each in assets
            for line in _list_rights(_objects(each.get("rights")), f"{each.get('asset')}: ")
        ]
    if bundle.query.topic == "holders":
        return _list_rights(_objects(answer.get("rights")), "")
    return [_write_grant(each) for each in _objects(answer.get("grants"))]


def _list_rights(rights: Sequence[Mapping[str, Json]], prefix: str) -> list[Sentence]:
    return [
        (
            f"{prefix}{each['holder']}: {each['right']}, on the basis {each['basis']}.",
            f"{prefix}{each['holder']}：{_RIGHTS[str(each['right'])]}，依据 {each['basis']}。",
        )
        for each in rights
    ]


def _write_grant(grant: Mapping[str, Json]) -> Sentence:
    sides = f"{grant['grant']}: {grant['grantor']} > {grant['grantee']}"
    if grant["status"] == "alive":
        return (f"{sides}, in force.", f"{sides}，有效。")
    because = grant["because"]
    why = because if isinstance(because, dict) else {}
    return (f"{sides}, dead: {why.get('en')}.", f"{sides}，已失效：{why.get('zh')}。")


def _write_check(proof: JsonObject) -> tuple[Title, list[Sentence]]:
    bundle: CheckBundle = parse_check(proof)
    inquiry, answer = bundle.inquiry, bundle.answer
    date = format_instant(UnixMillis(inquiry.at))
    clause = answer.clause
    place = f"{clause.subject} {clause.path}".rstrip()
    return _FOUND, [
        _as_of(bundle.proofs.bundles[0]),
        (
            f"{inquiry.action} by {inquiry.party} of {inquiry.asset}, as of {date}: "
            f"{answer.verdict}.",
            f"{inquiry.party} 对 {inquiry.asset} 的 {inquiry.action} 行为，截至 {date}："
            f"{_VERDICTS[answer.verdict]}。",
        ),
        (f"{place}: {clause.en}.", f"{place}：{clause.zh}。"),
    ]


def _as_of(bundle: StateBundle) -> Sentence:
    time, size = format_instant(bundle.seal.time), bundle.seal.index + 1
    return (
        f"As of {time} by the clock of the ledger, at {size} entries:",
        f"截至账本时间 {time}（账本共 {size} 条）：",
    )


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


_RIGHTS: Final = {"hold": "持有权", "use": "使用权", "operate": "经营权"}
_VERDICTS: Final = {"permitted": "允许", "prohibited": "禁止", "not covered": "未涵盖"}
_ASKED: Final[Mapping[str, Sentence]] = {
    "holders": ("Right-holders of {0} on {1}:", "{0} 于 {1} 的权利人："),
    "rights": ("Rights of {0} on {1}:", "{0} 于 {1} 享有的权利："),
    "grants": ("Grants of {0} in force on {1}, all of them:", "{0} 于 {1} 的全部有效授权："),
    "below": ("{0} and everything below it on {1}:", "{0} 及其全部下级授权于 {1} 的情况："),
}
_WRITERS: Final[Mapping[str, Callable[[JsonObject], tuple[Title, list[Sentence]]]]] = {
    STATE: _write_state,
    QUERY: _write_query,
    CHECK: _write_check,
}

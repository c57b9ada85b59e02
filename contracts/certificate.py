"""Query certificates (查询证明, 无登记记录证明): an answer in words, with its proof inside.

```text
{"format":"muniment/certificate/v1","title":{"en","zh"},"statement":{"en":[],"zh":[]},"proof":{}}
```

The proof is a state, query or check bundle. The words follow from it alone, and a verifier writes
them again: a certificate that verifies says nothing that its proof does not.

Spec: domain, section 6; Art. 30.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from contracts.authorisations import ASKED_OF_PUBLIC_DATA, write_authorisation
from contracts.check import CHECK, CheckBundle, judge_check, parse_check, work_out
from contracts.chinese import BASES, RIGHTS, STATUSES, VERDICTS, ZH
from contracts.clocks import format_instant
from contracts.odrl.wording import describe_acts, describe_asked, describe_facts
from contracts.permission import Answer, Inquiry
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
        BundleError: As write_statement.
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
    title, statement = certificate.title, certificate.statement
    said = [("statement", each) for each in statement.en]
    said += [(f"statement{ZH}", each) for each in statement.zh]
    report.shown = [("title", title.en), (f"title{ZH}", title.zh), *(report.shown or said)]


def verify_statement(certificate: Certificate) -> None:
    """Check that title and statement are the ones that follow from the proof.

    Raises:
        BundleError: They are others, or a proved state is of no shape that the rules make.
    """
    title, statement = write_statement(certificate.proof)
    if (title, statement) != (certificate.title, certificate.statement):
        raise BundleError("the certificate says something else than its proof")


def write_statement(proof: JsonObject) -> tuple[Title, Statement]:
    """What a proof says, in words.

    Raises:
        MalformedError: Not a state, query or check bundle.
        LimitError: A part is too large.
        BundleError: A state, or an answer that nobody has verified, is of no shape that the rules
            make.
    """
    writer = _WRITERS.get(str(proof.get("format")))
    if writer is None:
        raise MalformedError("a certificate is made of a state, a query or a check")
    title, sentences = work_out(lambda: writer(proof))
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
        sentences.append(_write_voucher(parse_record(Voucher, value.state.body), bundle.seal.time))
    return _FOUND, sentences


def _write_voucher(voucher: Voucher, time: UnixMillis) -> Sentence:
    """What a voucher is worth at the time of the seal, which no event has to say."""
    status = str(voucher.status[-1].value)
    word = STATUSES.get(status, status)
    start, end = (
        format_instant(UnixMillis(each)) for each in (voucher.valid_from, voucher.valid_until)
    )
    if time >= voucher.valid_until:
        return (
            f"It has expired: it was valid from {start} until {end}; its last status was {status}.",
            f"已过期：有效期自 {start} 至 {end}；最后状态：{word}。",
        )
    return (
        f"Its status is {status}; it is valid from {start} until {end}.",
        f"状态：{word}；有效期自 {start} 至 {end}。",
    )


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
    sentences += _warn_of_later(query.at, bundle.proofs.bundles[0])
    return _FOUND, [*sentences, *(_list_answer(bundle) or [_NOTHING])]


def _list_answer(bundle: QueryBundle) -> list[Sentence]:
    answer = bundle.answer
    if answer.get("status") == "unknown":
        en = "The states do not reach back so far; the whole history does."
        return [(en, "状态未保留至该日期，须查阅完整历史。")]
    if bundle.query.topic == "rights":
        return [
            line
            for each in _objects(answer.get("assets"))
            for line in _list_held(each, bundle.query.subject)
        ]
    if bundle.query.topic == "holders":
        rights = _list_rights(answer, "") or [_NOTHING]
        freezes = _list_freezes(answer, f"{bundle.query.subject}: ")
        return [*rights, *freezes, *_list_pledges(answer, "")]
    if bundle.query.topic == "authorisations":
        return [write_authorisation(each) for each in _objects(answer.get("authorisations"))]
    return [_write_grant(each) for each in _objects(answer.get("grants"))]


def _list_held(asset: Mapping[str, Json], holder: str) -> list[Sentence]:
    """What a party has in one asset, and what burdens it; nothing where it has nothing."""
    prefix = f"{asset['asset']}: "
    rights = _list_rights(asset, prefix)
    if not rights:
        return []
    return [*rights, *_list_freezes(asset, prefix), *_list_pledges(asset, prefix, holder)]


def _list_rights(asset: Mapping[str, Json], prefix: str) -> list[Sentence]:
    return [_write_right(each, prefix) for each in _objects(asset.get("rights"))]


def _write_right(right: Mapping[str, Json], prefix: str) -> Sentence:
    holder, name, basis = right["holder"], str(right["right"]), str(right["basis"])
    en = f"{prefix}{holder}: {name}, on the basis {basis}"
    zh = f"{prefix}{holder}：{RIGHTS[name]}，依据 {BASES.get(basis, basis)}"
    if "from" in right:
        en, zh = f"{en}, by transfer from {right['from']}", f"{zh}，受让自 {right['from']}"
    until = right.get("until")
    if isinstance(until, int):
        end = format_instant(UnixMillis(until))
        en, zh = f"{en}, until {end}", f"{zh}，至 {end} 止"
    if "limits" in right:
        en, zh = f'{en}, with the limits "{right["limits"]}"', f"{zh}，限制：“{right['limits']}”"
    return f"{en}.", f"{zh}。"


def _list_freezes(asset: Mapping[str, Json], prefix: str) -> list[Sentence]:
    return [
        (f"{prefix}frozen by {each['order']}.", f"{prefix}已被 {each['order']} 冻结。")
        for each in _objects(asset.get("freezes"))
    ]


def _list_pledges(
    asset: Mapping[str, Json], prefix: str, holder: str | None = None
) -> list[Sentence]:
    """Pledges of an asset, or of one holder's rights in it."""
    pledges = _objects(asset.get("pledges"))
    burdens = [each for each in pledges if holder is None or each["holder"] == holder]
    return [_write_pledge(each, prefix) for each in burdens]


def _write_pledge(pledge: Mapping[str, Json], prefix: str) -> Sentence:
    holder, key, listed = pledge["holder"], pledge["encumbrance"], pledge["rights"]
    names = [str(each) for each in listed] if isinstance(listed, list | tuple) else []
    rights = "、".join(RIGHTS[each] for each in names)
    return (
        f"{prefix}{holder}: {', '.join(names)} pledged by {key}.",
        f"{prefix}{holder}：{rights}已依 {key} 出质。",
    )


def _write_grant(grant: Mapping[str, Json]) -> Sentence:
    sides = f"{grant['grant']}: {grant['grantor']} > {grant['grantee']}"
    if grant["status"] == "alive":
        return f"{sides}, in force.", f"{sides}，有效。"
    if grant["own_status"] == "not-yet":
        return f"{sides}, not yet issued.", f"{sides}，尚未授予。"
    because = grant["because"]
    why = because if isinstance(because, dict) else {}
    word = _NOT_BEGUN if why.get("code") in _BEGINNINGS else _DEAD
    return f"{sides}, {word[0]}: {why.get('en')}.", f"{sides}，{word[1]}：{why.get('zh')}。"


def _write_check(proof: JsonObject) -> tuple[Title, list[Sentence]]:
    bundle: CheckBundle = parse_check(proof)
    inquiry, answer = bundle.inquiry, bundle.answer
    date = format_instant(UnixMillis(inquiry.at))
    clause = answer.clause
    place = f"{clause.subject} {clause.path}".rstrip()
    act = describe_acts([inquiry.action])[1]
    opened = bundle.proofs.bundles[0]
    return _FOUND, [
        _as_of(opened),
        (
            f"{inquiry.action} by {inquiry.party} of {inquiry.asset}, as of {date}: "
            f"{answer.verdict}.",
            f"{inquiry.party} 对 {inquiry.asset} 的行为“{act}”，截至 {date}："
            f"{VERDICTS[answer.verdict]}。",
        ),
        *_warn_of_later(inquiry.at, opened),
        *_write_facts(inquiry),
        (f"{place}: {clause.en}.", f"{place}：{clause.zh}。"),
        *_write_terms(answer),
    ]


def _write_facts(inquiry: Inquiry) -> list[Sentence]:
    if not inquiry.facts:
        return []
    en, zh = describe_facts(inquiry.facts)
    return [
        (f"As whoever asked stated, and nobody checked: {en}.", f"据查询方陈述（未经核实）：{zh}。")
    ]


def _write_terms(answer: Answer) -> list[Sentence]:
    """What a permission asks for in return, and how much of it is left."""
    sentences: list[Sentence] = []
    if answer.duties:
        en, zh = describe_asked(answer.duties)
        sentences.append(
            (
                f"In return: {en}; whether that was done is not known here.",
                f"同时须{zh}；是否履行，本证明无从得知。",
            )
        )
    if answer.count is not None:
        limit, used, left = answer.count.limit, answer.count.used, answer.count.remaining
        sentences.append(
            (
                f"Of {limit} in all, {used} were recorded by the time of this proof; {left} are "
                "left.",
                f"累计限 {limit} 次，截至本证明已登记 {used} 次，剩余 {left} 次。",
            )
        )
    return sentences


def _warn_of_later(time: int, bundle: StateBundle) -> list[Sentence]:
    """What has to be said of an answer about a date that its proof does not reach."""
    if time <= bundle.seal.time:
        return []
    return [
        (
            "This date is later than the proof; what happened since is not known.",
            "该日期晚于本证明；其后发生的情况未知。",
        )
    ]


def _as_of(bundle: StateBundle) -> Sentence:
    time, size = format_instant(bundle.seal.time), bundle.seal.index + 1
    return (
        f"As of {time} by the clock of the ledger, at {size} entries:",
        f"截至账本时间 {time}（账本共 {size} 条）：",
    )


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


_NOTHING: Final = ("None.", "无。")
_DEAD: Final = ("dead", "已失效")
_NOT_BEGUN: Final = ("not in force", "未生效")
_BEGINNINGS: Final = frozenset({"grant_offered", "grant_not_begun"})
"""Codes of what keeps a grant from being in force, and may still end."""
_ASKED: Final[Mapping[str, Sentence]] = {
    "holders": ("Right-holders of {0} on {1}:", "{0} 于 {1} 的权利人："),
    "rights": ("Rights of {0} on {1}:", "{0} 于 {1} 享有的权利："),
    "grants": ("Grants of {0} in force on {1}, all of them:", "{0} 于 {1} 的全部有效授权："),
    "below": ("{0} and everything below it on {1}:", "{0} 及其全部下级授权于 {1} 的情况："),
    "authorisations": ASKED_OF_PUBLIC_DATA,
}
_WRITERS: Final[Mapping[str, Callable[[JsonObject], tuple[Title, list[Sentence]]]]] = {
    STATE: _write_state,
    QUERY: _write_query,
    CHECK: _write_check,
}

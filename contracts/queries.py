"""Questions that the registry answers with a proof, worked out from states and histories by key.

```text
{"format":"muniment/query/v1","query":{},"answer":{},"states":[],"dossiers":[]}
```

`holders`: who held which right in an asset at a date. `rights`: what a party held. `grants`: every
grant of an asset that was alive. `below`: everything below a grant, with what became of it.
`authorisations`: every live authorisation of public data (contracts.authorisations).

Spec: domain, section 6; our formats, section 7.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta

from contracts.authorisations import (
    list_authorisations,
    recorded_assets,
    write_authorisation,
)
from contracts.chain import UNKNOWN, Grant, find_break, find_chain
from contracts.check import read_issues, work_out
from contracts.chinese import ZH
from contracts.clocks import describe_instant
from contracts.evidence import (
    Facts,
    ProofSet,
    format_proof_set,
    note_date,
    open_proofs,
    parse_proof_set,
)
from contracts.force import (
    ASSET_LISTS,
    Pending,
    held_rights,
    is_known,
    live_voucher,
    objects_at,
    rights_in_force,
)
from contracts.intervals import values_at
from contracts.publicdata import ROOTS
from contracts.records import Record, format_record, parse_record
from contracts.standing import read_pending
from contracts.title import Asset
from contracts.verdict import Question, Report, check_expectation
from ledger.core.canonical import encode_canonical
from ledger.core.members import take_format
from ledger.core.policy import Policy
from ledger.core.subjects import parse_subject, subject_type
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import BundleError, MalformedError

QUERY: Final = "muniment/query/v1"
KIND: Final = "query"
UNKNOWN_THEN: Final = "unknown"
Topic = Literal["holders", "rights", "grants", "below", "authorisations"]


class Query(Record, frozen=True, kw_only=True):
    """What is asked.

    Args:
        topic: See the module's text.
        subject: The asset, party, grant or list that it is about.
        at: The date, Unix milliseconds.
    """

    topic: Topic
    subject: Annotated[str, Meta(max_length=140)]
    at: Annotated[int, Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class QueryBundle:
    """A query with its answer, as read; nothing is verified."""

    query: Query
    answer: JsonObject
    proofs: ProofSet


def parse_query(value: Json) -> QueryBundle:
    """Read a query bundle.

    Raises:
        MalformedError: A member is missing, extra or mistyped.
        LimitError: A part is too large.
    """
    names = {"query", "answer", "states", "dossiers"}
    members = take_format(value, names, QUERY, "a query")
    answer = members["answer"]
    if not isinstance(answer, dict):
        raise MalformedError("an answer is an object")
    query = parse_record(Query, members["query"])
    _check_subject(query)
    return QueryBundle(query, answer, parse_proof_set(members["states"], members["dossiers"]))


def format_query(bundle: QueryBundle) -> JsonObject:
    """The query as it stands in files."""
    return {
        "format": QUERY,
        "query": format_record(bundle.query),
        "answer": bundle.answer,
        **format_proof_set(bundle.proofs),
    }


def judge_query(bundle: QueryBundle, policy: Policy, question: Question, report: Report) -> None:
    """Verify the proofs, work the answer out again and hold it against the one shown.

    Args:
        bundle: As read.
        policy: The verifier's own.
        question: What the verifier wants to know; the date asked about is in the bundle.
        report: Gets each check and what was not checked.

    Raises:
        VerificationError: A proof does not hold, or the answer does not follow.
    """
    report.kind, report.subject = KIND, bundle.query.subject
    check_expectation(report, question)
    facts = open_proofs(bundle.proofs, policy, question, report)
    report.check("answer", "worked out again from the proofs", lambda: verify_answer(bundle, facts))
    note_date(bundle.proofs, UnixMillis(bundle.query.at), report)
    report.status = str(bundle.answer["status"])
    report.shown = work_out(lambda: show_answer(bundle))
    report.is_authentic = report.is_in_force = True


def show_answer(bundle: QueryBundle) -> list[tuple[str, str]]:
    """What the query asks and what was found, as rows of names and values.

    Args:
        bundle: Its answer is verified.
    """
    query, answer = bundle.query, bundle.answer
    rows = [
        ("topic", query.topic),
        ("at", describe_instant(UnixMillis(query.at))),
        *_show_rights(answer, ""),
    ]
    if isinstance(answer.get("voucher"), str):
        rows.append(("voucher", str(answer["voucher"])))
    for held in _objects(answer.get("assets")):
        rows += _show_rights(held, f"{held['asset']} ")
    for grant in _objects(answer.get("grants")):
        rows += _show_found(grant)
    for one in _objects(answer.get("authorisations")):
        en, zh = write_authorisation(one)
        rows += [("authorisation", en), (f"authorisation{ZH}", zh)]
    return rows


def _show_rights(answer: Mapping[str, Json], prefix: str) -> list[tuple[str, str]]:
    rows = [
        (
            "right",
            f"{prefix}{each['holder']} {each['right']} {each['basis']}"
            + (f" from {each['from']}" if "from" in each else ""),
        )
        for each in _objects(answer.get("rights"))
    ]
    rows += [
        ("declared", f"{prefix}{each['holder']} {each['right']} {each['basis']}")
        for each in _objects(answer.get("declared"))
    ]
    pledges = [str(each["encumbrance"]) for each in _objects(answer.get("pledges"))]
    freezes = [str(each["order"]) for each in _objects(answer.get("freezes"))]
    rows += [("pledge", f"{prefix}{each}") for each in pledges]
    return rows + [("freeze", f"{prefix}{each}") for each in freezes]


def _show_found(grant: Mapping[str, Json]) -> list[tuple[str, str]]:
    rows = [
        ("grant", f"{grant['grant']} {grant['grantor']} > {grant['grantee']} {grant['status']}")
    ]
    for why in _objects([grant["because"]]):
        rows += [("because", str(why["en"])), (f"because{ZH}", str(why["zh"]))]
    return rows


def _objects(value: Json) -> list[Mapping[str, Json]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def verify_answer(bundle: QueryBundle, facts: Facts) -> None:
    """Check that the answer is the one that follows from the facts.

    Raises:
        BundleError: It does not follow, a fact that it needs is not proved, or a proved state is of
            no shape that the rules make.
    """
    found = work_out(lambda: answer_query(facts, bundle.query))
    if encode_canonical(found) != encode_canonical(bundle.answer):
        raise BundleError("the answer shown is not the one that follows from the proofs")


def answer_query(facts: Facts, query: Query) -> JsonObject:
    """The answer to a query.

    Returns:
        `status` is `answered`, `absent` if there is no such subject, or `unknown` if the states do
        not reach back so far; then the members of the topic.

    Raises:
        MalformedError: The topic is not asked of such a subject.
    """
    _check_subject(query)
    key, time = SubjectKey(query.subject), UnixMillis(query.at)
    return _TOPICS[query.topic](facts, key, time)


def _check_subject(query: Query) -> None:
    about = _ABOUT[query.topic]
    if subject_type(parse_subject(query.subject)) != about:
        raise MalformedError(f"{query.topic} is asked of one {about}, not of {query.subject}")
    if about == "list" and query.subject != ROOTS:
        raise MalformedError(f"{query.topic} is asked of {ROOTS}, not of {query.subject}")


def _holders(facts: Facts, key: SubjectKey, time: UnixMillis) -> JsonObject:
    asset = facts.find(Asset, key)
    if asset is None:
        return {"status": "absent", "rights": []}
    pending = read_pending(facts, asset, time)
    shown = _show_asset(asset, time, rights_in_force(asset, time, pending), pending)
    declared = objects_at(asset.declared, time) if is_known(asset, "declared", time) else []
    # Whoever is only declared holds nothing, and is not named where nobody is declared.
    return {**shown, "declared": [*declared]} if declared else shown


def _rights(facts: Facts, key: SubjectKey, time: UnixMillis) -> JsonObject:
    entries = facts.read_events(key)
    assets = recorded_assets(entries)
    held: list[JsonObject] = []
    for each in assets:
        asset = facts.find(Asset, each)
        if asset is not None:
            pending = read_pending(facts, asset, time)
            rights = held_rights(asset, key, time, pending)
            held.append({"asset": each, **_show_asset(asset, time, rights, pending)})
    status = _sum_up(held) if entries else "absent"
    return {"status": status, "assets": [*held]}


def _show_asset(
    asset: Asset, time: UnixMillis, rights: Sequence[JsonObject], pending: Pending | None
) -> JsonObject:
    if not all(is_known(asset, name, time) for name in ASSET_LISTS):
        return {"status": UNKNOWN_THEN, "rights": []}
    return {
        "status": "answered",
        "voucher": live_voucher(asset, time, pending),
        "rights": list(rights),
        "freezes": [*objects_at(asset.freezes, time)],
        "pledges": [*objects_at(asset.pledges, time)],
    }


def _grants(facts: Facts, key: SubjectKey, time: UnixMillis) -> JsonObject:
    issued = [grant for grant, issue in read_issues(facts.read_events(key)) if issue.asset == key]
    shown = [_show_grant(facts, grant, time) for grant in issued]
    alive: list[Json] = [one for one in shown if one["status"] == "alive"]
    is_absent = facts.find(Asset, key) is None
    return {"status": "absent" if is_absent else _sum_up(shown), "grants": alive}


def _below(facts: Facts, key: SubjectKey, time: UnixMillis) -> JsonObject:
    if facts.find(Grant, key) is None:
        return {"status": "absent", "grants": []}
    found: list[JsonObject] = []
    waiting = [key]
    while waiting:
        above = waiting.pop(0)
        found.append(_show_grant(facts, above, time))
        waiting += [
            child
            for child, issue in read_issues(facts.read_events(above))
            if issue.parent == above and not _is_later(facts, child, time)
        ]
    return {"status": _sum_up(found), "grants": [*found]}


def _is_later(facts: Facts, key: SubjectKey, time: UnixMillis) -> bool:
    """Whether a grant was not there yet: nobody who asks about a date asks about it."""
    grant = facts.find(Grant, key)
    return grant is not None and is_known(grant, "status", time) and time < grant.status[0].start


def _sum_up(shown: Sequence[JsonObject]) -> str:
    """A list of which one part is not known is not known to be whole."""
    return UNKNOWN_THEN if any(one["status"] == UNKNOWN_THEN for one in shown) else "answered"


def _show_grant(facts: Facts, key: SubjectKey, time: UnixMillis) -> JsonObject:
    chain = find_chain(facts, key)
    grant = chain[0].grant
    broken = find_break(facts, chain, time)
    own = values_at(grant.status, time)[-1:]
    status = "alive" if broken is None else UNKNOWN_THEN if broken.code in UNKNOWN else "dead"
    return {
        "grant": key,
        "grantor": grant.grantor,
        "grantee": grant.grantee,
        "parent": grant.parent,
        "status": status,
        "own_status": str(own[0]) if own else "not-yet",
        "because": None if broken is None else format_record(broken),
    }


_ABOUT: Final[Mapping[Topic, str]] = {
    "holders": "asset",
    "rights": "party",
    "grants": "asset",
    "below": "grant",
    "authorisations": "list",
}
_TOPICS: Final[Mapping[str, Callable[[Facts, SubjectKey, UnixMillis], JsonObject]]] = {
    "holders": _holders,
    "rights": _rights,
    "grants": _grants,
    "below": _below,
    "authorisations": list_authorisations,
}

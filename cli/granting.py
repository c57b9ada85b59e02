"""What a grant is made of: the grantor's terms, and what it rests on."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cli.exitcodes import UsageError
from cli.lang import is_chinese, say
from cli.session import Session
from cli.times import format_local
from cli.words import show_action, show_status
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis

if TYPE_CHECKING:
    from contracts.grant import Issue
    from contracts.odrl import Disclosure
    from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True)
class Terms:
    """What the grantor said on the command line.

    Args:
        template: Name of ready-made terms.
        file: With an ODRL policy.
        until: First instant after the term, Unix milliseconds.
        purposes, scenes, regions, count: Limits.
        kind: Offer or Agreement.
        withheld: Rows that a copy may lack, per 10,000; 0: none; None: as the grant above says,
            else as usual.
        rows_per_mark: At most one row in so many has a cell changed; 0 and None likewise.
        invented: At most so many rows of a copy are invented; 0 and None likewise.
    """

    template: str | None
    file: Path | None
    until: UnixMillis | None
    purposes: tuple[str, ...]
    scenes: tuple[str, ...]
    regions: tuple[str, ...]
    count: int | None
    kind: Literal["Offer", "Agreement"]
    withheld: int | None = None
    rows_per_mark: int | None = None
    invented: int | None = None

    @property
    def limits(self) -> tuple[object, ...]:
        """What goes with a template alone, as far as it was said."""
        said = (self.until, self.purposes, self.scenes, self.regions, self.count)
        marks = (self.withheld, self.rows_per_mark, self.invented)
        return (*filter(None, said), *(each for each in marks if each is not None))


def choose_grantor(
    registry: "RegistryApi", asset: SubjectKey, party: str | None, parent: str | None
) -> SubjectKey:
    """Who issues a grant: named, or the only party that it can be.

    Args:
        registry: Of the ledger.
        asset: What is licensed.
        party: Named with --as.
        parent: Grant that it is to rest on; its grantee issues it.

    Raises:
        UsageError: Several parties may, and none is named.
        NotFoundError: There is no such party or grant.
    """
    from cli.answering import name_parties
    from cli.subjects import choose_party, find_party, find_subject
    from contracts.chain import Grant
    from contracts.force import rights_in_force
    from contracts.standing import read_pending
    from contracts.title import Asset
    from node.answers import StoredFacts

    if party is not None:
        return find_party(registry, party)
    if parent is not None:
        return registry.need_state(Grant, find_subject(registry, "grant", parent)).grantee
    now, state = registry.clock.now(), registry.need_state(Asset, asset)
    pending = read_pending(StoredFacts(registry.prover()), state, now)
    held = rights_in_force(state, now, pending)
    holders = sorted({str(value["holder"]) for value in held if value["right"] == "operate"})
    if len(holders) > 1:
        words = say(
            f"several parties may license {asset}: name one with --as ({', '.join(holders)})",
            f"{asset} 有多个主体可授权：请用 --as 指明（{'、'.join(holders)}）",
        )
        raise UsageError(name_parties(registry, words), "party_required")
    return SubjectKey(holders[0]) if holders else choose_party(registry, None)


def find_parent(
    registry: "RegistryApi", actor: SubjectKey, asset: SubjectKey, text: str | None
) -> SubjectKey | None:
    """What a grant rests on: None for the actor's own right to operate, else a grant.

    Of grants that are not live any more, or not yet, the newest: the rule says what it lacks.

    Raises:
        UsageError: The actor has several grants and does not say which.
        NotFoundError: The grant that was named is not there.
    """
    from cli.answering import name_parties
    from cli.subjects import find_subject
    from contracts.force import held_rights
    from contracts.standing import read_pending
    from contracts.title import Asset
    from node.answers import StoredFacts
    from node.granted import find_received, tell_status

    if text is not None:
        return find_subject(registry, "grant", text)
    now = registry.clock.now()
    facts, state = StoredFacts(registry.prover()), registry.need_state(Asset, asset)
    held = held_rights(state, actor, now, read_pending(facts, state, now))
    if any(value["right"] == "operate" for value in held):
        return None
    received = find_received(facts, actor, asset)
    live = [key for key in received if tell_status(facts, key, now)[0] == "live"]
    if len(live) > 1:
        words = say(
            f"{actor} has several grants of {asset}: name one with --parent ({', '.join(live)})",
            f"{actor} 就 {asset} 有多项授权：请用 --parent 指明（{'、'.join(live)}）",
        )
        raise UsageError(name_parties(registry, words), "ambiguous")
    return next(iter([*live, *received[-1:]]), None)


def build_grant(
    registry: "RegistryApi",
    sides: tuple[SubjectKey, SubjectKey],
    asset: SubjectKey,
    parent: SubjectKey | None,
    terms: Terms,
) -> "Issue":
    """The body of `grant.issue`.

    Args:
        registry: Of the ledger.
        sides: Grantor and grantee.
        asset: What is licensed.
        parent: What it rests on; None: a right of the grantor's.
        terms: What was said.

    Raises:
        UsageError: Neither a template nor a policy was given, or both.
        RejectedError: The policy has a term that is not known.
    """
    from msgspec import UNSET

    from contracts.grant import Issue
    from ledger.core.subjects import format_urn

    if (terms.template is None) == (terms.file is None):
        raise UsageError(
            say(
                "name the terms: either --template NAME or --policy FILE",
                "请给出条款：--template 模板名 或 --policy 文件，二选一",
            ),
            "option_required",
        )
    target = format_urn(registry.origin, asset)
    if terms.file:
        policy = _read_policy(terms, sides, target)
    else:
        policy = _fill(terms, sides, target, _choose_marks(registry, parent, terms))
    _check_depth(policy)
    return Issue(
        asset=asset,
        grantee=sides[1],
        policy=dict(policy),
        parent=UNSET if parent is None else parent,
    )


def write_grant(
    session: Session, registry: "RegistryApi", actor: SubjectKey, body: "Issue", out: Path | None
) -> None:
    """Write a grant, or a draft where a key is elsewhere, and say what comes next.

    Args:
        session: Prints.
        registry: Opened for writing.
        actor: The grantor.
        body: Of the grant.
        out: Where a draft goes; None: called after the event.

    Raises:
        RejectedError: A rule refuses; nothing was written.
        ExistsError: The draft's file has other content.
    """
    from cli.twosided import DraftFile, submit_or_draft
    from node.drafts import main_subject, prepare_event
    from node.granted import name_of

    prepared = prepare_event(registry, actor, body)
    file = DraftFile(f"grant-{prepared.signed.id[:8]}", out)
    submit_or_draft(session, registry, prepared, file)
    if not prepared.missing and body.policy.get("type") == "Offer":
        key = main_subject(prepared.signed.event)
        name = name_of(registry, body.grantee)
        session.out.talk(
            f"An offer: it is in force once {name} accepts it, with a key of its own: muniment "
            f"grant accept {key}",
            f"此为要约，经 {name} 以其密钥接受后生效：muniment grant accept {key}",
        )


def show_grant(session: Session, registry: "RegistryApi", text: str) -> None:
    """Print how it stands with a grant, and its terms in words.

    Raises:
        NotFoundError: There is no such grant.
    """
    from cli.answering import name_parties
    from cli.subjects import find_subject
    from contracts.chain import Grant
    from contracts.odrl import describe_terms, parse_policy
    from contracts.records import format_record
    from node.answers import StoredFacts
    from node.granted import name_of, tell_status

    key = find_subject(registry, "grant", text)
    grant, now = registry.need_state(Grant, key), registry.clock.now()
    status, why = tell_status(StoredFacts(registry.prover()), key, now)
    because = "" if why is None else say(why.en, why.zh)
    names = [name_of(registry, each) for each in (grant.grantor, grant.grantee, grant.asset)]
    policy = parse_policy(grant.policy)
    if policy.type == "Offer" and any(each.value == "live" for each in grant.status):
        policy = replace(policy, type="Agreement")  # once accepted it reads as what it is
    words = describe_terms(policy, "zh-CN" if is_chinese() else "en")
    rows = [
        (say("from", "授权方"), f"{names[0]} {grant.grantor}"),
        (say("to", "被授权方"), f"{names[1]} {grant.grantee}"),
        (say("asset", "数据"), f"{names[2]} {grant.asset}"),
        (say("below", "上级授权"), grant.parent or ""),
        (say("status", "状态"), show_status(status, "grant")),
        (say("because", "理由"), name_parties(registry, because)),
        *(
            (show_status(str(each.value), "grant"), format_local(UnixMillis(each.start)))
            for each in grant.status
        ),
        *((say("recorded", "已记录"), f"{show_action(a)} {n}") for a, n in grant.meters.items()),
        *((say("terms", "条款"), name_parties(registry, sentence)) for sentence in words),
    ]
    document: dict[str, Json] = {
        "grant": key,
        "effective": status,
        "terms": list(words),
        **format_record(grant),
    }
    session.out.result(document, lambda: session.out.table(str(key), rows))


def _check_depth(policy: JsonObject) -> None:
    """Refuse terms that no event could hold, and say what to leave out.

    Raises:
        RejectedError: Nested too deeply.
    """
    from ledger.core.canonical import encode_canonical
    from ledger.core.limits import MAX_EVENT_DEPTH
    from ledger.errors import LimitError, RejectedError

    try:
        encode_canonical(policy, max_depth=MAX_EVENT_DEPTH - 2)
    except LimitError as exc:
        raise RejectedError(
            "too_nested",
            "two next policies in one another are the most, the inner one without constraints: "
            "leave them out, what the outer terms limit holds for the inner ones anyway",
            "nextPolicy 最多嵌套两层，且内层不带约束：请省略内层约束，外层条款的限制对其同样适用",
            "formats 1",
        ) from exc


def _choose_marks(registry: "RegistryApi", parent: SubjectKey | None, terms: Terms) -> "Disclosure":
    """How strongly copies may be marked: as said, else as the grant above hands on, else as usual.

    Raises:
        NotFoundError: There is no such grant.
    """
    from contracts.chain import Grant
    from contracts.odrl import (
        ONWARD,
        USUAL_MARKS,
        Disclosure,
        find_disclosure,
        next_terms,
        parse_policy,
    )

    usual = USUAL_MARKS
    if parent is not None:
        policy = parse_policy(registry.need_state(Grant, parent).policy)
        onward = [one for one in policy.terms.permissions if set(one.actions) & set(ONWARD)]
        above = next_terms(policy, onward[0].path) if onward else policy.terms
        usual = find_disclosure(above)
    return Disclosure(
        usual.withheld if terms.withheld is None else terms.withheld,
        usual.rows_per_mark if terms.rows_per_mark is None else terms.rows_per_mark,
        usual.invented if terms.invented is None else terms.invented,
    )


def _fill(
    terms: Terms, sides: tuple[SubjectKey, SubjectKey], target: str, marks: "Disclosure"
) -> JsonObject:
    from contracts.odrl import build_policy

    return build_policy(
        terms.template or "",
        type=terms.kind,
        target=target,
        assigner=sides[0],
        assignee=sides[1],
        until=terms.until,
        purposes=terms.purposes,
        scenes=terms.scenes,
        regions=terms.regions,
        count=terms.count,
        marks=marks,
    )


def _read_policy(terms: Terms, sides: tuple[SubjectKey, SubjectKey], target: str) -> JsonObject:
    """A policy file; what names this grant is filled in where it is missing.

    Raises:
        UsageError: Limits were given that only a template takes, the file is of another type than
            was asked for, or one of its dates cannot be read.
        AssertionError: No file was given.
    """
    from cli.files import read_capped
    from cli.policydates import write_dates
    from contracts.odrl import PROFILE
    from ledger.core.canonical import decode_bundle
    from ledger.core.limits import MAX_SIGNED_EVENT_BYTES

    if terms.file is None:
        raise AssertionError("called with a file")
    if terms.limits:
        raise UsageError(
            say(
                "--until, --purpose, --scene, --region, --count, --withheld, --rows-per-mark and "
                "--invented-rows go with --template: write them into the policy file as "
                "constraints",
                "--until、--purpose、--scene、--region、--count、--withheld、--rows-per-mark、"
                "--invented-rows 仅用于 --template：请在策略文件中写为约束",
            )
        )
    data = read_capped(terms.file, MAX_SIGNED_EVENT_BYTES)
    policy = write_dates(decode_bundle(data, max_bytes=MAX_SIGNED_EVENT_BYTES))
    if terms.kind == "Agreement" and policy.get("type", terms.kind) != terms.kind:
        raise UsageError(
            say(
                f"the policy file says type {policy['type']}: write Agreement there, or leave "
                "--agreement out",
                f"策略文件的 type 为 {policy['type']}：请改为 Agreement，或去掉 --agreement",
            )
        )
    named: JsonObject = {
        "type": terms.kind,
        "profile": PROFILE,
        "conflict": "prohibit",
        "target": target,
    }
    kind = policy.get("type", terms.kind)
    if kind != "Set":
        named = {**named, "assigner": sides[0], "assignee": sides[1]}
    return {**named, **policy}

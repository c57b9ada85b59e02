"""Checks of acts on the command line: what is asked, and the verdict for people and programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.answering import name_parties, warn_of_future
from cli.files import write_document
from cli.lang import is_chinese, say
from cli.session import Session
from cli.subjects import find_asset, find_party
from cli.times import format_local
from cli.words import show_action, show_word
from contracts.check import format_check
from contracts.odrl import check_action
from contracts.permission import Answer, Inquiry
from contracts.records import format_record
from ledger.core.types import Json, SubjectKey, UnixMillis
from node.answers import check_act, prove_act
from node.granted import name_of

if TYPE_CHECKING:
    from node.registryapi import RegistryApi


@dataclass(frozen=True, slots=True)
class Act:
    """An act as people name it.

    Args:
        action: An ODRL action.
        by: Who acts.
        asset: On what.
        at: When; None: now.
        recipient: To whom, for an onward act.
        facts: What else is stated, by ODRL left operand; None: not stated.
    """

    action: str
    by: str
    asset: str
    at: UnixMillis | None
    recipient: str | None
    facts: Mapping[str, str | None]


def answer_check(session: Session, act: Act, proof: Path | None, *, force: bool) -> bool:
    """Print whether the party may do the act, and write the proofs asked for.

    Args:
        session: Prints.
        act: What is asked.
        proof: Where the proofs of every fact used go; None: nowhere.
        force: Overwrite other content.

    Returns:
        Whether the act is permitted, and its count not used up.

    Raises:
        RejectedError: The profile has no such action.
        NotFoundError: There is no such party or asset.
        LimitError: The answer needs a history that is longer than a dossier may be.
    """
    check_action(act.action)
    with session.registry() as registry:
        inquiry = _find_inquiry(registry, act)
        prover = registry.prover()
        if proof is None:
            answer = check_act(prover, inquiry)
        else:
            bundle = prove_act(prover, inquiry)
            answer = bundle.answer
            write_document(proof, format_check(bundle), force=force)
        rows = _show_answer(registry, inquiry, answer)
    document: dict[str, Json] = {
        **format_record(answer),
        "inquiry": format_record(inquiry),
        **({} if proof is None else {"file": str(proof)}),
    }
    session.out.result(document, lambda: session.out.table("", rows))
    return answer.verdict == "permitted" and not _is_used_up(answer)


def _find_inquiry(registry: "RegistryApi", act: Act) -> Inquiry:
    stated = {name: fact for name, fact in act.facts.items() if fact is not None}
    if act.recipient is not None:
        stated["recipient"] = find_party(registry, act.recipient)
    return Inquiry(
        party=find_party(registry, act.by),
        asset=find_asset(registry, act.asset),
        action=act.action,
        at=registry.clock.now() if act.at is None else act.at,
        facts=stated,
    )


def _is_used_up(answer: Answer) -> bool:
    return answer.count is not None and answer.count.remaining == 0


def _show_verdict(answer: Answer) -> str:
    word = show_word(answer.verdict)
    if answer.verdict != "permitted" or not _is_used_up(answer):
        return word
    return word + say(
        ", but its count is used up: nothing further is permitted", "，但次数已用尽：不得再为该行为"
    )


def _show_answer(
    registry: "RegistryApi", inquiry: Inquiry, answer: Answer
) -> list[tuple[str, str]]:
    def name(key: SubjectKey) -> str:
        return f"{name_of(registry, key)} ({key})"

    clause = answer.clause
    rows = [
        (say("verdict", "结论"), _show_verdict(answer)),
        (say("act", "行为"), show_action(inquiry.action)),
        (say("by", "主体"), name(inquiry.party)),
        (say("asset", "数据"), name(inquiry.asset)),
        (say("as of", "截至"), format_local(UnixMillis(inquiry.at))),
        (
            say("because", "理由"),
            name_parties(registry, clause.zh if is_chinese() else clause.en),
        ),
        (say("clause", "条款"), f"{clause.subject} {clause.path}".rstrip()),
    ]
    rows += [
        (
            say("chain", "权利链") if i == 0 else "·",
            f"{name_of(registry, link.taker)}  {link.subject}  #{link.index}  "
            f"{show_word(link.clause)}".rstrip(),
        )
        for i, link in enumerate(answer.chain)
    ]
    if answer.count is not None:
        count = answer.count
        left = say(
            f"{count.used} of {count.limit} used, {count.remaining} left",
            f"共 {count.limit} 次，已用 {count.used} 次，剩余 {count.remaining} 次",
        )
        rows.append((say("count", "次数"), left))
    for duty in answer.duties:
        shown = str(duty["action"]) if isinstance(duty, dict) else ""
        rows.append((say("on condition of", "附带义务"), show_word(shown)))
    rows += [(say("not stated", "未说明"), show_word(each)) for each in answer.unknown]
    warning = warn_of_future(UnixMillis(inquiry.at), registry.clock.now())
    return [*rows, (say("note", "注意"), warning)]

"""Answers with their proofs: what queries print, and the files they write."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli.lang import is_chinese, say
from cli.session import Session
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis

if TYPE_CHECKING:
    from contracts.queries import Query, QueryBundle, Topic
    from node.registryapi import Proofs, RegistryApi

_TOPICS: "Final[dict[str, Topic]]" = {
    "holders": "holders",
    "holder": "rights",
    "grants": "grants",
    "below": "below",
}


@dataclass(frozen=True, slots=True)
class ProofFiles:
    """Which proofs are asked for, and where they go.

    Args:
        proof: The bundle that proves the answer.
        dossier: The subject's whole history.
        certificate: The answer in words, with its proof inside.
        is_forced: Overwrite other content.
        start: So many of the first events are left out of the history.
    """

    proof: Path | None = None
    dossier: Path | None = None
    certificate: Path | None = None
    is_forced: bool = False
    start: int = 0


def write_proofs(
    prover: "Proofs", key: SubjectKey, bundle: JsonObject, files: ProofFiles
) -> JsonObject:
    """Write the files asked for; gives their names as members of the result.

    Raises:
        ExistsError: Other content is there.
        LimitError: The history is longer than a dossier may be.
    """
    from cli.files import write_document
    from contracts.certificate import create_certificate
    from ledger.core.dossier import format_dossier

    written: dict[str, Json] = {}
    if files.proof is not None:
        write_document(files.proof, bundle, force=files.is_forced)
        written["file"] = str(files.proof)
    if files.dossier is not None:
        _check_length(prover, key, files.start)
        dossier = format_dossier(prover.prove_history(key, files.start))
        write_document(files.dossier, dossier, force=files.is_forced)
        written["dossier"] = str(files.dossier)
    if files.certificate is not None:
        document = create_certificate(bundle)
        write_document(files.certificate, document, force=files.is_forced)
        written["certificate"] = str(files.certificate)
    return written


def _check_length(prover: "Proofs", key: SubjectKey, start: int) -> None:
    """Say how a history is written that is longer than one file may be.

    Raises:
        LimitError: It is.
    """
    from ledger.core.limits import MAX_DOSSIER_EVENTS
    from ledger.errors import LimitError

    value = prover.read_state(key)
    n = 0 if value is None else value.n
    if n - start > MAX_DOSSIER_EVENTS:
        raise LimitError(
            say(
                f"{key} has {n} events and a dossier at most {MAX_DOSSIER_EVENTS}: write the "
                f"newest of them with --from {n - MAX_DOSSIER_EVENTS}",
                f"{key} 有 {n} 个事件，而一份档案最多 {MAX_DOSSIER_EVENTS} 个："
                f"请用 --from {n - MAX_DOSSIER_EVENTS} 写出其中最新的",
            )
        )


def answer_topic(
    session: Session,
    registry: "RegistryApi",
    topic: str,
    key: SubjectKey,
    at: str | None,
    files: ProofFiles,
) -> None:
    """Print the answer to a query and write the proofs asked for.

    Args:
        session: Prints.
        registry: Read only.
        topic: holders, holder, grants or below.
        key: The asset, party or grant that it is about.
        at: A date; None: as of the newest block.
        files: Where proofs go.

    Raises:
        LimitError: A proof is asked for and would be more than one file can hold.
    """
    from cli.times import parse_date
    from contracts.certificate import write_statement
    from contracts.queries import Query, format_query

    now = registry.clock.now()
    # Without a date: as of the newest block, later than which no proof knows anything.
    time = registry.read_end().time if at is None else parse_date(at)
    query = Query(topic=_TOPICS[topic], subject=key, at=time)
    prover = registry.prover()
    bundle = _answer_query(prover, query, files)
    proof = format_query(bundle)
    written = write_proofs(prover, key, proof, files)
    document: dict[str, Json] = {
        "subject": key,
        "at": query.at,
        **bundle.answer,
        "log": {"origin": registry.origin, "size": prover.anchor.size},
        **written,
    }
    title, statement = write_statement(proof)
    sentences = statement.zh if is_chinese() else statement.en
    rows = [("", name_parties(registry, sentence)) for sentence in sentences]
    rows += [(say("note", "注意"), warn_of_future(UnixMillis(query.at), now))]
    rows += [(say("written", "已写入"), str(path)) for path in written.values()]
    shown = title.zh if is_chinese() else title.en
    session.out.result(document, lambda: session.out.table(shown, rows))


def _answer_query(prover: "Proofs", query: "Query", files: ProofFiles) -> "QueryBundle":
    """The answer, with all proofs only if a file is to hold them."""
    from contracts.evidence import ProofSet
    from contracts.queries import QueryBundle
    from node.answers import answer_only, prove_query

    if files.proof is not None or files.certificate is not None:
        return prove_query(prover, query)
    # Its state alone says as of when; nobody is going to verify this.
    state = prover.prove_state(SubjectKey(query.subject))
    return QueryBundle(query, answer_only(prover, query), ProofSet((state,), ()))


def warn_of_future(time: UnixMillis, now: UnixMillis) -> str:
    """What has to be said of an answer about a date that is still to come; empty of any other."""
    if time <= now:
        return ""
    return say(
        "that date is still to come: this is how things stand now, and the ledger does not know "
        "the future",
        "该日期尚未到来：以上按目前情况回答，账本无从得知将来",
    )


def name_parties(registry: "RegistryApi", sentence: str) -> str:
    """A sentence with the public names of parties and assets before their keys.

    A name stands in one line and turns nobody's writing direction.
    """
    import re

    from cli.output import show_plain
    from node.granted import name_of

    def named(found: "re.Match[str]") -> str:
        key = SubjectKey(found[1])
        name = name_of(registry, key)
        return key if name == key else f"{show_plain(name)} ({key})"

    return re.sub(r"(?:urn:muniment:\S+?:)?\b((?:party|asset)/[a-z2-7]{26})", named, sentence)

"""A checked form made into an application: its members, the rights it asks for, who signs.

Members of the form go under the members of the application that docs/forms.md names; what names
people goes under members that are never opened.

Spec: the form for an initial registration; Art. 15, 16, 20, 21; contracts.forms.INITIAL_MEMBERS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, cast

from msgspec import UNSET, UnsetType

from contracts.clocks import end_of_day_exclusive
from contracts.eligibility import MADE
from contracts.foundation import Ledger
from contracts.mandates import Agent
from contracts.records import format_record
from contracts.title import Basis, DataClass, Level, Right, RightClaim
from ledger.core.types import Json, JsonObject, SubjectKey
from node.forms.identities import check_blocks
from node.forms.resolving import Resolver
from node.issuing import Application
from node.room import explain_excess, find_excess

_DATA_MEMBERS: Final = (
    "title", "summary", "industry", "source", "spatial", "temporal", "update_frequency", "volume",
    "form", "stage",
)  # fmt: skip
_SOLO_RIGHTS: Final[Json] = [{"right": ["hold", "use", "operate"]}]


@dataclass(frozen=True, slots=True)
class Filled:
    """An application for an initial registration that can be filed.

    Args:
        application: Its members, rights and terms.
        parties: The applicants, sorted; they sign it.
        filer: The first of them, who speaks, or the agent that files for them.
        files: Paths of the files that the form names, as written.
    """

    application: Application
    parties: tuple[SubjectKey, ...]
    filer: SubjectKey
    files: tuple[str, ...]


def fill_initial(
    form: JsonObject, resolver: Resolver, ledger: Ledger, filer: SubjectKey | None
) -> Filled | None:
    """What a checked form for an initial registration asks for.

    Args:
        form: What `check_form` gave.
        resolver: Keeps what cannot be found.
        ledger: Of the registry.
        filer: Who files, where that was said beside the form.

    Returns:
        None if something could not be found; the resolver's findings say what.
    """
    if ledger.profile.is_solo:
        form = _fill_in_defaults(form)
    agent = read_agent(form, resolver)
    is_agent = filer is not None and filer == find_block(agent, resolver)
    applicants = find_applicants(form, resolver, ledger, None if is_agent else filer)
    if applicants and not is_agent:
        _check_filer(applicants, filer, resolver)
    evidence = read_digests(form, resolver)
    claims = _Claims(form, resolver, ledger, applicants, evidence).read()
    years = read_years(form, "years", resolver, ledger)
    members = _members(form, agent, evidence)
    members["rights"] = [{**format_record(claim), "years": years} for claim in claims]
    if resolver.findings or not applicants:
        return None
    classification = tables(form, "classification")
    application = Application(
        members={name: value for name, value in members.items() if value is not None},
        rights=tuple(dict.fromkeys(claim.right for claim in claims)),
        basis=cast("Basis", form["basis"]),
        level=cast("Level", classification["level"]),
        data_class=cast("DataClass", classification["class"]),
        years=years,
        claims=tuple(claim for claim in claims if claim.holder in applicants),
        declared=tuple(claim for claim in claims if claim.holder not in applicants),
        mandate=_read_mandate(agent) if is_agent else None,
    )
    files = tuple(map(str, rows(form.get("files"))))
    excess = find_excess(application.members, application.named, len(files))
    if excess:
        resolver.say("data", *explain_excess(excess))
        return None
    return Filled(application, tuple(sorted(applicants)), filer or applicants[0], files)


def _check_filer(
    applicants: list[SubjectKey], filer: SubjectKey | None, resolver: Resolver
) -> None:
    if filer is not None and filer not in applicants:
        resolver.say(
            "applicants",
            "do not name the party that is to file: add it, or name it as the agent",
            "未列明提交申请的主体：请补充为申请人，或填写为代理人",
        )


def read_years(form: JsonObject, path: str, resolver: Resolver, ledger: Ledger) -> int:
    """The years of a form or of a table of it, by default all there are; a finding if more.

    Args:
        form: With `years`, if they are filled in.
        path: Of that blank.
        resolver: Keeps the finding.
        ledger: Of the registry.
    """
    most = ledger.profile.max_years
    given = form.get("years")
    years = given if isinstance(given, int) else most
    if years > most:
        resolver.say(path, f"is at most {most} here", f"最长 {most} 年")
    return years


def find_applicants(
    form: JsonObject, resolver: Resolver, ledger: Ledger, filer: SubjectKey | None
) -> list[SubjectKey]:
    """The parties of the applicants, in the form's order; none if one cannot be found.

    A single applicant is who files, where that is said; under the solo profile, one that is not on
    the ledger is its one person.
    """
    blocks = rows(form.get("applicants"))
    if not blocks and filer is None and ledger.profile.is_solo:
        return [ledger.operator]
    if len(blocks) <= 1 and filer is not None:
        found: list[SubjectKey | None] = [filer]
    else:
        found = [find_block(block, resolver) for block in blocks]
    if len(blocks) == 1 and found == [None] and ledger.profile.is_solo:
        return [ledger.operator]
    check_blocks(blocks, found, "applicants", resolver, tables(form, "after"))
    for i, (block, party) in enumerate(zip(blocks, found, strict=False), 1):
        if party is None:
            _say_unknown(block, f"applicants.{i}", resolver)
    return [party for party in found if party is not None] if None not in found else []


def find_block(block: Json, resolver: Resolver) -> SubjectKey | None:
    """The party that a block of a form means: by its key, else its code, else its name."""
    if not isinstance(block, Mapping):
        return None
    if "party" in block:
        return resolver.knows_party(str(block["party"]))
    by_code = resolver.knows_party(str(block.get("id_number", "")))
    return by_code or resolver.knows_party(str(block.get("name", "")))


def need_block(block: Json, path: str, resolver: Resolver) -> SubjectKey | None:
    """The same party, and a finding if there is none."""
    found = find_block(block, resolver)
    if found is None:
        _say_unknown(block, path, resolver)
    return found


def _say_unknown(block: Json, path: str, resolver: Resolver) -> None:
    name = "party" if isinstance(block, Mapping) and "party" in block else "name"
    resolver.say(
        f"{path}.{name}",
        f"is no party of this ledger by its name or code{_quote(block)}: enrol it with 'muniment "
        "party enroll', or write its key as party",
        f"账本上没有该名称或代码的主体{_quote(block)}：请先用 muniment party enroll 注册，"
        "或以 party 填写主体标识",
    )


def _quote(block: Json) -> str:
    """The name of an organisation that was not found; that of a person is not repeated."""
    if not isinstance(block, Mapping) or block.get("kind") not in {"legal", "unincorporated"}:
        return ""
    return f" ({str(block.get('name', ''))[:80]})"


def read_agent(form: JsonObject, resolver: Resolver) -> Json:
    """The agent with the digest of its mandate, or None."""
    agent = tables(form, "agent")
    if not agent:
        return None
    filled = dict(agent)
    filled["mandate"] = resolver.read_digest("agent.mandate", str(agent["mandate"]))
    if "party" in agent:
        filled["party"] = resolver.find_party("agent.party", str(agent["party"]))
    return filled


def find_filing_agent(agent: Json, filer: SubjectKey | None, resolver: Resolver) -> Agent | None:
    """The agent as a filing names it, where it is the agent that files.

    Args:
        agent: What `read_agent` gave.
        filer: Who files, where that was said beside the form.
        resolver: Finds the agent's party.
    """
    mandate = _read_mandate(agent)
    if filer is None or mandate is None or filer != find_block(agent, resolver):
        return None
    return Agent(party=filer, mandate=mandate)


def _read_mandate(agent: Json) -> str | None:
    mandate = agent.get("mandate") if isinstance(agent, Mapping) else None
    return mandate if isinstance(mandate, str) else None


def read_digests(form: JsonObject, resolver: Resolver) -> list[str]:
    """Digests of the supporting files, in the form's order."""
    listed = enumerate(rows(form.get("evidence")), 1)
    found = [resolver.read_digest(f"evidence.{place}", str(each)) for place, each in listed]
    return [digest for digest in found if digest is not None]


def rows(value: Json) -> list[Json]:
    """A list of a form, empty if it is not there."""
    return list(value) if isinstance(value, list | tuple) else []


def tables(form: JsonObject, name: str) -> JsonObject:
    """A table of a form, empty if it is not there."""
    value = form.get(name)
    return value if isinstance(value, Mapping) else {}


def _fill_in_defaults(form: JsonObject) -> JsonObject:
    """What the solo profile takes for granted."""
    data = tables(form, "data")
    return {
        "basis": "self-generated",
        "rights": _SOLO_RIGHTS,
        **form,
        "classification": {
            "class": "enterprise",
            "level": "general-1",
            **tables(form, "classification"),
        },
        "data": {"summary": data.get("title"), **data},
    }


class _Claims:
    """The rows of a form's rights, read one after another."""

    def __init__(
        self,
        form: JsonObject,
        resolver: Resolver,
        ledger: Ledger,
        applicants: list[SubjectKey],
        evidence: list[str],
    ) -> None:
        self._form = form
        self._resolver = resolver
        self._offset = ledger.profile.offset_minutes
        self._applicants = applicants
        self._evidence = evidence[0] if len(evidence) == 1 else None

    def read(self) -> list[RightClaim]:
        claims: list[RightClaim] = []
        for place, row in enumerate(rows(self._form.get("rights")), 1):
            if isinstance(row, Mapping):
                claims += self._read_row(row, f"rights.{place}")
        keys = [(claim.holder, claim.right) for claim in claims]
        for holder, right in sorted({key for key in keys if keys.count(key) > 1}):
            self._resolver.say(
                "rights",
                f"names {right} of {holder} twice: name each right of a holder once",
                f"{holder} 的 {right} 重复列明：每个权利人的每项权利只列一次",
            )
        return claims

    def _read_row(self, row: JsonObject, path: str) -> list[RightClaim]:
        holder = self._find_holder(row, path)
        basis = cast("Basis", row.get("basis", self._form["basis"]))
        if basis == "public-product" and "code" not in row:
            self._resolver.say(
                f"{path}.code",
                "is missing: products of public data need its registration code (Art. 15-2)",
                "未填写：公共数据授权运营产品须填写公共数据资源登记编码（第十五条第二项）",
            )
        if basis in MADE and "stage" not in tables(self._form, "data"):
            self._resolver.say(
                "data.stage",
                f"is missing: of data that is {basis} it is needed",
                f"未填写：以 {basis} 为依据的数据须填写",
            )
        sources = self._find_sources(row, path)
        evidence = self._evidence
        if "evidence" in row:
            evidence = self._resolver.read_digest(f"{path}.evidence", str(row["evidence"]))
        if holder is None:
            return []
        return [
            RightClaim(
                holder=holder,
                right=cast("Right", right),
                basis=basis,
                until=self._end_of(row),
                evidence=evidence or UNSET,
                sources=tuple(sources) or UNSET,
                code=str(row["code"]) if "code" in row else UNSET,
                limits=str(row["limits"]) if "limits" in row else UNSET,
            )
            for right in rows(row["right"])
        ]

    def _find_holder(self, row: JsonObject, path: str) -> SubjectKey | None:
        if "holder" in row:
            return self._resolver.find_party(f"{path}.holder", str(row["holder"]))
        if len(self._applicants) <= 1:  # none: that was said of the applicants
            return next(iter(self._applicants), None)
        self._resolver.say(
            f"{path}.holder",
            "is missing: there are several applicants",
            "未填写：有多个申请人时须填写权利人",
        )
        return None

    def _find_sources(self, row: JsonObject, path: str) -> list[SubjectKey]:
        found = [
            self._resolver.find_asset(f"{path}.sources", str(each))
            for each in rows(row.get("sources"))
        ]
        return sorted({key for key in found if key is not None})

    def _end_of(self, row: JsonObject) -> int | UnsetType:
        if "until" not in row:
            return UNSET
        return end_of_day_exclusive(date.fromisoformat(str(row["until"])), self._offset)


def _members(form: JsonObject, agent: Json, evidence: list[str]) -> dict[str, Json]:
    data, classification = tables(form, "data"), tables(form, "classification")
    return {
        **{name: data.get(name) for name in _DATA_MEMBERS},
        "agent": agent,
        "applicants": form.get("applicants"),
        "basis": form["basis"],
        "classification": {name: classification[name] for name in ("class", "level")},
        "evidence": evidence or None,
        "openness": classification.get("openness", "conditional"),
        "prior": form.get("prior"),
        "restrictions": form.get("restrictions"),
    }

"""One registered asset as a DCAT 3 dataset, worked out from states and nothing else.

So a verifier that has the states works it out again and compares.

Source: W3C Data Catalog Vocabulary (DCAT) version 3 (2024); ODRL 2.2; ADMS (W3C, 2013).
Spec: domain, sections 1 to 3.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from contracts.clocks import format_instant
from contracts.identity import Party
from contracts.intervals import current
from contracts.odrl import terms_of_use
from contracts.records import StateT, parse_state_record
from contracts.title import Asset, Voucher, tuple_values, voucher_key
from ledger.core.state import StateValue, encode_state, hash_state
from ledger.core.subjects import format_urn
from ledger.core.types import Json, JsonObject, SubjectKey, UnixMillis
from ledger.errors import BundleError

States = Mapping[SubjectKey, StateValue]

CONTEXT: Final[JsonObject] = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "muniment": "urn:muniment:vocab:",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "count": "muniment:count",
    "format": "muniment:format",
    "root": "muniment:root",
    "seal": {"@id": "muniment:seal", "@type": "@json"},
    "states": {"@id": "muniment:states", "@type": "@json"},
}
"""Stands in every catalogue whole, so that nobody has to fetch anything to read it."""

_BURDENS: Final = (("disputes", "disputed"), ("freezes", "frozen"), ("pledges", "pledged"))


def is_listed(asset: Asset) -> bool:
    """Whether an asset is in the catalogue: it has a live voucher, and its title was published."""
    return asset.voucher is not None and isinstance(asset.fields.get("title"), str)


def name_subjects(key: SubjectKey, asset: Asset) -> list[SubjectKey]:
    """The subjects whose states say everything that a dataset says: asset, voucher, holders.

    Args:
        key: The asset's.
        asset: Listed.
    """
    return [key, voucher_key(str(asset.voucher)), *_holders(asset)]


def describe_dataset(origin: str, key: SubjectKey, states: States) -> JsonObject:
    """A listed asset as a dataset.

    Args:
        origin: Of the ledger.
        key: The asset's.
        states: At least those of name_subjects.

    Raises:
        BundleError: One of them is missing.
        MalformedError: One is of another type.
        LimitError: A time lies outside the years 1 to 9999.
    """
    asset = take_state(Asset, key, states)
    number = str(asset.voucher)
    voucher = take_state(Voucher, voucher_key(number), states)
    urn, voucher_urn = format_urn(origin, key), format_urn(origin, voucher_key(number))
    return {
        "@id": urn,
        "@type": "dcat:Dataset",
        "adms:identifier": {"@type": "adms:Identifier", "skos:notation": number},
        "dcat:qualifiedRelation": {
            "@type": "dcat:Relationship",
            "dcat:hadRole": {"@id": "muniment:registrationVoucher"},
            "dct:relation": {"@id": voucher_urn},
        },
        "dct:identifier": key,
        "dct:issued": _time(voucher.valid_from),
        "dct:rightsHolder": [
            _describe_holder(origin, each, take_state(Party, each, states))
            for each in _holders(asset)
        ],
        "muniment:marks": [mark for name, mark in _BURDENS if current(getattr(asset, name))],
        "muniment:rights": [_describe_right(origin, value) for value in tuple_values(asset.tuples)],
        "muniment:stateHash": hash_state(encode_state(states[key])).hex(),
        "muniment:validUntil": _time(voucher.valid_until),
        "muniment:voucherStatus": str(current(voucher.status)[-1]),
        "odrl:hasPolicy": _describe_terms(f"{voucher_urn}#termsOfUse", urn, asset),
        **_classify(asset),
        **dict(_describe_fields(asset)),
        **_list_digests(asset),
    }


def take_state(cls: type[StateT], key: SubjectKey, states: States) -> StateT:
    """A subject's state as a record.

    Raises:
        BundleError: It is missing.
        MalformedError: It is of another type.
    """
    value = states.get(key)
    if value is None:
        raise BundleError(f"the state of {key} is missing")
    return parse_state_record(cls, value.state)


def _holders(asset: Asset) -> list[SubjectKey]:
    return sorted({SubjectKey(str(value["holder"])) for value in tuple_values(asset.tuples)})


def _describe_holder(origin: str, key: SubjectKey, party: Party) -> JsonObject:
    """An agent; the name of a natural person is a commitment, and so is not there."""
    agent: dict[str, Json] = {"@id": format_urn(origin, key), "@type": "foaf:Agent"}
    if isinstance(party.name, str):
        agent["foaf:name"] = party.name
    if party.uscc is not None:
        agent["dct:identifier"] = party.uscc
    return agent


def _describe_right(origin: str, value: JsonObject) -> JsonObject:
    holder = SubjectKey(str(value["holder"]))
    right: dict[str, Json] = {
        "muniment:basis": value["basis"],
        "muniment:holder": {"@id": format_urn(origin, holder)},
        "muniment:right": value["right"],
    }
    until = value.get("until")
    return right | {"muniment:until": _time(until)} if isinstance(until, int) else right


def _describe_terms(uid: str, target: str, asset: Asset) -> JsonObject:
    """What the voucher's `termsOfUse` says, in RDF: nothing is permitted by it."""
    terms = terms_of_use(target, asset.fields.get("restrictions"))
    listed = terms["prohibition"]
    rules = listed if isinstance(listed, list | tuple) else ()
    return {
        "@id": uid,
        "@type": "odrl:Set",
        "odrl:conflict": {"@id": f"odrl:{terms['conflict']}"},
        "odrl:profile": {"@id": terms["profile"]},
        "odrl:prohibition": [
            {
                "odrl:action": {"@id": _name_action(str(rule["action"]))},
                "odrl:target": {"@id": rule["target"]},
            }
            for rule in rules
            if isinstance(rule, Mapping)
        ],
    }


def _name_action(action: str) -> str:
    return action if ":" in action else f"odrl:{action}"


def _classify(asset: Asset) -> JsonObject:
    data = asset.classification
    if data is None:
        return {}
    return {
        "muniment:class": data.data_class,
        "muniment:level": data.level,
        "muniment:openness": data.openness,
    }


def _describe_fields(asset: Asset) -> Iterator[tuple[str, Json]]:
    """Members of the form that were opened; those whose value is no text stay words of ours."""
    fields = asset.fields
    for name, term in (("title", "dct:title"), ("summary", "dct:description")):
        if isinstance(fields.get(name), str):
            yield term, fields[name]
    for name, term, kind in (
        ("restrictions", "dct:accessRights", "dct:RightsStatement"),
        ("spatial", "dct:spatial", "dct:Location"),
        ("update_frequency", "dct:accrualPeriodicity", "dct:Frequency"),
    ):
        if isinstance(fields.get(name), str):
            yield term, {"@type": kind, "rdfs:label": fields[name]}
    industry, temporal = fields.get("industry"), fields.get("temporal")
    if isinstance(industry, str):
        yield "dcat:keyword", [industry]
    if isinstance(temporal, Mapping):
        period = {
            f"dcat:{name}Date": temporal[name]
            for name in ("start", "end")
            if isinstance(temporal.get(name), str)
        }
        yield "dct:temporal", {"@type": "dct:PeriodOfTime", **period}


def _list_digests(asset: Asset) -> JsonObject:
    """SHA-256 of the files, where the applicant published them."""
    if not asset.digests:
        return {}
    checksums: list[Json] = [
        {
            "@type": "dcat:Distribution",
            "spdx:checksum": {
                "@type": "spdx:Checksum",
                "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                "spdx:checksumValue": {"@type": "xsd:hexBinary", "@value": digest},
            },
        }
        for digest in asset.digests
    ]
    return {"dcat:distribution": checksums}


def _time(time: int) -> JsonObject:
    return {"@type": "xsd:dateTime", "@value": format_instant(UnixMillis(time), 0)}

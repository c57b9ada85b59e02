"""The voucher credential: made, read strictly, and signed as `eddsa-jcs-2022` says."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import credential as module
from contracts.credential import (
    CONTEXT_DIGESTS,
    CONTEXTS,
    OUR_CONTEXT,
    VC_CONTEXT,
    Issue,
    check_contexts,
    format_time,
    issue_credential,
    parse_credential,
    parse_time,
    verify_credential,
)
from ledger.core.canonical import decode_bundle, encode_credential
from ledger.core.text import parse_base64
from ledger.errors import BundleError, LimitError, MalformedError, SignatureError
from tests.support.people import Key, ms

KEY, OTHER = Key("issuer"), Key("other issuer")
NUMBER = "TEST2026110001"
SCHEMA_DIGEST = sha256(b"schema").hexdigest()


def issue(key=KEY, **changes):
    parts = {
        "origin": "example.org/ledger",
        "number": NUMBER,
        "issuer": key.did,
        "issuer_name": "登记机构",
        "valid_from": ms("2026-11-22T10:00"),
        "valid_until": ms("2031-11-23T00:00"),
        "subject": {"asset": "asset/x", "rights": []},
        "terms": {"type": "Set"},
        "schema_digest": SCHEMA_DIGEST,
    }
    return issue_credential(Issue(**(parts | changes)), key.sign)


HONEST = issue()


def changed(*path, value=None, drop=False):
    """The honest credential with one member changed, or dropped."""

    def change(node, names):
        name, *rest = names
        copy = list(node) if isinstance(node, list) else dict(node)
        if rest:
            copy[name] = change(copy[name], rest)
        elif drop:
            del copy[name]
        else:
            copy[name] = value
        return copy

    return change(HONEST, path)


# Making and reading


def test_a_credential_says_what_it_was_issued_for():
    read = parse_credential(HONEST)
    assert (read.origin, read.subject) == ("example.org/ledger", f"voucher/{NUMBER}")
    assert (read.issuer, read.issuer_name) == (KEY.did, "登记机构")
    assert read.valid_from == ms("2026-11-22T10:00")
    assert read.valid_until == ms("2031-11-23T00:00")
    assert read.digest == sha256(encode_credential(HONEST)).hexdigest()
    verify_credential(read)


def test_its_texts_are_those_of_the_specification():
    assert HONEST["@context"] == ["https://www.w3.org/ns/credentials/v2", OUR_CONTEXT]
    assert HONEST["type"] == ["VerifiableCredential", "DataPropertyRegistrationCredential"]
    assert HONEST["id"] == f"urn:muniment:example.org/ledger:voucher/{NUMBER}"
    assert HONEST["validFrom"] == "2026-11-22T02:00:00Z"
    assert HONEST["validUntil"] == "2031-11-22T16:00:00Z"
    assert "credentialStatus" not in HONEST
    proof = HONEST["proof"]
    assert proof["verificationMethod"] == f"{KEY.did}#{KEY.did.removeprefix('did:key:')}"
    assert proof["@context"] == HONEST["@context"]
    assert (proof["type"], proof["cryptosuite"], proof["proofPurpose"]) == (
        "DataIntegrityProof",
        "eddsa-jcs-2022",
        "assertionMethod",
    )


def test_its_schema_is_pinned_as_subresource_integrity_writes_digests():
    algorithm, _, digest = HONEST["credentialSchema"]["digestSRI"].partition("-")
    assert algorithm == "sha256"
    assert parse_base64(digest).hex() == SCHEMA_DIGEST


def test_a_credential_survives_a_file():
    raw = encode_credential(HONEST)
    verify_credential(parse_credential(decode_bundle(raw, max_bytes=1 << 20)))


def test_the_order_of_members_on_disk_does_not_matter():
    turned = dict(reversed(HONEST.items()))
    assert parse_credential(turned).digest == parse_credential(HONEST).digest
    verify_credential(parse_credential(turned))


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_from": 1},
        {"valid_until": 999},
        {"valid_until": -1000},
        {"valid_until": 253_402_300_800_000},
        {"schema_digest": SCHEMA_DIGEST.upper()},
        {"schema_digest": ""},
        {"subject": {"price": 1.5}},
        {"subject": {"title": "\u202e"}},
        {"issuer_name": "\x00"},
    ],
)
def test_what_cannot_be_written_is_not_issued(changes):
    with pytest.raises(MalformedError):
        issue(**changes)


def test_a_credential_nested_too_deeply_is_not_issued():
    value = {}
    for _ in range(20):
        value = {"x": value}
    with pytest.raises(LimitError):
        issue(subject=value)


MEMBERS = sorted(HONEST)
PROOF_MEMBERS = sorted(HONEST["proof"])

MANGLINGS = {
    **{f"without {name}": changed(name, drop=True) for name in MEMBERS},
    **{f"without proof.{name}": changed("proof", name, drop=True) for name in PROOF_MEMBERS},
    **{f"{name} null": changed(name) for name in MEMBERS if name != "termsOfUse"},
    **{f"proof.{name} null": changed("proof", name) for name in PROOF_MEMBERS},
    **{f"proof.{name} of a number": changed("proof", name, value=1) for name in PROOF_MEMBERS},
    "a status": changed("credentialStatus", value={}),
    "a proof with a domain": changed("proof", "domain", value="example.org"),
    "two proofs": changed("proof", value=[HONEST["proof"], HONEST["proof"]]),
    "a context appended": changed("@context", value=[*CONTEXTS, "https://example.org/v1"]),
    "a context less": changed("@context", value=[VC_CONTEXT]),
    "contexts turned": changed("@context", value=list(reversed(CONTEXTS))),
    "a context of an object": changed("@context", value=[VC_CONTEXT, {"asset": OUR_CONTEXT}]),
    "contexts of text": changed("@context", value=VC_CONTEXT),
    "a proof's contexts appended": changed("proof", "@context", value=[*CONTEXTS, "urn:x"]),
    "a proof without contexts": changed("proof", "@context", value=[]),
    "a type less": changed("type", value=["VerifiableCredential"]),
    "a type more": changed("type", value=[*HONEST["type"], "AlumniCredential"]),
    "types turned": changed("type", value=list(reversed(HONEST["type"]))),
    "an issuer of text": changed("issuer", value=KEY.did),
    "an issuer without a name": changed("issuer", "name", drop=True),
    "an issuer with a logo": changed("issuer", "image", value="x"),
    "an issuer's name of a number": changed("issuer", "name", value=1),
    "an issuer's id of a number": changed("issuer", "id", value=1),
    "an issuer that is no key": changed("issuer", "id", value="did:web:example.org"),
    "another issuer than the proof's": changed("issuer", "id", value=OTHER.did),
    "another method than the issuer": changed(
        "proof",
        "verificationMethod",
        value=f"{OTHER.did}#{OTHER.did.removeprefix('did:key:')}",
    ),
    "a method without a fragment": changed("proof", "verificationMethod", value=KEY.did),
    "a method with another fragment": changed(
        "proof", "verificationMethod", value=f"{KEY.did}#{OTHER.did.removeprefix('did:key:')}"
    ),
    "another suite": changed("proof", "cryptosuite", value="eddsa-rdfc-2022"),
    "another purpose": changed("proof", "proofPurpose", value="authentication"),
    "another type of proof": changed("proof", "type", value="Ed25519Signature2020"),
    "a proof value in base64url": changed("proof", "proofValue", value="u" + "A" * 86),
    "a proof value of 63 bytes": changed("proof", "proofValue", value="z" + "1" * 63 + "2" * 20),
    "a proof value with a 0": changed("proof", "proofValue", value=f"z0{'2' * 87}"),
    "no proof value": changed("proof", "proofValue", value=""),
    "a subject of a list": changed("credentialSubject", value=[HONEST["credentialSubject"]]),
    "an id that is no URN": changed("id", value=f"https://example.org/voucher/{NUMBER}"),
    "an id of an unknown subject": changed("id", value="urn:muniment:example.org:certificate/1"),
    "another schema": changed("credentialSchema", "id", value="urn:muniment:schema:x:1"),
    "another type of schema": changed("credentialSchema", "type", value="1EdTechJsonSchema"),
    "a schema more": changed("credentialSchema", "name", value="x"),
    "a schema without a digest": changed("credentialSchema", "digestSRI", drop=True),
    "schemas of a list": changed("credentialSchema", value=[HONEST["credentialSchema"]]),
    "a digest of another hash": changed(
        "credentialSchema", "digestSRI", value=f"sha384-{'A' * 64}"
    ),
    "a digest in hex": changed("credentialSchema", "digestSRI", value=f"sha256-{SCHEMA_DIGEST}"),
    "a digest of 31 bytes": changed("credentialSchema", "digestSRI", value=f"sha256-{'A' * 42}=="),
    "a digest of a number": changed("credentialSchema", "digestSRI", value=1),
    **{
        f"{name} {text!r}": changed(name, value=text)
        for name in ("validFrom", "validUntil")
        for text in (
            "2026-11-22",
            "2026-11-22T02:00:00",
            "2026-11-22T02:00:00+00:00",
            "2026-11-22T02:00:00.000Z",
            "2026-11-22T02:00:00Z\n",
            "2026-11-22T24:00:00Z",
            "2026-11-22T02:00:60Z",
            "2026-02-29T02:00:00Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "２０２６-11-22T02:00:00Z",
        )
    },
}


@pytest.mark.parametrize("name", MANGLINGS)
def test_a_mangled_credential_is_malformed(name):
    with pytest.raises(MalformedError):
        parse_credential(MANGLINGS[name])


@pytest.mark.parametrize("value", [None, 1, "x", [], [HONEST]])
def test_what_is_no_object_is_no_credential(value):
    with pytest.raises(MalformedError):
        parse_credential(value)


FORGERIES = {
    "another number": changed("id", value="urn:muniment:example.org/ledger:voucher/TEST2026110002"),
    "another ledger": changed("id", value=f"urn:muniment:example.org/other:voucher/{NUMBER}"),
    "another issuer's name": changed("issuer", "name", value="Another registrar"),
    "a longer validity": changed("validUntil", value="2036-11-22T16:00:00Z"),
    "an earlier start": changed("validFrom", value="2025-11-22T02:00:00Z"),
    "another right": changed("credentialSubject", "rights", value=["operate"]),
    "a subject more": changed("credentialSubject", "more", value=1),
    "other terms": changed("termsOfUse", value=None),
    "another schema digest": changed("credentialSchema", "digestSRI", value=f"sha256-{'A' * 43}="),
    "another time of the proof": changed("proof", "created", value="2026-11-22T02:00:01Z"),
    "the proof of another credential": changed(
        "proof", value=issue(number="TEST2026110002")["proof"]
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_credential_does_not_verify(name):
    read = parse_credential(FORGERIES[name])
    with pytest.raises(SignatureError):
        verify_credential(read)
    assert read.digest != parse_credential(HONEST).digest


def test_a_credential_signed_with_another_key_does_not_verify():
    document = issue_credential(
        Issue(
            origin="example.org/ledger",
            number=NUMBER,
            issuer=KEY.did,
            issuer_name="x",
            valid_from=0,
            valid_until=1000,
            subject={},
            terms=None,
            schema_digest=SCHEMA_DIGEST,
        ),
        OTHER.sign,
    )
    with pytest.raises(SignatureError):
        verify_credential(parse_credential(document))


def test_a_document_without_its_proof_is_not_verified_by_mistake():
    read = parse_credential(HONEST)
    bare = module.Credential(
        **{name: getattr(read, name) for name in module.Credential.__slots__}
        | {"document": HONEST | {"proof": None}}
    )
    with pytest.raises(SignatureError):
        verify_credential(bare)


# Times


@given(st.integers(0, 253_402_300_799))
def test_a_time_in_whole_seconds_reads_back(seconds):
    assert parse_time(format_time(seconds * 1000)) == seconds * 1000


@given(st.text(alphabet="0123456789-T:Z ", min_size=18, max_size=21))
def test_nothing_is_read_that_would_not_be_written(text):
    try:
        time = parse_time(text)
    except MalformedError:
        return
    assert format_time(time) == text


@given(st.integers().filter(lambda time: time % 1000 or not 0 <= time < 253_402_300_800_000))
def test_no_other_time_is_written(time):
    with pytest.raises(MalformedError):
        format_time(time)


# Contexts

SCHEMAS = Path(module.__file__).parent / "schemas"
FILES = {
    VC_CONTEXT: (SCHEMAS / "credentials-v2.jsonld").read_bytes(),
    OUR_CONTEXT: (SCHEMAS / "voucher-v1.jsonld").read_bytes(),
}


def test_the_contexts_that_ship_are_the_ones_that_are_pinned():
    assert set(CONTEXT_DIGESTS) == set(CONTEXTS)
    check_contexts(FILES)


@pytest.mark.parametrize("url", CONTEXTS)
@pytest.mark.parametrize("change", [lambda raw: raw + b"\n", lambda raw: b"", None])
def test_a_context_that_was_changed_or_is_missing_is_noticed(url, change):
    files = {name: raw for name, raw in FILES.items() if change is not None or name != url}
    if change is not None:
        files[url] = change(files[url])
    with pytest.raises(BundleError):
        check_contexts(files)

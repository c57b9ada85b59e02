"""Subject keys of the closed list of types, derived ids, URNs and commitments."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.subjects import (
    SELF,
    commit,
    derive_id,
    derive_party,
    derive_registry,
    format_urn,
    is_commitment,
    key_subject,
    parse_subject,
    parse_urn,
    subject_type,
)
from ledger.core.text import format_base32, format_base64url, format_did_key
from ledger.errors import LimitError, MalformedError
from tests.support import reference_formats
from tests.support.reference_json import RefusedError, from_b64url

ORIGIN = "example.org/ledger"
ID = "abcdefghijklmnopqrstuvwxyz"
HEX = bytes(range(32)).hex()
DID = format_did_key(bytes(range(32)))
NONCE = format_base64url(bytes(range(16)))
SALT = format_base64url(bytes(range(32)))
ID_TYPES = reference_formats.ID_TYPES.split()

KEYS = [
    "ledger/self",
    "key/" + DID.removeprefix("did:key:"),
    "name/uscc:91310000MA1FL3L63X",
    f"name/sha256:{HEX}",
    "voucher/3101202600000017",
    "voucher/ZJ2026A",
    "series/31012026",
    "list/holidays:2026",
    "list/a-1:CN-31.x",
    *(f"{kind}/{ID}" for kind in ID_TYPES),
]


def is_refused(function, *arguments):
    try:
        function(*arguments)
    except (MalformedError, RefusedError):
        return True
    return False


@pytest.mark.parametrize("key", KEYS)
def test_a_key_of_each_type_is_read(key):
    assert parse_subject(key) == key
    assert subject_type(key) == key.split("/")[0]
    reference_formats.check_subject(key)


def test_the_types_are_those_of_the_formats():
    shown = "ledger party key name asset registration grant delivery encumbrance dispute objection"
    shown += " listing attestation order consent filing complaint mandate incident voucher series"
    shown += " list registry"
    assert {subject_type(key) for key in KEYS} == set(shown.split())


BAD_KEYS = {
    "empty": "",
    "no slash": "asset",
    "no name": "asset/",
    "no type": f"/{ID}",
    "a slash too many": f"asset//{ID}",
    "a slash at the end": f"asset/{ID}/",
    "an unknown type": f"assets/{ID}",
    "a type in upper case": f"Asset/{ID}",
    "a type with a blank": f" asset/{ID}",
    "another ledger": "ledger/other",
    "self of another type": "asset/self",
    "an id of 25 characters": f"asset/{ID[1:]}",
    "an id of 27 characters": f"asset/{ID}a",
    "an id in upper case": f"asset/{ID.upper()}",
    "an id with a 1": f"asset/1{ID[1:]}",
    "an id with a newline behind": f"asset/{ID}\n",
    "a key with its prefix": f"key/{DID}",
    "a key of another curve": "key/z6LS" + DID[12:],
    "a key with a zero": KEYS[1][:-1] + "0",
    "a key one shorter": KEYS[1][:-1],
    "a code of 17 characters": "name/uscc:91310000MA1FL3L63",
    "a code in lower case": "name/uscc:91310000ma1fl3l63x",
    "free text as a name": "name/Zhejiang",
    "a digest in upper case": f"name/sha256:{HEX.upper()}",
    "a digest one shorter": f"name/sha256:{HEX[1:]}",
    "another digest": f"name/sha512:{HEX}",
    "a voucher in lower case": "voucher/a1",
    "a voucher of 41 characters": "voucher/" + "1" * 41,
    "a voucher with a dash": "voucher/31-1",
    "a list without a part": "list/holidays",
    "a list with an empty part": "list/holidays:",
    "a list with two parts": "list/a:b:c",
    "a list of 41 characters": "list/" + "a" * 41 + ":b",
    "a part of 41 characters": "list/a:" + "b" * 41,
    "a list in upper case": "list/A:b",
    "full-width digits": "voucher/\uff11\uff12",
    "beyond ASCII": "list/a:\u767b",
    "a name of 121 characters": "list/a:" + "b" * 119,
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_what_is_no_subject_key_is_refused(name):
    with pytest.raises(MalformedError):
        parse_subject(BAD_KEYS[name])
    with pytest.raises(RefusedError):
        reference_formats.check_subject(BAD_KEYS[name])


@settings(deadline=None)
@given(st.sampled_from(KEYS), st.data())
def test_a_spoilt_key_is_judged_as_by_the_reference(key, data):
    at = data.draw(st.integers(0, len(key)))
    key = key[:at] + data.draw(st.sampled_from(["", *"/:.-_aZ109l \n\u0661"])) + key[at + 1 :]
    assert is_refused(parse_subject, key) == is_refused(reference_formats.check_subject, key)


# --- derived ids


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ID_TYPES), st.binary(min_size=16, max_size=16), st.integers(0, 20))
def test_a_new_id_is_that_of_the_reference(kind, nonce, n):
    actor, text = f"party/{ID}", format_base64url(nonce)
    key = derive_id(kind, actor=actor, nonce=text, n=n)
    assert key == reference_formats.new_id(kind, actor, text, n) == parse_subject(key)


def test_a_new_id_is_that_of_sha256sum():
    # printf 'muniment/id/v1\n{"actor":"party/<ID>","n":0,"nonce":"<NONCE>","type":"asset"}'
    #   | sha256sum | head -c 32 | xxd -r -p | base32
    want = "asset/dwvxx4ne7x4fe3thavmdyndx5q"
    assert derive_id("asset", actor=f"party/{ID}", nonce=NONCE) == want


def test_a_new_id_depends_on_all_it_is_made_of():
    base = {"kind": "asset", "actor": f"party/{ID}", "nonce": NONCE, "n": 0}
    others = [
        {"kind": "grant"},
        {"actor": f"party/{ID[::-1]}"},
        {"nonce": NONCE[:-1] + "Q"},
        {"n": 1},
    ]
    ids = {derive_id(**base).split("/")[1]}
    ids |= {derive_id(**base | other).split("/")[1] for other in others}
    assert len(ids) == 1 + len(others)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=4, unique=True))
def test_a_party_is_named_by_its_first_keys_in_any_order(keys):
    dids = [format_did_key(key) for key in keys]
    party = derive_party(dids)
    assert party == derive_party(reversed(dids)) == reference_formats.party_id(dids)
    assert parse_subject(party) == party
    assert party != derive_party([*dids, format_did_key(bytes(32))]) or bytes(32) in keys


def test_a_foreign_ledger_is_named_by_its_origin():
    want = f"registry/{format_base32(sha256(ORIGIN.encode()).digest()[:16])}"
    assert derive_registry(ORIGIN) == want == parse_subject(want)
    assert derive_registry(ORIGIN + "x") != want


def test_a_key_has_a_subject():
    assert parse_subject(key_subject(DID)) == "key/" + DID[8:]
    for text in (DID[:-1], DID[8:], "did:key:z6Mk" + "1" * 44, ""):
        with pytest.raises(MalformedError):
            key_subject(text)


# --- URNs

origins = st.from_regex(r"\A[a-z0-9.-]{1,20}(/[A-Za-z0-9._~-]{1,20}){0,4}\Z")


@settings(deadline=None)
@given(origins, st.sampled_from(KEYS))
def test_a_urn_is_written_and_read_back(origin, key):
    assert parse_urn(format_urn(origin, key)) == (origin, key)


def test_the_key_starts_after_the_last_colon_before_a_known_type():
    assert parse_urn(f"urn:muniment:{ORIGIN}:list/a:b") == (ORIGIN, "list/a:b")
    assert parse_urn(f"urn:muniment:asset/x:{SELF}") == ("asset/x", SELF)
    assert parse_urn(f"urn:muniment:{ORIGIN}:{KEYS[2]}") == (ORIGIN, KEYS[2])


BAD_URNS = {
    "empty": "",
    "no scheme": f"{ORIGIN}:{SELF}",
    "upper case": f"URN:muniment:{ORIGIN}:{SELF}",
    "another namespace": f"urn:other:{ORIGIN}:{SELF}",
    "no origin": f"urn:muniment:{SELF}",
    "an empty origin": f"urn:muniment::{SELF}",
    "no key": f"urn:muniment:{ORIGIN}",
    "an empty key": f"urn:muniment:{ORIGIN}:",
    "an unknown type": f"urn:muniment:{ORIGIN}:assets/{ID}",
    "a bad key of a known type": f"urn:muniment:{ORIGIN}:asset/{ID[1:]}",
    "two keys": f"urn:muniment:{ORIGIN}:{SELF}:{SELF}",
    "a blank in the origin": f"urn:muniment:example.org/a b:{SELF}",
    "an origin in upper case": f"urn:muniment:EXAMPLE.org:{SELF}",
    "a newline in the origin": f"urn:muniment:example.org\n:{SELF}",
    "an origin that ends in a slash": f"urn:muniment:example.org/:{SELF}",
    "a newline behind": f"urn:muniment:{ORIGIN}:{SELF}\n",
    "a fragment": f"urn:muniment:{ORIGIN}:{SELF}#x",
}


@pytest.mark.parametrize("name", BAD_URNS)
def test_what_is_no_urn_of_ours_is_refused(name):
    with pytest.raises(MalformedError):
        parse_urn(BAD_URNS[name])


def test_an_origin_of_more_than_128_bytes_is_refused():
    assert parse_urn(f"urn:muniment:{'a' * 128}:{SELF}") == ("a" * 128, SELF)
    with pytest.raises(LimitError):
        parse_urn(f"urn:muniment:{'a' * 129}:{SELF}")


# --- commitments

OPENING = {
    "by": f"party/{ID}",
    "field": "contact.name",
    "log": ORIGIN,
    "salt": SALT,
    "value": {"a": [1, None]},
}


def test_a_commitment_is_that_of_the_reference():
    committed = commit(**OPENING)
    assert committed == reference_formats.commitment(**OPENING)
    assert len(from_b64url(committed["$commit"])) == 32
    assert is_commitment(committed)
    assert commit(**OPENING | {"value": None}) == reference_formats.commitment(
        **OPENING | {"value": None}
    )


def test_a_commitment_depends_on_all_it_is_made_of():
    others = {
        "by": f"party/{ID[::-1]}",
        "field": "contact",
        "log": ORIGIN + "x",
        "salt": format_base64url(bytes(32)),
        "value": {"a": [1]},
    }
    made = [commit(**OPENING), *(commit(**OPENING | {name: others[name]}) for name in OPENING)]
    assert len({one["$commit"] for one in made}) == 1 + len(OPENING)


BAD_SALTS = {
    "31 bytes": format_base64url(bytes(31)),
    "33 bytes": format_base64url(bytes(33)),
    "none": "",
    "padded": SALT + "=",
    "spare bits": SALT[:-1] + "9",
    "standard base64": "+" + SALT[1:],
}


@pytest.mark.parametrize("name", BAD_SALTS)
def test_a_salt_of_another_form_is_refused(name):
    with pytest.raises(MalformedError):
        commit(**OPENING | {"salt": BAD_SALTS[name]})


def test_a_value_outside_the_profile_is_not_committed_to():
    with pytest.raises(MalformedError):
        commit(**OPENING | {"value": 1.5})


TEXT = commit(**OPENING)["$commit"]
NO_COMMITMENTS = {
    "nothing": None,
    "a text": TEXT,
    "an array": [TEXT],
    "an empty object": {},
    "another member": {"commit": TEXT},
    "a member more": {"$commit": TEXT, "salt": SALT},
    "a number": {"$commit": 1},
    "null": {"$commit": None},
    "31 bytes": {"$commit": format_base64url(bytes(31))},
    "33 bytes": {"$commit": format_base64url(bytes(33))},
    "padding": {"$commit": TEXT + "="},
    "spare bits": {"$commit": format_base64url(bytes(32))[:-1] + "B"},
    "hexadecimal": {"$commit": HEX},
}


@pytest.mark.parametrize("name", NO_COMMITMENTS)
def test_what_is_no_commitment_is_told_apart(name):
    assert not is_commitment(NO_COMMITMENTS[name])

"""Key files: nothing leaks, nothing is lost, nothing foreign is opened."""

import copy
import json
import pickle
import resource
import stat
import subprocess
import sys
import traceback

import nacl.exceptions
import nacl.pwhash.argon2id
import nacl.signing
import pytest

from ledger import keys
from ledger.core.canonical import encode_canonical
from ledger.core.text import format_base64url, parse_base64url
from ledger.errors import (
    ExistsError,
    InputError,
    LimitError,
    MalformedError,
    NotFoundError,
    StoreFailedError,
    VerificationError,
)
from ledger.keys import (
    KeyRing,
    Passphrase,
    PassphraseRequiredError,
    SigningKey,
    WrongPassphraseError,
)

SEED = bytes(range(32))
WORDS = "correct horse battery staple"


@pytest.fixture(autouse=True)
def cheap_derivation(monkeypatch):
    """The least memory and time that argon2id takes; one test uses the real ones."""
    monkeypatch.setattr(keys, "_OPS", 1)
    monkeypatch.setattr(keys, "_MEMORY", 8192)


@pytest.fixture
def ring(tmp_path):
    return KeyRing(tmp_path / "keys", None)


@pytest.fixture
def sealed(tmp_path):
    return KeyRing(tmp_path / "keys", Passphrase(WORDS))


def key_file(ring, name="me"):
    return ring._folder / f"{name}.key"


def secret_forms(seed=SEED):
    """The spellings under which a seed could get out."""
    return [seed, seed.hex(), format_base64url(seed), repr(seed)[2:-1], *map(str, [list(seed)])]


def assert_says_nothing(text):
    for form in (*secret_forms(), WORDS):
        spelt = form if isinstance(form, str) else form.decode("latin-1")
        for start in range(len(spelt) - 8):
            assert spelt[start : start + 9] not in text


# secrets stay secret


def test_no_way_of_printing_shows_a_secret(sealed):
    key = SigningKey(SEED)
    for thing in (key, Passphrase(WORDS), sealed, keys.KeyEntry("me", key.did, is_sealed=True)):
        for text in (repr(thing), str(thing), f"{thing}", f"{[thing]!r}"):
            assert_says_nothing(text)


@pytest.mark.parametrize("thing", [SigningKey(SEED), Passphrase(WORDS)], ids=["key", "passphrase"])
def test_secrets_are_neither_pickled_nor_copied(thing, tmp_path):
    holders = [thing]
    if isinstance(thing, Passphrase):
        holders.append(KeyRing(tmp_path, thing))
    for holder in holders:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError) as caught:
                pickle.dumps(holder, protocol)
            assert_says_nothing(str(caught.value))
        with pytest.raises(TypeError):
            copy.deepcopy(holder)


def test_a_file_is_for_its_owner_only_and_so_is_the_folder(ring, sealed):
    for which, name in ((ring, "clear"), (sealed, "sealed")):
        which.create(name)
        assert stat.S_IMODE(key_file(which, name).stat().st_mode) == 0o600
    assert stat.S_IMODE(ring._folder.stat().st_mode) == 0o700
    assert sorted(p.name for p in ring._folder.iterdir()) == ["clear.key", "sealed.key"]


def test_a_sealed_file_does_not_hold_the_seed(sealed):
    sealed.save_secret("me", SEED)
    data = key_file(sealed).read_bytes()
    assert_says_nothing(data.decode())
    assert SEED not in parse_base64url(json.loads(data)["seal"]["sealed"])


def test_the_same_seed_is_sealed_differently_each_time(sealed):
    for name in ("a", "b"):
        sealed.save_secret(name, SEED)
    seals = [json.loads(key_file(sealed, name).read_bytes())["seal"] for name in ("a", "b")]
    assert seals[0]["nonce"] != seals[1]["nonce"]
    assert seals[0]["sealed"] != seals[1]["sealed"]


def _change_seal(**members):
    def change(content):
        return content | {"seal": content["seal"] | members}

    return change


B64 = format_base64url(SEED)
CLEAR_DAMAGE = {
    "a seed with spare bits": _change_seal(seed=B64[:-1] + "9"),
    "a seed with a blank": _change_seal(seed=B64 + " "),
    "a seed with a forbidden character": _change_seal(seed=B64 + "\u202e"),
    "a seed too long": _change_seal(seed=format_base64url(SEED + b"x")),
    "a seed too short": _change_seal(seed=format_base64url(SEED[:31])),
    "a seed that is a number": _change_seal(seed=1),
    "a seed that is a list": _change_seal(seed=[B64]),
    "another kdf": _change_seal(kdf="md5"),
    "no kdf": lambda c: c | {"seal": {"seed": B64}},
    "one member more in the seal": _change_seal(more=1),
    "no seal": lambda c: {k: v for k, v in c.items() if k != "seal"},
    "a seal that is a text": lambda c: c | {"seal": B64},
    "one member more": lambda c: c | {"more": B64},
    "no name": lambda c: {k: v for k, v in c.items() if k != "name"},
    "another format": lambda c: c | {"format": "muniment/key/v2"},
    "a public key that is none": lambda c: c | {"public": "did:key:z6MkX"},
    "no public key": lambda c: {k: v for k, v in c.items() if k != "public"},
    "a list": lambda c: [c],
}


def rewrite(path, content):
    path.write_bytes(
        json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )


@pytest.mark.parametrize("name", CLEAR_DAMAGE)
def test_a_damaged_file_is_refused_without_quoting_from_it(ring, name):
    ring.save_secret("me", SEED)
    path = key_file(ring)
    rewrite(path, CLEAR_DAMAGE[name](json.loads(path.read_bytes())))
    with pytest.raises(MalformedError) as caught:
        ring.load("me")
    assert "me.key" in str(caught.value)
    assert_says_nothing("".join(traceback.format_exception(caught.value)))
    for listing in (ring.list_entries, lambda: ring.find_did("did:key:none")):
        try:
            listing()
        except MalformedError as exc:
            assert_says_nothing("".join(traceback.format_exception(exc)))


@pytest.mark.parametrize(
    "spelling", ["blanks", "other order", "truncated", "empty", "bytes", "huge"]
)
def test_a_file_in_another_spelling_is_refused(ring, spelling):
    ring.save_secret("me", SEED)
    path = key_file(ring)
    data = path.read_bytes()
    path.write_bytes(
        {
            "blanks": data.replace(b":", b": ", 1),
            "other order": encode_canonical({"a": 1})[:-1] + b"," + data[1:],
            "truncated": data[:-2],
            "empty": b"",
            "bytes": b"\xff" + data,
            "huge": data + b" " * 100_000_000,
        }[spelling]
    )
    with pytest.raises(InputError) as caught:
        ring.load("me")
    assert_says_nothing("".join(traceback.format_exception(caught.value)))


def test_a_public_part_of_another_key_is_noticed(ring):
    ring.save_secret("me", SEED)
    path = key_file(ring)
    rewrite(path, json.loads(path.read_bytes()) | {"public": SigningKey(bytes(32)).did})
    with pytest.raises(VerificationError, match="changed") as caught:
        ring.load("me")
    assert_says_nothing(str(caught.value))


# keys


def test_a_key_signs_as_the_library_does_and_knows_its_public_part():
    key, reference = SigningKey(SEED), nacl.signing.SigningKey(SEED)
    assert key.sign(b"message") == reference.sign(b"message").signature
    assert key.public_key == bytes(reference.verify_key)
    assert key.did.startswith("did:key:z6Mk")


def test_fresh_keys_differ_and_are_found_again(ring):
    made = {name: ring.create(name) for name in ("b", "a", "c.d-e_f")}
    assert len({key.did for key in made.values()}) == 3
    assert [entry.name for entry in ring.list_entries()] == ["a", "b", "c.d-e_f"]
    for name, key in made.items():
        assert ring.load(name).public_key == key.public_key
        assert ring.find_did(key.did).name == name
    assert ring.find_did(SigningKey(SEED).did) is None


@pytest.mark.parametrize(
    ("fresh", "length"), [(keys.fresh_nonce, 22), (keys.fresh_salt, 43), (keys.fresh_label, 26)]
)
def test_fresh_texts_differ_and_have_their_length(fresh, length):
    texts = {fresh() for _ in range(50)}
    assert len(texts) == 50
    assert {len(text) for text in texts} == {length}


def test_a_key_is_never_replaced(ring):
    ring.save_secret("me", SEED)
    with pytest.raises(ExistsError) as caught:
        ring.create("me")
    assert ring.load_secret("me") == SEED
    assert_says_nothing(str(caught.value))


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".me", "a/b", "a\\b", "é", "a b", "a\n", "a" * 65, "-a", "a\x00"]
)
def test_names_that_are_no_plain_file_name_are_refused(ring, name):
    for use in (ring.create, ring.load):
        with pytest.raises(MalformedError, match="name"):
            use(name)
    assert not ring._folder.exists() or list(ring._folder.iterdir()) == []


def test_a_missing_key_says_how_to_make_one(ring):
    with pytest.raises(NotFoundError, match="key new me"):
        ring.load("me")
    assert ring.list_entries() == []


def test_other_files_in_the_folder_are_no_keys(ring):
    ring.create("me")
    for other in (".me.key.123.new", "é.key", "notes.txt", ".hidden.key", "log.signed"):
        (ring._folder / other).write_text("x")
    assert [entry.name for entry in ring.list_entries()] == ["me"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreFailedError, match="cannot make"):
        KeyRing(tmp_path / "file" / "keys", None).create("me")


def test_a_key_that_is_a_folder_is_not_read(ring):
    (ring._folder / "me.key").mkdir(parents=True)
    with pytest.raises(StoreFailedError, match="cannot read"):
        ring.load("me")


# passphrases


def test_a_sealed_key_opens_with_its_passphrase_only(tmp_path, sealed):
    sealed.save_secret("me", SEED)
    for ring in (sealed, KeyRing(tmp_path / "keys", Passphrase(WORDS))):
        assert ring.load_secret("me") == SEED
    with pytest.raises(WrongPassphraseError) as wrong:
        KeyRing(tmp_path / "keys", Passphrase(WORDS + " ")).load("me")
    with pytest.raises(PassphraseRequiredError) as missing:
        KeyRing(tmp_path / "keys", None).load("me")
    for caught in (wrong, missing):
        assert_says_nothing("".join(traceback.format_exception(caught.value)))


def test_clear_and_sealed_keys_are_told_apart_without_a_passphrase(tmp_path, sealed):
    sealed.create("sealed")
    ring = KeyRing(tmp_path / "keys", None)
    ring.create("clear")
    assert [(e.name, e.is_sealed) for e in ring.list_entries()] == [
        ("clear", False),
        ("sealed", True),
    ]
    assert sealed.load("clear").did == ring.load("clear").did, "a passphrase is no hindrance"


SEALED_DAMAGE = {
    "one bit of the seal": (lambda s: s | {"sealed": _flip(s["sealed"])}, WrongPassphraseError),
    "a shorter seal": (lambda s: s | {"sealed": s["sealed"][:-4]}, MalformedError),
    "an empty seal": (lambda s: s | {"sealed": ""}, MalformedError),
    "another salt": (lambda s: s | {"salt": _flip(s["salt"])}, WrongPassphraseError),
    "another nonce": (lambda s: s | {"nonce": _flip(s["nonce"])}, WrongPassphraseError),
    "other rounds": (lambda s: s | {"ops": 2}, WrongPassphraseError),
    "a short salt": (lambda s: s | {"salt": s["salt"][:8]}, MalformedError),
    "a short nonce": (lambda s: s | {"nonce": s["nonce"][:8]}, MalformedError),
    "a salt that is no base64": (lambda s: s | {"salt": "*" * 22}, MalformedError),
    "rounds as text": (lambda s: s | {"ops": "1"}, MalformedError),
    "no rounds": (lambda s: {k: v for k, v in s.items() if k != "ops"}, MalformedError),
    "one member more": (lambda s: s | {"seed": "x"}, MalformedError),
    "an unknown kdf": (lambda s: s | {"kdf": "scrypt"}, MalformedError),
    "no rounds at all": (lambda s: s | {"ops": 0}, LimitError),
    "endless rounds": (lambda s: s | {"ops": 17}, LimitError),
    "negative rounds": (lambda s: s | {"ops": -1}, LimitError),
    "too little memory": (lambda s: s | {"memory": 8191}, LimitError),
    "all the memory there is": (lambda s: s | {"memory": 2**30 + 1}, LimitError),
    "2^53-1 bytes": (lambda s: s | {"memory": 2**53 - 1}, LimitError),
}


def _flip(text):
    data = bytearray(parse_base64url(text))
    data[0] ^= 1
    return format_base64url(bytes(data))


@pytest.mark.parametrize("name", SEALED_DAMAGE)
def test_a_damaged_seal_is_refused(sealed, name):
    change, error = SEALED_DAMAGE[name]
    sealed.save_secret("me", SEED)
    path = key_file(sealed)
    content = json.loads(path.read_bytes())
    rewrite(path, content | {"seal": change(content["seal"])})
    with pytest.raises(error) as caught:
        sealed.load("me")
    assert type(caught.value) is error
    assert_says_nothing("".join(traceback.format_exception(caught.value)))


def test_a_seal_belongs_to_its_public_key(sealed):
    sealed.save_secret("me", SEED)
    path = key_file(sealed)
    rewrite(path, json.loads(path.read_bytes()) | {"public": SigningKey(bytes(32)).did})
    with pytest.raises(WrongPassphraseError):
        sealed.load("me")


@pytest.mark.parametrize("text", ["", "\ud800", "pass\udcffword"])
def test_a_passphrase_that_is_no_text_is_refused_without_quoting_it(text):
    with pytest.raises(MalformedError) as caught:
        Passphrase(text)
    shown = "".join(traceback.format_exception(caught.value))
    assert "password" not in shown
    assert "\\udcff" not in shown


def test_a_machine_without_the_memory_says_so(tmp_path):
    """In a process of its own, which is given little memory."""
    program = (
        "import resource, sys\n"
        "from ledger.keys import Passphrase\n"
        "from ledger.errors import LimitError\n"
        "resource.setrlimit(resource.RLIMIT_AS, (600 * 2**20,) * 2)\n"
        "try:\n"
        "    Passphrase('x').derive(bytes(16), 1, 2**30)\n"
        "except LimitError as exc:\n"
        "    sys.exit(7)\n"
    )
    assert resource.RLIMIT_AS
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 7


def test_a_derivation_that_fails_is_translated(monkeypatch):
    def fail(*args, **kwargs):
        raise nacl.exceptions.RuntimeError("Unexpected failure in key derivation")

    monkeypatch.setattr(nacl.pwhash.argon2id, "kdf", fail)
    with pytest.raises(LimitError, match="memory"):
        Passphrase("not derived before").derive(bytes(16), 1, 8192)


def test_new_keys_are_sealed_with_the_cost_that_the_format_promises(tmp_path, monkeypatch):
    monkeypatch.undo()
    ring = KeyRing(tmp_path, Passphrase(WORDS))
    ring.save_secret("me", SEED)
    ring.save_secret("another", SEED)
    seal = json.loads((tmp_path / "me.key").read_bytes())["seal"]
    assert (seal["memory"], seal["ops"]) == (64 * 1024 * 1024, 3)
    assert len(parse_base64url(seal["salt"])) == 16
    assert ring.load_secret("me") == SEED

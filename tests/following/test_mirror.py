"""A mirror's folder: whole and verified at any moment, and never another history."""

import asyncio
import json
from hashlib import sha256

import pytest

from ledger.core.fork import decode_fork, verify_fork
from ledger.core.note import format_signature_line
from ledger.core.policy import Log, Policy
from ledger.core.policy import Witness as Trusted
from ledger.errors import (
    AnswerError,
    CorruptionError,
    ForkError,
    LimitError,
    OriginError,
    QuorumError,
    RollbackError,
    SignatureError,
    StoreFailedError,
    UnavailableError,
)
from ledger.keys import SigningKey
from ledger.light.fetch import FolderFetcher
from node.following import mirror as module
from node.following.mirror import FORK_FILE, STATE_FILE, Mirror, read_own, read_state
from node.following.mirrorapp import MirrorFolder, create_mirror_app
from node.following.source import LogSource
from tests.following.nodes import founded
from tests.following.test_execution import FALSE_ACCUSATIONS, forked, spoil
from tests.support.ledgers import FakeClock
from tests.support.note_signers import witness_signer


class Copy:
    """A mirror of what an operator serves, in a folder."""

    def __init__(self, folder, operator, policy=None):
        self.folder, self.operator, self.served = folder, operator, operator.serve()
        self.policy = policy or Policy((Log(operator.verifier),))
        self.clock = FakeClock()

    def follow(self, fetcher=None):
        return Mirror(self.folder, self.policy, fetcher or self.served, self.clock).follow()

    def leaves(self):
        """What the folder holds, verified from nothing but the policy."""
        source = LogSource(FolderFetcher(self.folder), [self.operator.verifier])
        tree = source.fetch_newest().body
        return [leaf for _, leaf in source.read_leaves(0, tree, source.open_tiles(tree))]

    def files(self):
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        }


@pytest.fixture
def copy(operator, tmp_path):
    return Copy(tmp_path / "mirror", operator)


def test_a_mirror_holds_the_log_and_follows_it(copy, operator):
    for name in ("x", "y", "z"):
        done = copy.follow()
        assert done.size == operator.size
        assert copy.leaves() == operator.store.leaves
        assert copy.follow().files == 0
        copy.served.show(operator.write(name, f"{name}{name}"))


def test_a_mirror_can_be_mirrored(copy, operator, tmp_path):
    copy.follow()
    second = Copy(tmp_path / "second", operator)
    second.follow(FolderFetcher(copy.folder))
    assert second.files() == copy.files()


def test_a_log_that_crosses_a_full_tile_loses_its_partial_ones(copy, operator):
    operator.write(*(f"p{n}" for n in range(240)))
    copy.served.show(operator)
    copy.follow()
    operator.write(*(f"q{n}" for n in range(20)))
    copy.served.show(operator)
    copy.follow()
    assert copy.leaves() == operator.store.leaves
    assert not [name for name in copy.files() if name.startswith("tile/0/000.p")]


@pytest.mark.parametrize("name", FALSE_ACCUSATIONS)
def test_a_lie_is_not_copied(copy, operator, name):
    copy.follow()
    before = copy.files()
    operator.write("x")
    copy.served.show(operator)
    path, change = FALSE_ACCUSATIONS[name]
    spoil(copy.served, path.replace("11", "13"), change)
    with pytest.raises(AnswerError):
        copy.follow()
    assert copy.files()["checkpoint"] == before["checkpoint"]
    assert before.items() <= copy.files().items()


@pytest.mark.parametrize(("ours", "theirs"), [("g", "h"), ("g", "hi"), ("gh", "i")])
def test_a_fork_changes_nothing_and_leaves_evidence(copy, operator, ours, theirs):
    twin = forked(operator, ours=ours, theirs=theirs)
    copy.served.show(operator)
    copy.follow()
    before = copy.files()
    copy.served.show(twin)
    with pytest.raises(ForkError):
        copy.follow()
    assert copy.files() == before
    evidence = decode_fork((copy.folder / FORK_FILE).read_bytes())
    verify_fork(evidence, copy.policy)


def test_an_older_state_of_the_log_is_a_rollback_and_changes_nothing(copy, operator):
    old = operator.fork()
    copy.served.show(operator.write("g"))
    copy.follow()
    before = copy.files()
    copy.served.show(old)
    with pytest.raises(RollbackError, match="stays as it is"):
        copy.follow()
    assert copy.files() == before


def test_a_checkpoint_that_the_policy_does_not_want_is_not_taken(copy, operator):
    witness = witness_signer("w")
    copy.policy = Policy((Log(operator.verifier),), (Trusted(b"w", witness.key),), (), b"w")
    with pytest.raises(QuorumError):
        copy.follow()
    copy.policy = Policy((Log(operator.verifier),))
    operator.key = SigningKey(bytes(32))
    copy.served.note = operator.sign()
    with pytest.raises(SignatureError):
        copy.follow()
    assert not copy.folder.exists()


def test_a_later_cosignature_of_the_same_tree_is_taken_and_an_earlier_one_is_not(copy, operator):
    witness = witness_signer("w")
    copy.policy = Policy((Log(operator.verifier),), (Trusted(b"w", witness.key),))
    plain = operator.sign()
    text = plain.decode().partition("\n\n")[0] + "\n"
    cosigned = {
        time: plain + format_signature_line(witness.sign(text, time)).encode()
        for time in (100, 200)
    }
    for note, kept in ((plain, plain), (cosigned[200], cosigned[200]), (cosigned[100], cosigned[200]), (plain, cosigned[200])):  # fmt: skip
        copy.served.note = note
        copy.follow()
        assert read_own(copy.folder).note == kept


def test_another_log_is_not_put_into_the_same_folder(copy, operator, tmp_path):
    copy.follow()
    other = founded(tmp_path / "other")
    copy.policy = Policy((Log(operator.verifier), Log(other.verifier)))
    copy.served.show(other)
    with pytest.raises(OriginError, match="another folder"):
        copy.follow()


@pytest.mark.parametrize("at", range(1, 12))
def test_a_crash_at_any_write_leaves_what_the_checkpoint_covers(copy, operator, monkeypatch, at):
    class Crash(BaseException):
        pass

    copy.follow()
    before, size = copy.leaves(), operator.size
    operator.write(*(f"p{n}" for n in range(250)))
    copy.served.show(operator)
    calls, real = [], module.replace_file

    def crashing(*args):
        calls.append(args)
        if len(calls) == at:
            raise Crash
        real(*args)

    for place in (module, __import__("node.tiles.export", fromlist=["export"])):
        monkeypatch.setattr(place, "replace_file", crashing)
    crashed = False
    try:
        copy.follow()
    except Crash:
        crashed = True
    assert copy.leaves() in (before, operator.store.leaves)
    monkeypatch.undo()
    assert copy.follow().size == operator.size > size
    assert copy.leaves() == operator.store.leaves
    assert crashed or at > len(calls)


# documents


DOCUMENT = b'{"a":"credential"}'
DIGEST = sha256(DOCUMENT).hexdigest()


@pytest.fixture
def naming(copy, monkeypatch):
    """Every leaf with the name p names the document."""
    monkeypatch.setattr(
        module, "documents_of", lambda leaf: [DIGEST] if b'"name":"p"' in leaf else []
    )
    return copy


def test_documents_that_entries_name_are_mirrored(naming, operator):
    naming.served.show(operator.write("p"))
    naming.served.documents[DIGEST] = DOCUMENT
    assert naming.follow().documents == 1
    assert (naming.folder / "documents" / DIGEST).read_bytes() == DOCUMENT


def test_a_document_that_is_not_served_is_missed_and_asked_for_again(naming, operator):
    naming.served.show(operator.write("p"))
    assert naming.follow().missing == 1
    assert read_state(naming.folder).missing == (DIGEST,)
    naming.served.documents[DIGEST] = DOCUMENT
    done = naming.follow()
    assert (done.documents, done.missing) == (1, 0)
    assert read_state(naming.folder).missing == ()


def test_a_document_with_another_content_is_not_mirrored(naming, operator):
    naming.served.show(operator.write("p"))
    naming.served.documents[DIGEST] = b"another"
    with pytest.raises(AnswerError):
        naming.follow()
    assert not list(naming.folder.glob("documents/*"))


def test_a_source_without_documents_is_given_up(naming, operator, monkeypatch):
    monkeypatch.setattr(module, "MAX_MISSING", 0)
    naming.served.show(operator.write("p"))
    with pytest.raises(LimitError, match="mirror the node itself"):
        naming.follow()


def test_real_records_name_their_credentials(solo_voucher):
    leaves, named = solo_voucher
    assert [digest for leaf in leaves for digest in module.documents_of(leaf)] == named


# what is there already


def test_a_damaged_checkpoint_is_not_guessed_at(copy):
    copy.follow()
    (copy.folder / "checkpoint").write_bytes(b"x")
    with pytest.raises(CorruptionError):
        copy.follow()


def test_a_damaged_state_file_is_made_anew(copy, operator):
    copy.follow()
    for content in (b"", b"{}", b'{"confirmed":-1}', b"\xff"):
        (copy.folder / STATE_FILE).write_bytes(content)
        assert read_state(copy.folder).confirmed == 0
    copy.follow()
    assert read_state(copy.folder).confirmed == copy.clock.now()


def test_a_folder_that_cannot_be_made_is_said(operator, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreFailedError):
        Copy(tmp_path / "file" / "mirror", operator).follow()


def test_a_log_that_does_not_answer_is_tried_again_later(copy):
    copy.follow()
    copy.served.lies["checkpoint"] = UnavailableError("nobody answers")
    with pytest.raises(UnavailableError):
        copy.follow()


# over HTTP


class Client:
    """Asks an ASGI application."""

    def __init__(self, app):
        self._app = app

    def get(self, path, method="GET"):
        return asyncio.run(self._get(path, method))

    async def _get(self, path, method):
        sent = []
        scope = {"type": "http", "path": path, "method": method, "headers": []}

        async def send(message):
            sent.append(message)

        await self._app(scope, None, send)
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:])


class Following:
    def __init__(self, trouble=None):
        self.trouble = trouble


def client(copy, trouble=None):
    return Client(create_mirror_app(MirrorFolder(copy.folder, copy.clock, Following(trouble))))


def test_a_mirror_serves_the_log_and_says_how_old_it_is(naming, operator):
    naming.served.show(operator.write("p"))
    naming.served.documents[DIGEST] = DOCUMENT
    naming.follow()
    naming.clock.pass_time(90_000)
    asked = client(naming)
    status, headers, body = asked.get("/checkpoint")
    assert (status, body) == (200, operator.sign())
    assert headers["muniment-confirmed"] == "Sat, 22 Nov 2025 08:26:40 GMT"
    assert asked.get("/tile/0/000.p/13")[0] == 200
    assert asked.get("/tile/entries/000.p/13")[0] == 200
    for path in (f"/v1/documents/{DIGEST}", f"/documents/{DIGEST}"):
        assert asked.get(path)[::2] == (200, DOCUMENT)
    status, _, body = asked.get("/healthz")
    assert (status, json.loads(body)) == (
        200,
        {
            "origin": operator.origin,
            "size": 13,
            "confirmed": naming.clock.now() - 90_000,
            "age_s": 90,
            "documents_missing": 0,
            "forked": False,
            "trouble": None,
        },
    )
    assert asked.get("/readyz")[0] == 200
    assert b"muniment_mirror_age_seconds 90\n" in asked.get("/metrics")[2]


def test_a_mirror_whose_log_is_gone_serves_on_and_says_so(copy):
    copy.follow()
    asked = client(copy, UnavailableError("nobody answers"))
    assert asked.get("/checkpoint")[0] == 200
    assert json.loads(asked.get("/healthz")[2])["trouble"] == "unavailable: nobody answers"
    assert b"muniment_mirror_troubled 1\n" in asked.get("/metrics")[2]
    asked = client(copy, StoreFailedError(f"cannot write {copy.folder}"))
    assert str(copy.folder).encode() not in asked.get("/healthz")[2], "the public is told no paths"


def test_a_mirror_of_nothing_is_not_ready(copy):
    asked = client(copy)
    assert [asked.get(path)[0] for path in ("/checkpoint", "/readyz", "/healthz")] == [
        404,
        503,
        200,
    ]


BAD = {
    "a document that is not there": ("/documents/" + "0" * 64, "GET", 404),
    "a document by another name": ("/documents/checkpoint", "GET", 404),
    "what lies beside the log": (f"/{STATE_FILE}", "GET", 404),
    "climbing out": ("/documents/../checkpoint", "GET", 404),
    "another method": ("/healthz", "POST", 405),
    "nothing": ("/", "GET", 404),
}


@pytest.mark.parametrize("name", BAD)
def test_what_a_mirror_does_not_have(copy, name):
    copy.follow()
    path, method, status = BAD[name]
    assert client(copy).get(path, method)[0] == status

"""`muniment witness` and `muniment policy`, up to a node that publishes what two witnesses cosigned."""

import json
from pathlib import Path

import httpx2
import pytest

from ledger.core.addcheckpoint import hash_origin
from ledger.core.note import parse_note, parse_vkey
from ledger.core.policy import parse_policy
from tests.support.note_signers import log_signer, witness_signer
from tests.support.program import finish, interrupt, start, wait_for
from tests.support.witnesses import SmallLog

LOG = log_signer().vkey
NAME = "w.example/1"


@pytest.fixture
def made(program):
    program.json("witness", "init", NAME, "--no-passphrase")
    return program


def test_a_witness_is_made_once_with_a_key_file_of_its_own(program):
    document = program.json("witness", "init", NAME, "--no-passphrase")
    folder = program.home / "witness"
    assert document == {"name": NAME, "vkey": document["vkey"], "folder": str(folder)}
    assert parse_vkey(document["vkey"]).name == NAME
    assert (folder / "witness.key").stat().st_mode & 0o777 == 0o600
    assert program.json("witness", "key") == {"name": NAME, "vkey": document["vkey"]}
    assert program.ok("witness", "key").out == f"{document['vkey']}\n"
    assert program.refused("witness", "init", "w2", "--no-passphrase", code=2)["code"] == "exists"
    assert program.json("witness", "key")["name"] == NAME


def test_several_witnesses_live_in_folders_of_their_own(made):
    made.json("witness", "init", "w.example/2", "--folder", "second", "--no-passphrase")
    assert made.json("witness", "key", "--folder", "second")["name"] == "w.example/2"
    assert made.json("witness", "key")["name"] == NAME


@pytest.mark.parametrize("name", ["a b", "a+b", "", "a\nb"])
def test_a_name_that_no_key_has_makes_no_file(program, name):
    error = program.refused("witness", "init", name, "--no-passphrase", code=4)
    assert error["code"] == "malformed"
    assert not (program.home / "witness").exists()


def test_a_witness_key_is_sealed_like_any_other(program):
    Path("pass.txt").write_text("correct horse\n")
    Path("wrong.txt").write_text("another\n")
    program.ok("witness", "init", NAME, "--passphrase-file", "pass.txt")
    program.ok("witness", "key")
    error = program.refused("witness", "serve", "--uds", "w.socket", code=2)
    assert error["code"] == "passphrase_required"
    wrong = ("witness", "serve", "--uds", "w.socket", "--passphrase-file", "wrong.txt")
    assert program.refused(*wrong, code=4)["code"] == "wrong_passphrase"
    assert program.refused("witness", "init", "x", "--folder", "f", code=2)["code"] == (
        "passphrase_required"
    )


@pytest.mark.parametrize("argv", [("key",), ("logs",), ("serve",), ("add-log", LOG)])
def test_without_a_witness_it_is_said_how_to_make_one(program, argv):
    error = program.refused("witness", *argv, code=5)
    assert "muniment witness init NAME" in error["message"]
    assert "中没有见证方" in program.ok("witness", *argv, "--lang", "zh-CN", code=5).err


def test_logs_are_added_once_and_listed(made):
    Path("p").write_text(f"log {log_signer('b.example').vkey} https://b.example\nquorum none\n")
    assert made.json("witness", "add-log", LOG)["added"] == [
        {"origin": "example.org/ledger", "vkey": LOG}
    ]
    assert made.json("witness", "add-log", LOG, "--policy", "p")["added"] == [
        {"origin": "b.example", "vkey": log_signer("b.example").vkey}
    ]
    assert made.json("witness", "add-log", LOG)["added"] == []
    items = made.json("witness", "logs")["items"]
    assert [(item["origin"], item["url"], item["size"]) for item in items] == [
        ("example.org/ledger", None, 0),
        ("b.example", "https://b.example", 0),
    ]


@pytest.mark.parametrize("vkey", ["nonsense", witness_signer("w").vkey, LOG[:-4] + "AAAA", ""])
def test_what_is_no_log_is_not_added(made, vkey):
    assert made.refused("witness", "add-log", vkey, code=4)["code"] == "malformed"
    assert made.json("witness", "logs")["items"] == []


def test_no_log_at_all_is_wrong_use(made):
    assert made.refused("witness", "add-log", code=2)["code"] == "usage"


def test_a_damaged_list_of_logs_or_name_is_said(made):
    (made.home / "witness" / "logs.policy").write_text("nonsense\n")
    assert made.refused("witness", "logs", code=1)["code"] == "corruption"
    (made.home / "witness" / "witness.vkey").write_text(LOG)
    assert made.refused("witness", "key", code=1)["code"] == "corruption"


# the policy


@pytest.fixture
def policy(program):
    program.home.mkdir(exist_ok=True)
    path = program.home / "trust.policy"
    path.write_text(f"log {LOG}\nquorum none\n")
    return path


def test_a_witness_is_added_to_the_home_s_policy(program, policy):
    vkey = witness_signer("w.example").vkey
    argv = ("policy", "add-witness", "w", vkey, "https://w.example")
    document = program.json(*argv)
    assert (
        document
        == program.json("policy", "show")
        == {
            "file": str(policy),
            "logs": [{"origin": "example.org/ledger", "vkey": LOG, "url": None}],
            "witnesses": [{"name": "w", "vkey": vkey, "url": "https://w.example"}],
            "groups": [],
            "quorum": "none",
        }
    )
    assert program.json("policy", "quorum", "all")["quorum"] == "witnesses"
    assert parse_policy(policy.read_bytes()).groups[0].members == (b"w",)
    assert "1 of 1: w" in program.ok("policy", "show").out
    assert "见证方" in program.ok("policy", "show", "--lang", "zh-CN").out


def test_a_witness_is_removed_from_the_home_s_policy(program, policy):
    before = policy.read_bytes()
    program.json("policy", "add-witness", "w", witness_signer("w").vkey)
    assert program.refused("policy", "remove-witness", "x", code=5)["code"] == "not_found"
    assert (
        "没有见证方 x" in program.ok("policy", "remove-witness", "x", "--lang", "zh-CN", code=5).err
    )
    assert program.json("policy", "remove-witness", "w")["witnesses"] == []
    assert policy.read_bytes() == before
    program.json("policy", "add-witness", "w", witness_signer("w").vkey, "--quorum", "all")
    assert program.refused("policy", "remove-witness", "w", code=4)["code"] == "malformed"


REFUSED = {
    "a log's key": ("w", log_signer("x").vkey, "https://w.example"),
    "no key": ("w", "nonsense", "https://w.example"),
    "another protocol": ("w", witness_signer("w").vkey, "ftp://w.example"),
    "no URL": ("w", witness_signer("w").vkey, "w.example"),
    "a reserved name": ("none", witness_signer("w").vkey),
    "two words": ("w x", witness_signer("w").vkey),
    "a quorum that is not there": ("w", witness_signer("w").vkey, "--quorum", "x"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_policy_that_no_reader_takes_is_not_written(program, policy, name):
    before = policy.read_bytes()
    assert program.refused("policy", "add-witness", *REFUSED[name], code=4)["code"] == "malformed"
    assert policy.read_bytes() == before


def test_another_policy_file_may_be_named(program, policy):
    Path("other").write_bytes(policy.read_bytes())
    before = policy.read_bytes()
    program.json("policy", "add-witness", "w", witness_signer("w").vkey, "--policy", "other")
    assert policy.read_bytes() == before
    assert len(parse_policy(Path("other").read_bytes()).witnesses) == 1
    assert program.refused("policy", "show", "--policy", "missing", code=5)["code"] == "not_found"


# as processes


def client(path):
    return httpx2.Client(transport=httpx2.HTTPTransport(uds=str(path)), base_url="http://w")


def ready(process):
    """What a process says once it serves."""
    return json.loads(process.stdout.readline())


def test_a_witness_serves_and_knows_after_a_kill_what_it_cosigned(made, tmp_path):
    log = SmallLog()
    made.ok("witness", "add-log", log.signer.vkey)
    socket, argv = tmp_path / "w.socket", ("--json", "witness", "serve", "--uds", "w.socket")
    process = start(argv, made.home, cwd=tmp_path)
    try:
        told = ready(process)
        assert told["vkey"] == made.json("witness", "key")["vkey"]
        with client(socket) as http:
            assert http.post("/add-checkpoint", content=log.request(0, 5)).status_code == 200
            second = finish(start((*argv[:3], "--uds", "x.socket"), made.home, cwd=tmp_path))
            assert second.code == 6
            other = SmallLog("example.org/later")
            assert http.post("/add-checkpoint", content=other.request(0, 2)).status_code == 404
            made.ok("witness", "add-log", other.signer.vkey)  # while it serves
            assert http.post("/add-checkpoint", content=other.request(0, 2)).status_code == 200
    finally:
        process.kill()
        process.communicate()
    process = start(argv, made.home, cwd=tmp_path)
    try:
        ready(process)
        with client(socket) as http:
            answer = http.post("/add-checkpoint", content=log.request(0, 8))
            assert (answer.status_code, answer.content) == (409, b"5\n")
            note = http.get(f"/{hash_origin(log.origin)}/checkpoint").content
            assert note.startswith(log.note(5))
    finally:
        interrupt(process)
        ended = finish(process)
    assert ended.code == 0, ended
    assert [item["size"] for item in made.json("witness", "logs")["items"]] == [5, 2]
    assert "Traceback" not in ended.err


@pytest.mark.enable_socket
def test_a_node_publishes_what_two_witnesses_cosigned_and_goes_on_without_one(program, tmp_path):
    program.ok("init", "--solo", "--no-passphrase", "--quiet", "--origin", "example.org/two")
    processes = {}
    try:
        for name in ("one", "two"):
            folder = ("--folder", tmp_path / name)
            program.ok("witness", "init", f"{name}.example", *folder, "--no-passphrase")
            program.ok("witness", "add-log", "--policy", program.home / "trust.policy", *folder)
            argv = ("--json", "witness", "serve", *folder, "--port", "0")
            processes[name] = start(argv, program.home)
            told = ready(processes[name])
            program.ok("policy", "add-witness", name, told["vkey"], told["url"], "--quorum", "all")
        node = ("--json", "serve", "--uds", tmp_path / "node.socket")
        processes["node"] = start(node, program.home, cwd=tmp_path)
        ready(processes["node"])
        with client(tmp_path / "node.socket") as http:
            assert names(published(http, lambda note: len(names(note)) == 3)) == {
                "example.org/two",
                "one.example",
                "two.example",
            }
            processes["one"].kill()
            processes["one"].communicate()
            program.ok("policy", "quorum", "any")
            program.ok("party", "enroll", "Alice", "--no-passphrase")
            note = published(http, lambda note: size(note) > 2)
            assert names(note) == {"example.org/two", "two.example"}
    finally:
        for process in processes.values():
            interrupt(process)
        ended = {name: finish(process) for name, process in processes.items() if name != "one"}
    assert {name: each.code for name, each in ended.items()} == {"node": 0, "two": 0}
    program.ok("audit")


def names(note):
    return {line.name for line in parse_note(note).signatures}


def size(note):
    return int(note.split(b"\n")[1])


def published(http, is_right):
    """The published checkpoint, once it is as it should be."""

    def ask():
        answer = http.get("/checkpoint")
        return answer.status_code == 200 and is_right(answer.content) and answer.content

    return wait_for(ask)

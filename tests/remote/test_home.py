"""A client's home, commands beside a running node, and what is said where a node cannot help."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from cli.main import main
from ledger.files import hold_lock
from tests.support.program import run_process
from tests.support.running import run_node

OPEN = "--no-passphrase"
NOBODY = "unix:/nowhere/s"
# The library forgets to close a UNIX socket that it could not connect.
leaks = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def served(founded, tmp_path):
    """A registry's home, and the address of the node that serves it."""
    home = shutil.copytree(founded.home, tmp_path / "served")
    with run_node(home) as url:
        yield home, url


@pytest.fixture
def joined(program, served):
    """The program in a home that joined the node; the operator's key was carried there."""
    home, url = served
    program.ok("--node", url, "join", "--policy", home / "trust.policy", OPEN)
    shutil.copy(home / "keys" / "operator.key", program.home / "keys")
    return program


def test_joining_makes_a_home_of_keys_vault_and_policy(program, served):
    home, url = served
    document = program.json("--node", url, "join", "--policy", home / "trust.policy", OPEN)
    assert document.keys() == {"home", "node", "origin", "size", "policy"}
    assert document["node"] == url
    names = {path.name for path in program.home.iterdir()}
    assert {"keys", "vault.db", "trust.policy", "remote.url", "lock"} <= names
    assert "ledger.db" not in names
    assert (program.home / "trust.policy").read_bytes() == (home / "trust.policy").read_bytes()
    assert (program.home / "keys").stat().st_mode & 0o777 == 0o700
    assert program.json("log", "checkpoint")["origin"] == document["origin"]


def test_people_are_told_how_to_go_on(program, served):
    home, url = served
    ended = program.ok("--node", url, "join", "--policy", home / "trust.policy", OPEN)
    assert ended.row("node") == url
    assert "it knows its node" in ended.err


def test_who_cannot_register_under_the_solo_profile_is_told_why_and_nothing_is_kept(
    program, served
):
    home, url = served
    program.ok("--node", url, "join", "--policy", home / "trust.policy", OPEN)
    program.ok("party", "enroll", "乙公司", OPEN)
    Path("own.csv").write_bytes(b"own\n")
    argv = ("register", "own.csv", "--title", "own", "--right", "hold")
    error = program.refused(*argv, code=2)
    assert error["code"] == "key_required"
    assert "keys/operator.key" in error["message"]
    assert "solo 规则下" in program.ok(*argv, "--lang", "zh-CN", code=2).err
    assert program.json("vault", "check", code=3)["extra"] == [], (
        "others' are missing here, of course"
    )


def test_a_home_is_joined_once(joined, served):
    home, url = served
    again = ("--node", url, "join", "--policy", home / "trust.policy", OPEN)
    assert joined.refused(*again, code=2)["code"] == "exists"
    assert joined.refused("--home", home, *again, code=2)["code"] == "exists"


@leaks
def test_joining_says_what_is_missing(program, served, tmp_path):
    home, url = served
    policy = ("--policy", home / "trust.policy", OPEN)
    assert program.refused("join", *policy, code=2)["code"] == "node_required"
    assert program.refused("--node", url, "join", OPEN, code=2)["code"] == "usage"
    gone = program.refused("--node", NOBODY, "join", *policy, code=6)
    assert gone["code"] == "unavailable"
    assert program.refused("--node", "ftp://x", "join", *policy, code=4)["code"] == "malformed"
    other = tmp_path / "other.policy"
    text = (home / "trust.policy").read_text().replace("log muniment", "log munimant")
    other.write_text(text)
    argv = ("--node", url, "join", "--policy", other, OPEN)
    assert program(*argv, "--json").code in {3, 4}
    assert not program.home.exists(), "nothing was made"


def test_a_passphrase_seals_the_vault_of_a_client(program, served, tmp_path):
    home, url = served
    (tmp_path / "secret").write_text("open sesame\n")
    sealed = ("--passphrase-file", tmp_path / "secret")
    program.ok(*sealed, "--node", url, "join", "--policy", home / "trust.policy")
    (vault,) = program.json("key", "list")["items"]
    assert (vault["name"], vault["sealed"]) == ("vault", True)


def test_a_joined_home_registers_and_proves(joined):
    Path("t.csv").write_text("a,b\n1,2\n")
    number = joined.json("register", "t.csv", "--title", "Parking, second half of 2026")["voucher"]
    joined.ok("voucher", "export", number, "--opening", "opening.json")
    verified = joined.json("verify", f"{number}.voucher.json", "--data", "t.csv")
    assert (verified["status"], verified["verified"]) == ("valid", True)
    assert joined.json("vault", "check", code=3)["opened"] == 20, "the rest is elsewhere"
    assert joined.ok("vault", "check", code=3).out.startswith("IN PART: openings of other parties")
    answers = list((joined.home / "answers").iterdir())
    assert len(answers) == 4, "one for each event of a registration in solo"
    outcome = json.loads(answers[0].read_bytes())["answer"]["outcome"]
    assert outcome == "accepted"


@leaks
def test_the_variable_names_the_node_and_the_option_goes_before_it(joined, served, monkeypatch):
    (joined.home / "remote.url").unlink()
    assert joined.refused("log", "checkpoint", code=5)["code"] == "not_found"
    monkeypatch.setenv("MUNIMENT_NODE", served[1])
    assert joined.json("log", "checkpoint")["size"] > 0
    assert joined.refused("--node", NOBODY, "stats", code=6)["code"] == "unavailable"
    assert joined.refused("--node", "", "stats", code=5)["code"] == "not_found"


def test_a_node_is_not_believed_without_a_policy(program, served):
    error = program.refused("--node", served[1], "stats", code=2)
    assert error["code"] == "policy_required"
    assert "join --policy" in error["message"]


@leaks
def test_a_node_that_is_not_there_is_worth_trying_later(joined):
    error = joined.refused("--node", NOBODY, "party", "list", code=6)
    assert error["code"] == "unavailable"
    assert "/nowhere/s" in error["message"]


BESIDE_DATA = {
    "init": ("init", "--solo", OPEN),
    "audit": ("audit",),
    "backup": ("backup", "there"),
    "restore": ("restore", "there"),
    "adopt": ("adopt", "--no-other-copy"),
}


@pytest.mark.parametrize("name", BESIDE_DATA)
def test_what_needs_the_files_is_refused_from_afar(joined, served, name):
    error = joined.refused("--node", served[1], *BESIDE_DATA[name], code=2)
    assert error["code"] == "beside_data"
    assert "beside the data" in error["message"]
    chinese = joined.ok("--node", served[1], *BESIDE_DATA[name], "--lang", "zh-CN", code=2)
    assert "数据所在的机器" in chinese.err


def test_claims_are_told_of_with_v_and_only_then(joined):
    assert "claim" in joined.ok("-v", "party", "list").err
    assert "节点所称" in joined.ok("-v", "party", "list", "--lang", "zh-CN").err
    assert "claim" not in joined.ok("party", "list").err
    assert "claim" not in joined.ok("-v", "log", "show", 0).err


# Beside a running node


def test_a_writer_beside_a_running_node_goes_through_it(program, served):
    home, url = served
    beside = ("--home", home)
    refused = program.refused(*beside, "party", "enroll", "A", OPEN, code=6)
    assert refused["code"] == "unavailable", "nothing says where the node is"
    (home / "node.url").write_text(f"{url}\n")
    written = program.json(*beside, "party", "enroll", "A", OPEN)
    shown = program.json(*beside, "party", "show", written["subject"])["value"]["state"]
    assert shown["name"] == "A"
    assert (home / "answers").is_dir()


def test_a_reader_beside_a_running_node_reads_the_file(program, served):
    home, _ = served
    (home / "node.url").write_text(f"{NOBODY}\n")
    assert program.json("--home", home, "stats")["leaves"] > 0


@leaks
def test_an_address_that_was_left_behind_does_no_harm(program, founded, tmp_path):
    home = shutil.copytree(founded.home, tmp_path / "killed")
    (home / "node.url").write_text(f"{NOBODY}\n")
    program.ok("--home", home, "party", "enroll", "A", OPEN)
    with hold_lock(home / "lock", "the registry"):
        error = program.refused("--home", home, "party", "enroll", "B", OPEN, code=6)
    assert "another process is using the registry" in error["message"]


def test_one_process_at_a_time_writes_from_a_client_s_home(joined):
    with hold_lock(joined.home / "lock", "this home"):
        error = joined.refused("party", "enroll", "B", OPEN, code=6)
        assert "another process is using this home" in error["message"]
        joined.ok("stats")


def test_writers_beside_a_running_node_change_the_vault_one_after_the_other(program, served):
    """An erasure of leftovers would else destroy what a filing under way has just kept."""
    home, url = served
    (home / "node.url").write_text(f"{url}\n")
    waiting = threading.Thread(
        target=main, args=(["--home", str(home), "--quiet", "party", "enroll", "Cardamom", OPEN],)
    )
    with hold_lock(home / "vault.lock", "this home"):
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        assert program.json("--home", home, "search", "Cardamom")["items"] == []
    waiting.join(20)
    assert not waiting.is_alive()
    (found,) = program.json("--home", home, "search", "Cardamom")["items"]
    assert found["label"] == "Cardamom"


@pytest.mark.slow
def test_a_process_of_its_own_works_against_a_node(joined):
    ended = run_process("stats", "--json", home=joined.home)
    assert (ended.code, json.loads(ended.out)["blocks"] > 0) == (0, True)

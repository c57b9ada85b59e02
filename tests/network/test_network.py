"""`muniment demo --network`: processes over HTTP, each killed; a fork caught, proved and refused."""

import json
import re
import shutil

import pytest

from cli.fleet import Fleet, find_ports
from cli.network import AUDITOR, AUDITOR_LABEL, EVIDENCE, FORKED, LIGHT, NODE, STRICT, WITNESSES
from ledger.clock import SystemClock
from ledger.errors import UnavailableError
from tests.cli.conftest import TABLE, program  # noqa: F401  # a fixture
from tests.support.independent_fork import check_fork
from tests.support.independent_signed import read_policy
from tests.support.program import finish, start

DEADLINE_S = 240
WRITTEN = re.compile(r"^log index +(\d+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The story, told once: its folder and what was said."""
    folder = tmp_path_factory.mktemp("network")
    (folder / "small.csv").write_bytes(TABLE)
    argv = ("demo", "--network", "--table", "small.csv", "--out", "told")
    process = start(argv, folder / "nobody", cwd=folder)
    ended = finish(process, DEADLINE_S)
    assert ended.code == 0, (ended.out.decode()[-3000:], ended.err)
    return folder / "told", ended.out.decode(), ended.err


@pytest.fixture
def folder(told, tmp_path):
    """What the story left, to be changed at will."""
    return shutil.copytree(told[0], tmp_path / "told")


pytestmark = pytest.mark.slow


def test_each_process_is_killed_while_the_story_goes_on_and_started_again(told):
    _, out, err = told
    for name in (*WITNESSES, AUDITOR, LIGHT, NODE):
        before, after = out.split(f"kill -9: {name}\n")[1].split(f"{name} is started again\n")[:2]
        assert "$ muniment " in before, name
        assert "$ muniment " in after, name
    assert err.count("does not answer") == 1, "only the node was missed, and by one command"
    assert "(exit code 6, as it should be)" in out


def test_nothing_that_was_acknowledged_is_lost(told, folder, program):  # noqa: F811
    """Every position that a command was told, the killed node's too, is that event's in the log."""
    honest = told[1].split("== 9.")[0]
    indexes = [int(index) for index in WRITTEN.findall(honest)]
    assert len(indexes) >= 12
    assert indexes == sorted(set(indexes))
    for index in indexes:
        shown = program.json("--home", folder / NODE, "log", "show", index)
        assert shown["index"] == index
        assert "event" in shown["leaf"]
    assert program.json("--home", folder / NODE, "audit")["clean"] is True


def test_every_file_verifies_with_a_policy_that_asks_for_both_witnesses_and_the_auditor(
    told,
    folder,
    program,  # noqa: F811
):
    proofs = [path for path in (folder / "proofs").iterdir() if "opening" not in path.name]
    assert len(proofs) == 6
    for result in program.json("verify", *proofs, "--policy", folder / STRICT)["results"]:
        assert result["verified"], result
        if result["kind"] == "voucher":
            assert set(result["cosigned_by"]) == {*WITNESSES, AUDITOR_LABEL}
            assert {"name": "state root re-executed", "ok": True} in [
                {"name": check["name"], "ok": check["ok"]} for check in result["checks"]
            ]


def test_without_one_of_them_the_same_file_does_not_verify(folder, program):  # noqa: F811
    """The cosignatures are what counts, not that somebody says so."""
    proof = next((folder / "proofs").glob("TEST*.voucher.json"))
    other = read_lines(folder / STRICT)
    key = next(line for line in other if line.startswith(f"witness {WITNESSES[0]} "))
    spare = program.ok(
        "--home", folder / "spare", "--quiet", "witness", "init", "x", "--no-passphrase"
    )
    replaced = f"witness {WITNESSES[0]} {spare.out.strip()}"
    changed = "\n".join(replaced if line == key else line for line in other)
    (folder / "other.policy").write_text(f"{changed}\n", encoding="utf-8")
    result = program.json("verify", proof, "--policy", folder / "other.policy", code=3)
    assert result["authentic"] is False


def test_the_fork_is_evidence_for_anybody(told, folder, program):  # noqa: F811
    argv = ("verify", folder / EVIDENCE, "--policy", folder / STRICT)
    assert program.json(*argv)["status"] == "forked"
    evidence = json.loads((folder / EVIDENCE).read_bytes())
    first, second = check_fork(evidence, read_policy((folder / STRICT).read_bytes()))
    assert first["size"] == second["size"]
    assert "muniment: fork: " in told[1]


def test_no_witness_and_no_auditor_cosigned_the_other_history(told, folder, program):  # noqa: F811
    for label in (*WITNESSES, AUDITOR_LABEL):
        assert f"the witness {label} did not cosign: the witness answers 409" in told[1]
    honest = program.json("--home", folder / NODE, "log", "checkpoint")
    for name in WITNESSES:
        logs = program.json("--home", folder / name, "witness", "logs")["items"]
        assert [log["size"] for log in logs] == [honest["size"]]
    forked = (folder / FORKED).is_dir() and program.json("--home", folder / FORKED, "stats")
    assert forked["leaves"] == honest["size"], "both are of one size, and not the same"


def read_lines(path):
    return path.read_text(encoding="utf-8").splitlines()


# the processes themselves


def test_a_process_that_ends_before_it_speaks_is_told_with_what_it_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fleet = Fleet(SystemClock())
    try:
        with pytest.raises(UnavailableError, match=r"(?s)node ended with 5: .*no registry"):
            fleet.start("node", "--home", "nothing", "serve", "--json")
    finally:
        fleet.close()


@pytest.mark.enable_socket
def test_ports_are_all_different():
    assert len({*find_ports(8)}) == 8

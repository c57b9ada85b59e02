"""`muniment auditor` and `muniment mirror`, on folders of logs, honest and not."""

import json
import shutil
from pathlib import Path

import pytest

from cli.lang import set_language
from cli.main import main
from ledger.core.fork import decode_fork, verify_fork
from ledger.core.note import format_vkey, parse_vkey
from ledger.core.policy import Log, Policy, format_policy
from node.following.mirror import Mirror
from tests.following.homes import mirror as mirror_home
from tests.following.nodes import sealed
from tests.support.ledgers import FakeClock


@pytest.fixture
def run(capsys, tmp_path):
    def call(*argv, code=0):
        capsys.readouterr()
        ended = main(["--home", str(tmp_path / "home"), *(str(word) for word in argv)])
        captured = capsys.readouterr()
        assert (ended, "Traceback" in captured.err) == (code, False), captured
        return captured.out

    yield call
    set_language("en")


@pytest.fixture
def publish(tmp_path):
    """Put what an operator has written into the folder `log`, for others to follow."""

    def put(operator):
        shutil.rmtree(tmp_path / "log", ignore_errors=True)
        policy = Policy((Log(operator.verifier),))
        (tmp_path / "trust.policy").write_bytes(format_policy(policy))
        Mirror(tmp_path / "log", policy, operator.serve(), FakeClock()).follow()
        return tmp_path / "log"

    return put


def found(run, log, *more):
    words = ("--policy", log.parent / "trust.policy", "--url", log, "--no-passphrase", *more)
    return run("auditor", "init", "audit.example", *words, "--json")


def status(run, code=0):
    (log,) = json.loads(run("auditor", "status", "--json", code=code))["logs"]
    return log


def test_an_auditor_is_made_with_the_line_that_policies_need(run, publish, operator, tmp_path):
    made = json.loads(found(run, publish(operator)))
    assert made.keys() == {"name", "vkey", "policy_line", "logs", "folder"}
    assert made["logs"] == [operator.origin]
    assert made["policy_line"] == f"witness auditor.audit.example {made['vkey']}"
    assert format_vkey(parse_vkey(made["vkey"])) == made["vkey"]
    assert made["folder"] == str(tmp_path / "home" / "auditor")
    shown = status(run)
    assert (shown["executed"], shown["cosigned"], shown["finding"]) == (None, 0, None)


def test_a_second_auditor_in_one_folder_is_refused(run, publish, operator):
    log = publish(operator)
    found(run, log)
    words = ("--policy", log.parent / "trust.policy", "--url", log, "--no-passphrase")
    assert "already" in run("auditor", "init", "other", *words, "--json", code=2)


def test_an_auditor_needs_an_address_and_a_policy(run, publish, operator):
    policy = publish(operator).parent / "trust.policy"
    words = ("auditor", "init", "x", "--no-passphrase", "--json")
    assert "policy_required" in run(*words, code=2)
    assert "url_required" in run(*words, "--policy", policy, code=2)


@pytest.mark.parametrize(
    "words", [("status",), ("follow", "--once"), ("serve",), ("clear", "x", "--yes")]
)
def test_where_no_auditor_is_that_is_said(run, words):
    assert "muniment auditor init" in run("auditor", *words, "--json", code=5)


def test_an_honest_log_is_followed_to_its_end(run, publish, operator):
    found(run, publish(operator))
    run("auditor", "follow", "--once")
    log = status(run)
    assert log["executed"]["size"] == operator.size
    assert log["executed"]["state_root"] == operator.store.read_head().map_root.root.hex()
    assert log["finding"] is None
    assert "no finding" in run("auditor", "status")
    assert "未发现问题" in run("auditor", "status", "--lang", "zh-CN")


def test_a_lie_is_named_and_kept_until_it_is_cleared(run, publish, operator):
    found(run, publish(operator))
    honest = operator.fork()
    publish(operator.write("x", builder=sealed(state_root=bytes(32))))
    assert "state.root should be" in run("auditor", "follow", "--once", "--json", code=3)
    log = status(run, code=3)
    assert (log["finding"]["where"], log["finding"]["what"]) == ("seal at leaf 12", "state.root")
    assert "state.root should be" in run("auditor", "status", code=3)
    publish(honest)
    assert "clears the finding" in run("auditor", "follow", "--once", "--json", code=3)
    words = ("auditor", "clear", operator.origin)
    assert "not_confirmed" in run(*words, "--json", code=2)
    assert json.loads(run(*words, "--yes", "--json")) == {"cleared": operator.origin}
    assert status(run)["finding"] is None
    run(*words, "--yes", code=5)


def test_the_evidence_of_a_fork_can_be_verified_by_anybody(run, publish, operator, tmp_path):
    twin = operator.fork()
    found(run, publish(operator.write("g")))
    run("auditor", "follow", "--once")
    publish(twin.write("h").write("i"))
    run("auditor", "follow", "--once", code=3)
    evidence = status(run, code=3)["evidence"]
    verify_fork(decode_fork(Path(evidence).read_bytes()), Policy((Log(operator.verifier),)))
    words = ("verify", evidence, "--policy", tmp_path / "trust.policy", "--json")
    assert json.loads(run(*words))["verified"] is True


def test_a_log_that_is_gone_is_asked_again_later(run, publish, operator):
    log = publish(operator)
    found(run, log)
    shutil.rmtree(log / "tile")
    assert "not served whole" in run("auditor", "follow", "--once", "--json", code=6)


# mirrors


def test_a_mirror_follows_a_folder(run, made, tmp_path):
    mirror_home(made, tmp_path / "log")
    policy = made / "trust.policy"
    words = ("mirror", "follow", tmp_path / "log", tmp_path / "m", "--policy", policy, "--once")
    done = json.loads(run(*words, "--json"))
    assert done == {
        "size": 7,
        "files": 3,
        "documents": 1,
        "missing": 0,
        "folder": str(tmp_path / "m"),
    }
    assert json.loads(run(*words, "--json"))["files"] == 0
    shown = json.loads(run("mirror", "status", tmp_path / "m", "--json"))
    assert (shown["size"], shown["documents_missing"], shown["forked"]) == (7, 0, False)
    assert "7" in run("mirror", "status", tmp_path / "m")
    assert "最近确认" in run("mirror", "status", tmp_path / "m", "--lang", "zh-CN")


def test_a_mirror_that_saw_a_fork_says_so(run, publish, operator, tmp_path):
    twin = operator.fork()
    policy = publish(operator.write("g")).parent / "trust.policy"
    words = ("mirror", "follow", tmp_path / "log", tmp_path / "m", "--policy", policy, "--once")
    run(*words)
    publish(twin.write("h"))
    assert "two histories" in run(*words, "--json", code=3)
    assert json.loads(run("mirror", "status", tmp_path / "m", "--json", code=3))["forked"] is True
    evidence = tmp_path / "m" / ".fork.json"
    assert json.loads(run("verify", evidence, "--policy", policy, "--json"))["verified"] is True


def test_where_no_mirror_is_that_is_said(run, tmp_path):
    assert "muniment mirror follow" in run("mirror", "status", tmp_path, "--json", code=5)


def test_documents_that_nobody_serves_are_said(run, made, tmp_path, capsys):
    mirror_home(made, tmp_path / "log")
    shutil.rmtree(tmp_path / "log" / "documents")
    policy = made / "trust.policy"
    words = ("mirror", "follow", str(tmp_path / "log"), str(tmp_path / "m"))
    assert main([*words, "--policy", str(policy), "--once"]) == 0
    assert "1 documents" in capsys.readouterr().err

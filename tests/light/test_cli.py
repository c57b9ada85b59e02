"""`muniment light` and `watch` against a real server: what they print, keep and end with."""

import io
import json
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from cli.lang import set_language
from cli.main import main
from ledger.core.policy import Log, Policy, format_policy
from ledger.errors import LimitError, NotFoundError
from tests.light.house import ASSET, give, policy, serve_tcp
from tests.support.ledgers import LOG_VERIFIER
from tests.support.log_builder import toy_key
from tests.support.program import Program

pytestmark = [
    pytest.mark.enable_socket,
    # the library leaves the socket of a connection that failed to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ABSENT = toy_key(99_999)


@pytest.fixture
def program(tmp_path, monkeypatch, capsys):
    """The program where nothing is but a policy."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MUNIMENT_HOME", str(tmp_path / "client"))
    for name in ("MUNIMENT_NODE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    Path("trust.policy").write_bytes(format_policy(policy()))
    yield Program(capsys, tmp_path / "client")
    set_language("en")


class Address:
    """A server that serves one house, or another one later."""

    def __init__(self, house):
        self.house = house
        self.lock = threading.Lock()

    def respond(self, handler, path):
        try:
            with self.lock:
                data = self.house.answer(path)
        except NotFoundError:
            give(handler, b"", 404)
        except LimitError:
            give(handler, b"", 413)
        else:
            give(handler, data)


@pytest.fixture
def address(house):
    made = Address(house)
    with serve_tcp(made.respond) as url:
        made.url = url
        yield made


def follow(program, address, *words, code=0):
    argv = ("light", "follow", address.url, "--policy", "trust.policy", "--once", *words)
    return program.ok("--json", *argv, code=code).json


def watch(program, address, *words, code=0):
    argv = ("watch", *words, "--node", address.url, "--policy", "trust.policy", "--once")
    return program.ok(*argv, code=code)


def test_a_log_is_followed_with_nothing_but_a_policy(program, address, house):
    first = follow(program, address)
    assert first["outcome"] == "first"
    assert first["size"] == house.size
    assert first["cosigned_by"] == ["w"]
    assert not first["audited"]
    house.write()
    assert follow(program, address)["outcome"] == "advanced"
    assert follow(program, address)["outcome"] == "same"
    status = program.json("light", "status")
    assert status["size"] == house.size
    assert status["fork"] is None
    assert Path(status["file"]).stat().st_mode & 0o077 == 0


def test_people_read_it_in_their_language(program, address, house):
    argv = ("light", "follow", address.url, "--policy", "trust.policy", "--once")
    assert program.ok(*argv).row("size") == str(house.size)
    said = program.ok(*argv, "--lang", "zh-CN").out
    assert "无变化" in said
    assert "见证方" in said
    assert "同" not in program.ok(*argv).out
    assert "截至" in program.ok("light", "status", "--lang", "zh-CN").out


def test_before_the_first_contact_the_status_is_empty(program):
    status = program.json("light", "status")
    assert (status["size"], status["watched"], status["fork"]) == (None, [], None)
    assert not program.home.exists()


def test_a_fork_is_proved_left_as_evidence_and_verified(program, address, house, tmp_path):
    with closing(house.fork(tmp_path / "twin")) as twin:
        house.write(times=3)
        follow(program, address)
        address.house = twin.write(times=5)
        error = follow(program, address, code=3)["error"]
        assert error["code"] == "fork"
        evidence = program.home / "light.state.fork.json"
        assert str(evidence) in error["message"]
    verdict = program.json("verify", evidence, "--policy", "trust.policy")
    assert verdict["verified"]
    assert (verdict["kind"], verdict["status"]) == ("fork", "forked")
    Path("log.policy").write_bytes(format_policy(Policy((Log(LOG_VERIFIER),))))
    program.ok("verify", evidence, "--policy", "log.policy")
    assert (
        "已分叉"
        in program.ok("verify", evidence, "--policy", "trust.policy", "--lang", "zh-CN").out
    )
    status = program.json("light", "status", code=3)
    assert status["fork"] == str(evidence)
    again = follow(program, address, code=3)
    assert again["error"]["code"] == "fork"


def test_evidence_that_proves_nothing_is_not_verified(program, address, house, tmp_path):
    with closing(house.fork(tmp_path / "twin")) as twin:
        house.write(times=3)
        follow(program, address)
        address.house = twin.write(times=3)
        follow(program, address, code=3)
    evidence = program.home / "light.state.fork.json"
    document = json.loads(evidence.read_text())
    Path("none.fork.json").write_text(json.dumps(document | {"second": document["first"]}))
    verdict = program.ok(
        "--json", "verify", "none.fork.json", "--policy", "trust.policy", code=3
    ).json
    assert not verdict["verified"]
    assert [check["ok"] for check in verdict["checks"]] == [False]
    assert program.ok("verify", evidence, "--policy", "trust.policy", "--kind", "state", code=3)


class Spoilt:
    """A house of which some answers are others."""

    def __init__(self, house, prefix, change):
        self.house, self.prefix, self.change = house, prefix, change

    def answer(self, path):
        data = self.house.answer(path)
        return self.change(data) if path.startswith(self.prefix) else data


def flip(data):
    return bytes([data[0] ^ 1]) + data[1:]


ENDS = {
    "rollback": 3,
    "frozen": 6,
    "unavailable": 6,
    "origin": 3,
    "limit": 4,
    "answer": 3,
    "consistency": 3,
    "quorum": 3,
}
BAD_HOUSES = {
    "rollback": lambda house, twin: twin,
    "unavailable": lambda house, _: Spoilt(house, "checkpoint", lambda data: fail()),
    "origin": lambda house, _: Spoilt(
        house, "checkpoint", lambda data: data.replace(b"ledger\n", b"other\n", 1)
    ),
    "limit": lambda house, _: Spoilt(house, "checkpoint", lambda data: data + b"x" * 70_000),
    "answer": lambda house, _: Spoilt(house, "tile/entries/", lambda data: data[:-1]),
    "consistency": lambda house, _: Spoilt(house, "tile/0/", flip),
    "quorum": lambda house, _: house.write(cosigned=False).publish(is_cosigned=False),
}


@pytest.mark.parametrize("code", ENDS)
def test_each_outcome_has_its_code_and_exit_in_both_languages(
    program, address, house, tmp_path, code
):
    words, ended = ("--max-age", "1d") if code == "frozen" else (), ENDS[code]
    with closing(house.fork(tmp_path / "twin")) as twin:
        if code == "rollback":
            house.write(times=9)
        follow(program, address)
        house.write(times=5)
        address.house = BAD_HOUSES.get(code, lambda house, _: house)(house, twin)
        error = follow(program, address, *words, code=ended)["error"]
        assert error["code"] == code
        argv = ("light", "follow", address.url, "--policy", "trust.policy", "--once", *words)
        said = program.ok(*argv, "--lang", "zh-CN", code=ended).err
        assert any("\u4e00" <= character <= "\u9fff" for character in said)


def fail():
    raise NotImplementedError("the connection breaks off")


def test_without_an_address_it_says_what_to_give(program):
    error = program.refused("light", "follow", "--once", "--policy", "trust.policy", code=2)
    assert error["code"] == "node_required"


def test_the_address_may_stand_in_the_policy(program, address, house):
    logs = (Log(LOG_VERIFIER, address.url.encode()),)
    Path("trust.policy").write_bytes(format_policy(Policy(logs)))
    argv = ("light", "follow", "--once", "--policy", "trust.policy")
    assert program.json(*argv)["size"] == house.size


def test_a_folder_is_followed_like_a_node(program, house):
    folder = Path("log")
    for path in ("checkpoint", f"tile/0/000.p/{house.size}", f"tile/entries/000.p/{house.size}"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(house.answer(path))
    argv = ("light", "follow", folder, "--once", "--policy", "trust.policy")
    assert program.json(*argv)["size"] == house.size


def show(program, address, *words, code=0):
    argv = ("light", "show", *words, "--node", address.url, "--policy", "trust.policy")
    return program.ok(*argv, code=code)


def test_a_state_is_fetched_verified_and_kept(program, address, house):
    house.write(ASSET)
    verdict = show(program, address, ASSET, "--json", "--out", "asset.json").json
    assert verdict["verified"]
    assert (verdict["kind"], verdict["subject"]) == ("state", ASSET)
    assert verdict["log"]["size"] == house.size
    again = program.json("verify", "asset.json", "--policy", "trust.policy")
    assert again["verified"]
    assert show(program, address, ABSENT).row("status") == "absent"


def test_a_state_that_was_changed_on_the_way_is_not_verified(program, address, house):
    address.house = Spoilt(house, "v1/state/", lambda data: data.replace(b'"sets"', b'"stes"'))
    verdict = show(program, address, ASSET, "--json", code=3).json
    assert not verdict["verified"]
    address.house = house
    assert show(program, address, ASSET, "--json").json["verified"]


def test_a_state_of_before_is_not_shown_as_of_now(program, address, house):
    older = house.answer(f"v1/state/{ASSET}?size={house.size}")
    house.write(ASSET)
    address.house = Spoilt(house, "v1/state/", lambda data: older)
    assert show(program, address, ASSET, "--json", code=3).json["error"]["code"] == "answer"


# --- watching


def lines(result):
    return [json.loads(line) for line in result.out.splitlines()]


def test_changes_are_reported_as_lines_and_as_json(program, address, house):
    said = watch(program, address, ASSET, ABSENT)
    assert said.out == ""
    assert f"watching {ASSET}: 1 events so far" in said.err
    house.write(ASSET)
    (line,) = watch(program, address, ASSET, ABSENT).out.splitlines()
    time_shown, *rest = line.split("\t")
    assert time_shown.startswith("2025-11-22")
    assert rest == [ASSET, "2", "toy.put", str(house.size - 2)]
    house.write(ABSENT).write(ASSET)
    found = lines(watch(program, address, ASSET, ABSENT, "--json"))
    assert [(each["subject"], each["n"]) for each in found] == [(ASSET, 3), (ABSENT, 1)]
    assert found[0]["proof"] is None
    assert watch(program, address, ASSET, ABSENT, "--json").out == ""
    watched = program.json("light", "status", "--state", program.home / "watch.state")["watched"]
    assert {each["subject"]: each["n"] for each in watched} == {ASSET: 3, ABSENT: 1}


def test_each_change_has_a_proof_that_verifies(program, address, house):
    watch(program, address, ASSET)
    house.write(ASSET, times=2).write(ASSET)
    found = lines(watch(program, address, ASSET, "--json", "--proofs", "proofs"))
    assert [each["n"] for each in found] == [2, 3, 4]
    (file,) = {each["proof"] for each in found}
    verdict = program.json("verify", file, "--policy", "trust.policy", "--subject", ASSET)
    assert verdict["verified"]


def test_of_a_long_absence_every_event_is_reported_with_a_proof(program, address, house):
    house.write(ASSET, times=900).write(ASSET, times=150)
    words = (ASSET, "--json", "--proofs", "proofs", "--from-start")
    found = lines(watch(program, address, *words))
    assert [each["n"] for each in found] == list(range(1, 1052))
    files = [each["proof"] for each in found]
    assert len(set(files[:51])) == 51
    assert len(set(files[51:])) == 1
    verdict = program.json("verify", files[0], files[50], files[-1], "--policy", "trust.policy")
    assert verdict["verified"]


def test_a_dossier_with_an_event_left_out_ends_the_watch(program, address, house):
    watch(program, address, ASSET)
    house.write(ASSET, times=2)

    def leave_out(data):
        document = json.loads(data)
        del document["events"][0]
        return json.dumps(document).encode()

    address.house = Spoilt(house, "v1/dossier/", leave_out)
    assert watch(program, address, ASSET, "--json", code=3).error["code"] == "bundle"
    address.house = house
    assert [each["n"] for each in lines(watch(program, address, ASSET, "--json"))] == [2, 3]


@pytest.fixture
def listener():
    """A web hook and what it was sent; `fails` so many times first."""

    class Listener:
        posts, fails = [], 0

    def respond(handler, _path):
        body = handler.rfile.read(int(handler.headers["content-length"]))
        Listener.posts.append((handler.headers["idempotency-key"], json.loads(body)))
        Listener.fails -= 1
        give(handler, b"", 503 if Listener.fails >= 0 else 200)

    with serve_tcp(respond) as url:
        Listener.url = url
        yield Listener


def test_each_change_is_posted_with_its_proofs(program, address, house, listener, tmp_path):
    watch(program, address, ASSET)
    house.write(ASSET, times=2)
    watch(program, address, ASSET, "--hook", f"{listener.url}/?token=a")
    assert [key for key, _ in listener.posts] == [f"{ASSET}#2", f"{ASSET}#3"]
    bodies = [body for _, body in listener.posts]
    assert [body["format"] for body in bodies] == ["muniment/change/v1"] * 2
    assert bodies[0]["dossier"] is None
    Path("receipt.json").write_text(json.dumps(bodies[0]["receipt"]))
    Path("dossier.json").write_text(json.dumps(bodies[1]["dossier"]))
    for file in ("receipt.json", "dossier.json"):
        assert program.json("verify", file, "--policy", "trust.policy")["verified"]


def test_a_hook_that_fails_gets_everything_later(program, address, house, listener, monkeypatch):
    monkeypatch.setattr("ledger.light.hook.PAUSES_S", (0.01, 0.01))
    watch(program, address, ASSET)
    house.write(ASSET, times=3)
    listener.fails = 10
    said = watch(program, address, ASSET, "--hook", listener.url, "--json", code=6)
    assert json.loads(said.out.splitlines()[0])["n"] == 2
    assert {key for key, _ in listener.posts} == {f"{ASSET}#2"}
    listener.fails, listener.posts[:] = 1, []
    watch(program, address, ASSET, "--hook", listener.url)
    assert [key[-1] for key, _ in listener.posts] == ["2", "2", "3", "4"]
    listener.posts.clear()
    watch(program, address, ASSET, "--hook", listener.url)
    assert listener.posts == []


BAD_WATCHES = {
    "no key": (["x y"], 4),
    "a key of no type": (["cat/x"], 4),
    "another scheme": ([ASSET, "--hook", "file:///etc/passwd"], 4),
    "a password": ([ASSET, "--hook", "http://me:secret@127.0.0.1/"], 4),
    "an age that is none": ([ASSET, "--max-age", "soon"], 2),
}


@pytest.mark.parametrize("name", BAD_WATCHES)
def test_what_cannot_be_watched_is_refused(program, address, name):
    words, code = BAD_WATCHES[name]
    said = watch(program, address, *words, code=code)
    assert "secret" not in said.err
    assert said.out == ""


def test_watching_goes_on_until_it_is_ended(program, address, house, monkeypatch, capsys):
    """Two rounds and a node that is away in between; the third look ends it."""
    waits = []

    def wait(_self, seconds):
        waits.append(seconds)
        if len(waits) == 1:
            house.write(ASSET)
        if len(waits) == 2:
            address.house = Spoilt(house, "checkpoint", lambda data: fail())
        if len(waits) == 3:
            address.house = house.write(ASSET)
        if len(waits) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr("ledger.light.waking.Waker.wait", wait)
    argv = ["watch", ASSET, "--node", address.url, "--policy", "trust.policy", "--json"]
    start = time.monotonic()
    assert main(argv) == 130
    assert time.monotonic() - start < 30
    out, err = capsys.readouterr()
    assert [json.loads(line)["n"] for line in out.splitlines()] == [2, 3]
    assert err.count("warning") == 1
    assert waits == [5, 5, 10, 5, 5]


def test_following_goes_on_and_says_only_what_is_new(program, address, house, monkeypatch, capsys):
    waits = []

    def wait(seconds):
        waits.append(seconds)
        if len(waits) == 2:
            house.write()
        if len(waits) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr("cli.lightclient.pause", wait)
    argv = ["light", "follow", address.url, "--policy", "trust.policy", "--every", "1"]
    first = house.size
    assert main(argv) == 130
    said = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert said == [str(first), str(house.size)]

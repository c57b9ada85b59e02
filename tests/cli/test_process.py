"""The program as a process: locks, signals, pipes, locales, terminals."""

import codecs
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.files import hold_lock
from tests.support.program import (
    DEADLINE_S,
    ENTRY,
    environment,
    finish,
    interrupt,
    run_measured,
    run_process,
    start,
)

MIB = 1024 * 1024


@contextmanager
def locked_by_another_process(home):
    """Another process holds the registry's lock, as one that is writing does."""
    script = (
        "import sys; from pathlib import Path; from ledger.files import hold_lock\n"
        "with hold_lock(Path(sys.argv[1]), 'it'): print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(home / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(home),
    )
    with process:
        assert process.stdout.readline() == b"held\n"
        yield
        process.communicate()


def test_while_another_process_writes_a_writer_is_told_to_try_again(solo):
    with locked_by_another_process(solo.home):
        error = solo.refused("register", "table.csv", code=6)
        assert error == {
            "code": "unavailable",
            "message": "another process is using the registry; try again",
            "hint": "try again",
        }
        chinese = solo.ok("register", "table.csv", "--lang", "zh-CN", code=6).err
        assert "请稍后再试" in chinese
    assert solo.json("register", "table.csv")["voucher"]


def test_while_another_process_writes_readers_read(solo, founded):
    with locked_by_another_process(solo.home):
        assert solo.json("stats")["leaves"] == 7
        assert solo.json("voucher", "export", founded.number)["voucher"] == founded.number
        found = [item["subject"] for item in solo.json("search", "停车")["items"]]
        assert founded.registered["asset"] in found


def test_a_reader_does_not_hold_the_lock(solo):
    with hold_lock(solo.home / "lock", "the registry"):
        assert solo.json("stats")["leaves"] == 7


def test_a_pipe_that_closes_early_is_no_error(solo):
    for _ in range(3):
        solo.ok("register", "table.csv")
    process = start(["log", "export"], solo.home)
    process.stdout.close()
    process.stdout = None
    ended = finish(process)
    assert (ended.code, ended.err) == (0, "")


def test_a_full_disk_behind_stdout_is_said(solo):
    with Path("/dev/full").open("wb") as full:
        process = start(["stats"], solo.home, stdout=full)
        ended = finish(process)
    assert ended.code == 6
    assert "No space left on device" in ended.err
    assert "Traceback" not in ended.err


def start_on_stdin(solo, *argv):
    """A process that reads a stream that never comes to its end."""
    process = start(argv, solo.home, stdin=subprocess.PIPE, cwd=Path.cwd())
    process.stdin.write(b"x" * 100_000)
    process.stdin.flush()
    return process


def test_ctrl_c_ends_quietly_and_leaves_nothing_half_done(solo):
    process = start_on_stdin(solo, "register", "-")
    time.sleep(1)  # it reads by then
    interrupt(process)
    ended = finish(process)
    assert (ended.code, ended.out) == (130, b"")
    assert ended.err == "interrupted\n"
    assert solo.json("stats")["leaves"] == 7
    assert solo.json("register", "table.csv")["voucher"]


def test_a_killed_writer_leaves_the_lock_free(solo):
    process = start_on_stdin(solo, "register", "table.csv", "-")
    process.send_signal(signal.SIGKILL)
    finish(process)
    assert solo.json("register", "table.csv")["voucher"]


@pytest.mark.parametrize("locale", ["C", "POSIX", "zh_CN.UTF-8", "zh_CN.GBK"])
def test_chinese_comes_through_whatever_the_locale(solo, founded, locale):
    ended = run_process(
        "voucher", "show", founded.number, home=solo.home, LANG=locale, LC_ALL=locale
    )
    assert ended.code == 0, ended.err
    assert "停车数据 2026" in ended.out.decode("utf-8")
    assert ("名称" in ended.out.decode("utf-8")) is locale.startswith("zh")


def test_the_home_option_wins_over_the_variable_and_may_stand_anywhere(solo, tmp_path):
    for argv in (
        ["--home", solo.home, "stats", "--json"],
        ["stats", "--json", "--home", solo.home],
        ["--json", "stats", f"--home={solo.home}"],
    ):
        ended = run_process(*argv, home=tmp_path / "nowhere")
        assert json.loads(ended.out)["leaves"] == 7
    assert run_process("stats", home=tmp_path / "nowhere").code == 5
    assert json.loads(run_process("stats", "--json", home=solo.home).out)["leaves"] == 7


def test_without_home_option_and_variable_the_platform_s_folder_is_used(tmp_path):
    env = environment(tmp_path, XDG_DATA_HOME=str(tmp_path / "data"))
    env.pop("MUNIMENT_HOME")
    done = subprocess.run(
        [sys.executable, "-c", ENTRY, "stats"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 5
    assert str(tmp_path / "data" / "muniment") in done.stderr


def test_verifying_many_files_stays_small_and_quick(solo, founded):
    names = []
    for i in range(50):
        names.append(f"{i}.voucher.json")
        Path(names[-1]).write_bytes(founded.voucher.read_bytes())
    ended, peak = run_measured("verify", *names, "--json", home=solo.home, cwd=Path.cwd())
    assert ended.code == 0, ended.err
    assert len(json.loads(ended.out)["results"]) == 50
    assert peak < 100 * MIB


# on a terminal


class Terminal:
    """A process on a terminal of its own, 80 columns wide."""

    def __init__(self, argv, home, **more):
        leader, follower = pty.openpty()
        os.set_blocking(leader, False)
        self._leader = leader
        self._process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, *map(str, argv)],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            env=environment(home, TERM="xterm-256color", COLUMNS="80", LINES="40", **more),
            start_new_session=True,
        )
        os.close(follower)
        self.text = ""
        # A read may end amid a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def _read(self):
        readable, _, _ = select.select([self._leader], [], [], 0.1)
        try:
            read = os.read(self._leader, 65536) if readable else b""
        except OSError:  # the other side is closed
            return False
        self.text += self._decoder.decode(read)
        return True

    def expect(self, text):
        began = time.monotonic()
        while text not in self.text:
            assert self._read(), self.text
            assert time.monotonic() - began < DEADLINE_S, self.text

    def type(self, text):
        os.write(self._leader, text.encode())

    def end(self):
        began = time.monotonic()
        while self._read():  # to the end: what was written may come after the process is gone
            assert time.monotonic() - began < DEADLINE_S, self.text
        os.close(self._leader)
        return self._process.wait(DEADLINE_S)


def lines(terminal):
    """What stood on the screen, without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.text).replace("\r", "").splitlines()


def width(line):
    return sum(2 if ord(character) >= 0x1100 else 1 for character in line)


def test_a_passphrase_is_asked_for_twice_and_not_shown(tmp_path):
    home = tmp_path / "home"
    terminal = Terminal(["init", "--solo"], home)
    terminal.expect("New passphrase: ")
    terminal.type("open sesame\n")
    terminal.expect("Once more: ")
    terminal.type("open sesame\n")
    assert terminal.end() == 0
    assert "open sesame" not in terminal.text
    (tmp_path / "t.csv").write_text("x\n")
    terminal = Terminal(["register", tmp_path / "t.csv"], home, LANG="zh_CN.UTF-8")
    terminal.expect("口令：")
    terminal.type("open sesame\n")
    assert terminal.end() == 0
    assert "TEST" in terminal.text


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [("one\n", "two\n", "the two passphrases differ"), ("\n", None, "the passphrase is empty")],
    ids=["different", "empty"],
)
def test_a_mistyped_passphrase_makes_nothing(tmp_path, first, second, said):
    home = tmp_path / "home"
    terminal = Terminal(["init", "--solo"], home)
    terminal.expect("New passphrase: ")
    terminal.type(first)
    if second is not None:
        terminal.expect("Once more: ")
        terminal.type(second)
    assert terminal.end() == 2
    assert said in terminal.text
    assert not home.exists()


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    "argv",
    [
        ["verify", "one.voucher.json"],
        ["party", "list"],
        ["registration", "list"],
        ["key", "list"],
        ["log", "tail"],
        ["query", "asset", "停车"],
        ["query", "voucher", "TEST"],
        ["voucher", "show", "TEST"],
        ["stats"],
    ],
    ids=" ".join,
)
def test_on_a_terminal_no_line_is_wider_and_no_identifier_is_cut(solo, founded, argv, language):
    words = [str(founded.voucher) if word.endswith(".json") else word for word in argv]
    terminal = Terminal([*words, "--lang", language], solo.home)
    assert terminal.end() == 0, terminal.text
    shown = lines(terminal)
    assert max(map(width, shown)) <= 80
    assert "…" not in terminal.text
    whole = "".join(line.strip() for line in shown)
    wanted = {
        "verify": f"voucher/{founded.number}",
        "party": "party/",
        "registration": founded.registered["registration"],
        "key": "did:key:z6Mk",
        "log": "registration.record",
        "query": founded.registered["asset"],
        "voucher": founded.registered["asset"],
        "stats": "muniment.invalid/",
    }
    assert wanted[argv[0]] in whole


def test_an_empty_list_on_a_terminal_says_so(solo):
    terminal = Terminal(["search", "xyzzy"], solo.home)
    assert terminal.end() == 0
    assert "nothing found" in terminal.text


def test_a_long_file_shows_a_bar_on_a_terminal_and_leaves_nothing_of_it(solo, tmp_path):
    with Path("sparse.bin").open("wb") as file:
        file.truncate(200 * MIB)
    terminal = Terminal(["fingerprint", Path("sparse.bin").resolve()], solo.home)
    assert terminal.end() == 0
    assert "Reading" in terminal.text
    assert re.search(r"^[0-9a-f]{64}  ", "\n".join(lines(terminal)), re.MULTILINE)
    terminal = Terminal(["fingerprint", Path("sparse.bin").resolve(), "--quiet"], solo.home)
    assert terminal.end() == 0
    assert "Reading" not in terminal.text

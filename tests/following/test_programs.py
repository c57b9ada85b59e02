"""Auditor and mirror as people start them: processes on real addresses, killed and started again."""

import json
import shutil
import signal
from contextlib import ExitStack, closing

import pytest

from ledger.core.opening import open_checkpoint
from ledger.core.policy import parse_policy
from ledger.errors import LedgerError
from ledger.light.fetch import HttpFetcher
from tests.support.console import find_free
from tests.support.program import run_process, serving, wait_for

pytestmark = [pytest.mark.enable_socket, pytest.mark.slow]
DEADLINE_S = 120


def ask_until(probe):
    """What a probe gives once it gives something; what is not there yet is asked for again."""

    def ask():
        try:
            return probe()
        except LedgerError:
            return None

    return wait_for(ask, DEADLINE_S)


def start(stack, home, *argv):
    """A process that serves until the stack is unwound, and its address."""
    process, ready = stack.enter_context(serving(home, *argv))
    return process, ready["url"]


def run(home, *argv, code=0):
    ended = run_process(*argv, "--json", home=home)
    assert ended.code == code, (ended.out, ended.err)
    return json.loads(ended.out)


def fetch(url, path):
    with closing(HttpFetcher(url, seconds=30)) as fetcher:
        return fetcher.get(path, max_bytes=1 << 16)


def published(url, policy):
    """The published checkpoint, if it meets this policy."""
    return open_checkpoint(policy, fetch(url, "checkpoint"))


def register(home, name):
    (home.parent / f"{name}.csv").write_text(f"{name}\n", encoding="utf-8")
    return run(home, "register", home.parent / f"{name}.csv", "--title", name)


def end(process, how=signal.SIGKILL):
    process.send_signal(how)
    process.wait(DEADLINE_S)


def test_a_node_under_audit_is_lost_restored_from_its_mirror_and_goes_on(made, tmp_path):
    home, copy = tmp_path / "home", tmp_path / "mirror"
    shutil.copytree(made, home)
    backup = tmp_path / "backup"
    assert run_process("backup", backup, home=home).code == 0
    with ExitStack() as stack:
        port, auditing = find_free(2)
        node, url = start(stack, home, "serve", "--port", port)
        line = run(home, "auditor", "init", "audit.example", "--url", url, "--folder", tmp_path / "a", "--no-passphrase")["policy_line"]  # fmt: skip
        served = ("auditor", "serve", "--folder", tmp_path / "a", "--every", "1", "--port")
        auditor, place = start(stack, home, *served, auditing)
        text = (home / "trust.policy").read_text().replace("quorum none\n", "")
        text += f"{line} {place}\nquorum {line.split()[1]}\n"
        (home / "trust.policy").write_text(text)
        (backup / "trust.policy").write_text(text)
        policy = parse_policy(text.encode())
        first = ask_until(lambda: published(url, policy))
        assert first.is_audited

        # the auditor is killed and started again, and goes on where it was
        end(auditor)
        start(stack, home, *served, auditing)
        register(home, "more")
        second = ask_until(lambda: is_larger(published(url, policy), first))

        # the mirror takes it, and serves on when the node is gone with its disk
        follow = ("mirror", "serve", copy, "--from", url, "--every", "1", "--port", "0")
        _, mirror = start(stack, home, *follow)
        ask_until(lambda: published(mirror, policy).body == second.body)
        end(node)
        shutil.rmtree(home)
        trouble = ask_until(lambda: json.loads(fetch(mirror, "healthz"))["trouble"])
        assert trouble.startswith("unavailable")
        assert published(mirror, policy).body == second.body

        # restored from it, the node goes on under the eyes of the same auditor and mirror
        done = run(home, "restore", backup, "--mirror", mirror)
        assert (done["size"], done["adopted"]) == (second.body.size, second.body.size)
        register(home, "next")
        _, again = start(stack, home, "serve", "--port", port)
        assert again == url
        third = ask_until(lambda: is_larger(published(url, policy), second))
        assert third.is_audited
        ask_until(lambda: published(mirror, policy).body == third.body)
    status = run(home, "auditor", "status", "--folder", tmp_path / "a")
    assert status["logs"][0]["finding"] is None
    assert status["logs"][0]["cosigned"] == third.body.size


def is_larger(opened, before):
    return opened if opened.body.size > before.body.size else None

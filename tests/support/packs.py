"""Evidence packs as the command line makes them, and files of packs changed one by one."""

import json
from types import SimpleNamespace

from contracts.verdict import Question
from ledger.clock import SystemClock
from ledger.core.policy import parse_policy
from node.pack import PACK, Pack, read_pack, write_pack
from node.presenting import present_voucher
from node.registry import open_registry
from node.verifier import verify_file
from tests.support.voucher_flow import Registry

STATEMENT, OPENING = "statement.json", "opening.json"
TEXTS = ("statement.en.txt", "statement.zh-cn.txt")


def make_packs(new_folder):
    """Two vouchers of one registry and one of another, and packs about the first.

    Args:
        new_folder: Gives an empty folder for a name.
    """
    ours = Registry(new_folder("ours"), "example.org/solo")
    theirs = Registry(new_folder("theirs"), "example.org/other")
    for registry, name in ((ours, "north"), (ours, "south"), (theirs, "north")):
        registry.register(name)
    first, second = ours.numbers()
    made = SimpleNamespace(
        ours=ours,
        policy=parse_policy(ours.policy),
        number=first,
        second=second,
        voucher=ours.export(first),
        other=ours.export(second),
        foreign=theirs.export(theirs.numbers()[0]),
        forger=ours.forger(),
        now=SystemClock().now(),
    )
    made.pack = present(ours.home, first, made.now)
    made.opened = present(ours.home, first, made.now, with_opening=True)
    made.other_opened = present(ours.home, second, made.now, with_opening=True)
    return made


def present(home, number, as_of, purpose="trading", *, with_opening=False):
    with open_registry(home, None, is_writer=False) as registry:
        return present_voucher(registry, number, purpose, as_of, with_opening=with_opening).data


def judge(data, made, *, suspect=None, **question):
    """The verdict on a pack, under our policy and the clock of the fixture unless told."""
    asked = Question(**({"now": made.now} | question))
    report = verify_file(data, made.policy, asked, suspect=suspect)
    assert report.is_authentic == (report.failure is None)
    assert report.is_authentic == all(check.is_ok for check in report.checks)
    return report


def files_of(data):
    return dict(read_pack(data).files)


def rebuilt(data, **changes):
    """The pack with some files changed, left out (None) or new, and an honest manifest.

    Args:
        data: Of the pack.
        changes: Content by path; in paths `__` stands for a dot and `___` for a slash.
    """
    files = files_of(data)
    for name, content in changes.items():
        path = name.replace("___", "/").replace("__", ".")
        if content is None:
            del files[path]
        else:
            files[path] = content if isinstance(content, bytes) else json.dumps(content).encode()
    return write_pack(Pack(PACK, files))


def stated(data, **members):
    """The pack with other members in its statement."""
    statement = json.loads(files_of(data)[STATEMENT])
    return rebuilt(data, statement__json=statement | members)

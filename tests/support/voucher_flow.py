"""Vouchers made by the command line as people use it, and what two verifiers say of them."""

import json
from types import SimpleNamespace

from cli.main import main
from contracts.verdict import Question
from ledger.clock import SystemClock
from ledger.core.note import Algorithm, create_verifier_key, format_vkey
from ledger.core.policy import parse_policy
from ledger.keys import KeyRing, SigningKey
from node.founding import Charter, found_registry
from node.registry import open_registry
from node.rulebundle import read_profile
from node.verifier import verify_file
from tests.support.forger import Forger
from tests.support.independent_signed import NotAuthenticError
from tests.support.independent_verifier import verify_voucher

OTHER = SigningKey(b"\x05" * 32)
WITNESS = SigningKey(b"\x07" * 32)
WITNESS_KEY = create_verifier_key(
    "witness.example", Algorithm.COSIGNATURE_ED25519, WITNESS.public_key
)


class Registry:
    """A solo registry in a folder, worked by the command line."""

    def __init__(self, folder, origin):
        self.home, self.files = folder / "home", folder
        charter = Charter(read_profile("solo"), origin)
        found_registry(self.home, charter, None, SystemClock())
        self.policy = (self.home / "trust.policy").read_bytes()

    def run(self, *words):
        assert main(["--home", str(self.home), "--quiet", *words]) == 0

    def register(self, name):
        path = self.files / f"{name}.csv"
        path.write_text(f"hour,cars\n1,{len(name)}\n", encoding="utf-8")
        self.run(
            "register", str(path), "--title", f"停车 {name}", "--right", "hold", "--right", "use"
        )

    def numbers(self):
        with open_registry(self.home, None, is_writer=False) as registry:
            keys = registry.find_subjects("voucher/", 10)
        return [key.removeprefix("voucher/") for key in keys]

    def export(self, number):
        path = self.files / "exported.json"
        self.run("voucher", "export", number, "--out", str(path), "--force")
        return path.read_bytes()

    def forger(self):
        ring, key = KeyRing(self.home / "keys", None), parse_policy(self.policy).logs[0].key
        line, witness = (key.name, key.key_id), (WITNESS_KEY.name, WITNESS_KEY.key_id)
        return Forger(ring.load("log"), line, ring.load("operator"), WITNESS, witness)


def make_flow(new_folder):
    """Vouchers of two registries: `data` is what most tests are about, `older` its first export.

    Args:
        new_folder: Gives an empty folder for a name.
    """
    ours = Registry(new_folder("ours"), "example.org/solo")
    theirs = Registry(new_folder("theirs"), "example.org/other")
    ours.register("north")
    theirs.register("north")
    older = ours.export(ours.numbers()[0])
    ours.register("south")
    first, second = ours.numbers()
    return SimpleNamespace(
        policy=ours.policy,
        data=ours.export(first),
        older=json.loads(older),
        second=json.loads(ours.export(second)),
        foreign=json.loads(theirs.export(theirs.numbers()[0])),
        foreign_policy=theirs.policy,
        forger=ours.forger(),
        now=SystemClock().now(),
    )


def product_says(data, policy, now, as_of=None):
    """The verdict, or None if it is not authentic."""
    report = verify_file(data, parse_policy(policy), Question(now, as_of))
    assert report.is_authentic == (report.failure is None)
    if report.failure is not None:
        assert not report.is_in_force
        return None
    return {
        "subject": report.subject,
        "as_of": report.as_of,
        "status": report.status,
        "marks": report.marks,
        "valid_until": report.valid_until,
        "in_force": report.is_in_force,
    }


def independent_says(data, policy, now, as_of=None):
    try:
        return verify_voucher(data, policy, now=now, as_of=as_of)
    except NotAuthenticError:
        return None


def say(data, policy, now, as_of=None):
    """What both say; they have to agree."""
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    verdict = product_says(data, policy, now, as_of)
    assert independent_says(data, policy, now, as_of) == verdict
    return verdict


def with_witness(policy, quorum=b"w"):
    lines = policy.replace(b"quorum none\n", b"")
    return lines + f"witness w {format_vkey(WITNESS_KEY)}\nquorum ".encode() + quorum + b"\n"

"""Questions about a node's signed answers: who gave them, and what is none."""

from functools import cache
from hashlib import sha256

from ledger.core.answer import Answer, AnswerOutcome, SignedAnswer, answer_message, format_answer
from ledger.core.bundle import format_state_bundle
from tests.support.golden.cases import ask, refuse
from tests.support.golden.patches import put
from tests.support.golden.scenario import policy_text, solo
from tests.support.log_builder import LOG, ORIGIN
from tests.support.note_signers import log_signer
from tests.support.people import Key

TIME = 1_795_388_434_429
EVENT = sha256(b"an event").hexdigest()
OTHER = Key("another node")
MOST = 2**53 - 1


@cache
def shared():
    world = solo()
    note, cosigned = world.log.note(), world.log.note(world.cosigned_at)
    bundles = {
        "accepted": reply(),
        "duplicate": reply(code="duplicate"),
        "refused by a rule": reply("wrong_version", "refused"),
        "refused, the longest code": reply("a" * 64, "refused"),
        "at the beginning of time": reply(time=0),
        "at the end of time": reply(time=MOST),
        "of another ledger": reply(log="example.org/x"),
        "by another key": reply(key=OTHER),
        "refused as accepted": reply("accepted", "refused"),
        "refused as duplicate": reply("duplicate", "refused"),
        "accepted for a reason": reply("signature"),
        "a code too long": reply("a" * 65, "refused"),
        "a code with a figure first": reply("1st", "refused"),
        "a code in capitals": reply("No", "refused"),
        "no code": reply("", "refused"),
        "the ledger's state": format_state_bundle(world.log.state("ledger/self", note)),
        "the ledger's state, cosigned": format_state_bundle(
            world.log.state("ledger/self", cosigned)
        ),
        "an operator's state": format_state_bundle(world.log.state(world.operator.party, note)),
    }
    policies = {
        "nobody cosigns": policy_text(),
        "the witness cosigns": policy_text(quorum="w"),
        "another log": policy_text().replace(LOG.vkey, log_signer("example.org/x").vkey),
    }
    return {"policies": policies, "bundles": bundles}


def reply(code="accepted", outcome="accepted", time=TIME, log=ORIGIN, key=None):
    """An answer that this key signs; the product's reader may refuse it."""
    key = key or solo().node
    answer = Answer(code, EVENT, log, AnswerOutcome(outcome), time)
    return format_answer(SignedAnswer(answer, key.did, key.sign(answer_message(answer))))


def _ask(desc, bundle="accepted", ledger="the ledger's state", policy="nobody cosigns", **more):
    return ask("answer", desc, bundle=bundle, ledger=ledger, policy=policy, **more)


def _refuse(error, desc, bundle="accepted", **more):
    asked = {"ledger": "the ledger's state", "policy": "nobody cosigns"} | more
    return refuse("answer", error, desc, bundle=bundle, **asked)


def cases():
    for bundle in list(shared()["bundles"])[:6]:
        yield _ask(bundle, bundle)
    cosigned = "the ledger's state, cosigned"
    yield _ask("under a cosigned state", ledger=cosigned, policy="the witness cosigns")
    for bundle, error in (("of another ledger", "bundle"), ("by another key", "signature")):
        yield _refuse(error, bundle, bundle)
    for bundle in list(shared()["bundles"])[8:15]:
        yield _refuse("malformed", bundle, bundle)
    yield _refuse("bundle", "another subject's state", ledger="an operator's state")
    yield _refuse("quorum", "a state that nobody cosigned", policy="the witness cosigns")
    yield _refuse("signature", "another log", policy="another log")
    yield from _mangled()


def _mangled():
    other = shared()["bundles"]["by another key"]
    changes = {
        "another event": ("signature", put(["answer", "event"], "ab" * 32)),
        "another time": ("signature", put(["answer", "time"], TIME + 1)),
        "duplicate instead": ("signature", put(["answer", "code"], "duplicate")),
        "another's key": ("signature", put(["key"], other["key"])),
        "another's signature": ("signature", put(["sig"], other["sig"])),
        "half a signature": ("malformed", put(["sig"], other["sig"][:43])),
        "an event in capitals": ("malformed", put(["answer", "event"], EVENT.upper())),
        "a time below zero": ("malformed", put(["answer", "time"], -1)),
        "a time beyond all numbers": ("malformed", put(["answer", "time"], MOST + 1)),
        "a time that is true": ("malformed", put(["answer", "time"], True)),
        "an unknown outcome": ("malformed", put(["answer", "outcome"], "perhaps")),
        "a member more": ("malformed", put(["note"], "")),
        "a member more in what is said": ("malformed", put(["answer", "note"], "")),
        "another format": ("malformed", put(["format"], "muniment/answer/v2")),
        "a key of another kind": ("malformed", put(["key"], "did:web:example.org")),
    }
    for desc, (error, change) in changes.items():
        yield _refuse(error, desc, change=[change])
    for at in (["format"], ["answer"], ["key"], ["sig"], ["answer", "code"], ["answer", "log"]):
        change = {"at": at, "drop": True}
        yield _refuse("malformed", f"without {' '.join(at)}", change=[change])

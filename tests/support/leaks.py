"""Cases of traced files over a solo registry, with chances that a test sets: no file is measured.

甲公司 delivers marked copies to 乙公司 and 丁公司; 乙公司 hands one on to 丙公司.
"""

import json
from contextlib import contextmanager
from hashlib import sha256
from types import SimpleNamespace

from msgspec.structs import replace

from contracts import delivery
from contracts.forms import Commitment
from contracts.marking import Escrow, Marks
from contracts.verdict import Question
from ledger.core.policy import parse_policy
from ledger.core.subjects import derive_id
from node.pack import CASE, Pack, read_pack, write_pack
from node.tracing.casefile import write_case
from node.tracing.compose import Measured, Request, compose
from node.tracing.finding import Custody, Derivation, Overlap, Step, SuspectFile
from node.tracing.ladder import find_record
from node.verifier import verify_file
from tests.support.desk import FIRST, HOLDER, SECOND, THIRD, open_desk
from tests.support.grants import copy, onward, permit, tracked

FINDING = "finding.json"
SUSPECT = b"id,cars\n1,120\n"
SURE, WEAK = -27_000, -1_500
"""Chances: far below any threshold, and far above it."""


def marks(label="marks", **members):
    """What a delivery says of marks; the key committed to is nobody's."""
    key = Commitment(digest=sha256(label.encode()).hexdigest()[:43])
    members = {"withheld": 200, "rows_per_mark": 32, "rows": 3, "key": key} | members
    return Marks(**members)


def issue(desk, grantor, grantee, *permissions, parent=None):
    """A grant that discloses marks, in force at once; its key."""
    body = desk.issue_body(grantor, grantee, *permissions, parent=parent)
    body = replace(body, policy=body.policy | {"obligation": [tracked()]})
    event = desk.act(grantor, body, grantee)
    return derive_id("grant", actor=event.actor, nonce=event.nonce)


def send(desk, name, grant, recipient, label, **members):
    """A delivery's record with marks; its key."""
    body = delivery.Send(
        grant=grant,
        asset=desk.asset,
        recipient=desk.parties[recipient],
        copy=delivery.Copy(**copy(label)),
        **members,
    )
    event = desk.act(name, body)
    return derive_id("delivery", actor=event.actor, nonce=event.nonce)


def receive(desk, name, key, grant, label):
    body = delivery.Receive(
        delivery=key, grant=grant, asset=desk.asset, copy=delivery.Copy(**copy(label))
    )
    desk.act(name, body)


@contextmanager
def open_leak(market, folder):
    """A desk, the deliveries of its asset by the name of who got each, and its policy."""
    with open_desk(market, folder) as desk:
        use = permit("use")
        first = issue(desk, HOLDER, FIRST, use, onward(use, obligation=[tracked()]))
        third = issue(desk, HOLDER, THIRD, use)
        second = issue(desk, FIRST, SECOND, use, parent=first)
        sealed = Escrow(party=desk.parties[HOLDER], digest="0" * 64)
        sent = {
            FIRST: send(desk, HOLDER, first, FIRST, "first", marks=marks("a")),
            THIRD: send(desk, HOLDER, third, THIRD, "third", marks=marks("b")),
            SECOND: send(desk, FIRST, second, SECOND, "second", marks=marks("c"), escrow=sealed),
        }
        receive(desk, FIRST, sent[FIRST], first, "first")
        receive(desk, SECOND, sent[SECOND], second, "second")
        policy = parse_policy((folder / "trust.policy").read_bytes())
        yield SimpleNamespace(desk=desk, sent=sent, policy=policy, asset=desk.asset)


def made_from(leak, name):
    """丙公司's copy was made from 乙公司's, all others from the original."""
    return (leak.sent[FIRST],) if name == SECOND else (None,)


def measured(leak, chances, *, suspect=SUSPECT, why="", exact="no-match"):
    """What files and keys would have said; chances by who got the delivery."""
    share = (9_800, 9_700, 9_900)
    return Measured(
        suspect=SuspectFile(
            digest=sha256(suspect).hexdigest(),
            size=len(suspect),
            form="csv",
            rows=5_000,
            columns=2,
        ),
        derivation=Derivation(
            asset=leak.asset,
            record=find_record(leak.desk.registry, leak.asset),
            overlaps=(
                Overlap(asset=leak.asset, by="rows", of_suspect=share, of_asset=(500, 490, 510)),
            ),
            steps=(Step(rung="exact", outcome=exact), Step(rung="rows", outcome="match")),
        ),
        chances={leak.sent[name]: (chance, "one/95/70") for name, chance in chances.items()},
        sources={leak.sent[name]: made_from(leak, name) for name in chances},
        why=why,
        rows=4_000,
        marks=120,
    )


def make(leak, chances, *, act_at=None, custody=None, signer=None, **more):
    """Finding and proofs."""
    desk = leak.desk
    request = Request(
        made_at=desk.now,
        version="0",
        viewer=desk.parties[signer or HOLDER],
        bound=-6_000,
        custody=custody or Custody(),
        signer=signer and desk.parties[signer],
        act_at=act_at,
    )
    return compose(desk.registry, desk.registry.prover(), measured(leak, chances, **more), request)


def make_case(leak, chances, *, signer=None, **more):
    """The bytes of a case; signed by a party, if one is named."""
    composed = make(leak, chances, signer=signer, **more)
    key = signer and leak.desk.keys(signer)[0]
    return write_case(composed.finding, composed.evidence, key or None)


def judge(data, leak, *, suspect=None, **question):
    asked = Question(**({"now": leak.desk.now} | question))
    report = verify_file(data, leak.policy, asked, suspect=suspect)
    assert report.is_authentic == (report.failure is None)
    assert report.is_authentic == all(check.is_ok for check in report.checks)
    return report


def files_of(data):
    return dict(read_pack(data).files)


def rebuilt(files, form=CASE):
    """A container of these files with an honest manifest."""
    return write_pack(Pack(form, files))


def edited(data, change):
    """The case with another finding, and with reports written anew from it if that is possible."""
    from node.render.tracereport import render_report
    from node.tracing.finding import REPORT_FILES, parse_finding

    files = files_of(data)
    finding = json.loads(files[FINDING])
    change(finding)
    files[FINDING] = json.dumps(finding, ensure_ascii=False).encode()
    for language, path in REPORT_FILES.items():
        files[path] = render_report(parse_finding(finding), language).encode()
    return rebuilt(files)

"""Findings that between them make a report say everything it can say; nothing of them is proved."""

from itertools import product

from msgspec.structs import replace

from node.tracing.finding import (
    FINDING,
    METHOD,
    WORDS,
    Act,
    Attribution,
    Candidate,
    Clause,
    Custody,
    Derivation,
    Finding,
    Named,
    Overlap,
    PartyName,
    Place,
    Step,
    SuspectFile,
)

TIME = 1_800_000_000_000
ASSET = "asset/" + "a" * 26
SELLER, BUYER, NEXT, MAKER = (f"party/{letter * 26}" for letter in "bcde")
FIRST, SECOND, THIRD = (f"delivery/{letter * 26}" for letter in "fgh")
GRANT = "grant/" + "i" * 26
RUNGS = ("exact", "table", "rows", "shingles", "chunks", "words", "alignment")
PATTERNS = (
    "one/95/70", "restored/99/40", "random/3", "majority/2", "minority/2", "original/4", "other/5",
    "coin/8", "filled", "unreached", "new/kind/of/thing",
)  # fmt: skip
CUSTODY = Custody(by="王某", at=TIME, where="https://example.org", how="公证购买", notary="2026-9")


def candidate(key, place, **members):
    return Candidate(
        **{
            "delivery": key,
            "grant": GRANT,
            "sender": SELLER,
            "recipient": BUYER,
            "index": 10 + place,
            "time": TIME - 1_000_000 + place,
            "received": TIME - 900_000,
            "is_marked": True,
            "marked_by": None,
            "source": None,
        }
        | members
    )


def named(**members):
    clause = Clause(code="no_grant", subject=GRANT, path="prohibition/0", en="words", zh="条款")
    told = {"onward": (), "unscored": (), "verdict": "prohibited", "is_spent": False}
    return Named(**{"delivery": FIRST, "clause": clause} | told | members)


def overlap(by="rows", shares=(9_000, 8_000, 9_500)):
    return Overlap(asset=ASSET, by=by, of_suspect=shares, of_asset=(500, 500, 500))


CANDIDATES = (
    candidate(FIRST, 1, chance=-27_123, pattern="one/95/70", made_from=(None,)),
    candidate(SECOND, 2, recipient=NEXT, received=None, chance=0, pattern="coin/8"),
    candidate(THIRD, 3, recipient=NEXT, is_marked=False),
)
BASE = Finding(
    format=FINDING,
    version="0",
    words=WORDS,
    made_at=TIME,
    log=Place(origin="example.org/log", size=1_234, time=TIME - 1),
    viewer=SELLER,
    signer=None,
    title="停车数据",
    voucher="TEST2026110001",
    is_opened=True,
    suspect=SuspectFile(digest="0" * 64, size=12_345, form="csv", rows=1_000, columns=7),
    custody=Custody(),
    derivation=Derivation(
        asset=ASSET,
        record="1" * 64,
        overlaps=(overlap(),),
        steps=tuple(Step(rung=rung, outcome="match") for rung in RUNGS),
    ),
    attribution=Attribution(
        outcome="named",
        why="",
        method=METHOD,
        bound=-6_000,
        threshold=-6_302,
        scored=2,
        rows=900,
        marks=40,
        against=None,
        is_whole=True,
        earlier=0,
        candidates=CANDIDATES,
        cleared=(),
    ),
    act=Act(at=TIME, source="traced"),
    named=(named(),),
    names=tuple(
        PartyName(party=key, name=name)
        for key, name in ((SELLER, "甲公司"), (BUYER, "乙公司"), (NEXT, "<丙> & 公司"))
    ),
)
WHYS = (
    "no-asset", "no-table", "no-deliveries", "no-marks", "no-key", "no-original", "no-rows",
    "too-weak",
)  # fmt: skip


def told(finding=BASE, **members):
    """A finding with another attribution."""
    return replace(finding, attribution=replace(finding.attribution, **members))


def derived(**members):
    """A finding with another derivation."""
    return replace(BASE, derivation=replace(BASE.derivation, **members))


def list_findings():
    """Every one of them."""
    yield BASE
    for why, against in product(WHYS, (None, FIRST)):
        scored = 2 if why == "too-weak" else 0
        none = told(outcome="none", why=why, against=against, scored=scored)
        yield replace(none, named=())
    for verdict, is_spent in product(("permitted", "prohibited", "not covered"), (False, True)):
        yield replace(BASE, named=(named(verdict=verdict, is_spent=is_spent),))
    yield replace(BASE, named=(named(onward=(SECOND, THIRD), unscored=(SECOND,)),))
    for source in ("stated", "found"):
        yield replace(BASE, act=Act(at=TIME, source=source))
    yield told(candidates=(replace(CANDIDATES[0], marked_by=MAKER), *CANDIDATES[1:]))
    yield told(candidates=(replace(CANDIDATES[0], received=None), *CANDIDATES[1:]))
    for pattern in PATTERNS:
        yield told(candidates=(replace(CANDIDATES[0], pattern=pattern), *CANDIDATES[1:]))
    for found in (None, 0, 3):
        invented = replace(CANDIDATES[0], invented=5, invented_found=found)
        yield told(candidates=(invented, *CANDIDATES[1:]))
    yield told(cleared=(SECOND,))
    yield told(is_whole=False, against=FIRST)
    for bound in (-1_000, -3_000, -9_000, -12_000):
        yield told(bound=bound)
    yield derived(asset=None, overlaps=())
    yield derived(overlaps=())
    yield derived(overlaps=tuple(overlap(rung, (1, 1, 1)) for rung in RUNGS))
    for outcome in ("no-match", "not-tested"):
        yield derived(steps=tuple(Step(rung=rung, outcome=outcome) for rung in RUNGS))
    yield replace(BASE, custody=CUSTODY, signer=SELLER)
    yield replace(BASE, title=None, voucher=None, viewer=None, names=())
    yield replace(BASE, suspect=replace(BASE.suspect, form="file", rows=None, columns=None))

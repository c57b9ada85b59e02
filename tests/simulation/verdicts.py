"""May this party do this with this asset, then? Asked of the states, and of proofs alone.

The registry answers from its newest states; a stranger works the answer out again from a file. Both
must say the same, about any date, and the same as was said on that date itself.
"""

import copy
import json
from collections import Counter
from dataclasses import dataclass

from contracts.check import format_check, judge_check, parse_check
from contracts.odrl import ACTIONS
from contracts.permission import Inquiry, judge_act
from contracts.records import format_record
from contracts.verdict import Question, Report
from ledger.core.bundle import format_state_bundle
from ledger.core.canonical import decode_bundle
from ledger.core.limits import MAX_DOSSIER_BYTES
from ledger.errors import LedgerError
from node.answers import prove_act
from tests.simulation.stage import POLICY
from tests.simulation.terms import PURPOSES, REGIONS, SCENES
from tests.support.people import START

OTHERS = {
    "permitted": "not covered",
    "prohibited": "permitted",
    "not covered": "prohibited",
}


def ask(sim, random, at=None):
    """A question that somebody might have, about now unless a date is given or drawn."""
    if random.random() < 0.75 and sim.grants:
        grant = random.choice(sim.grants)
        one, plan = sim.model.grants[grant], sim.plans[grant]
        party, asset = random.choice([one["grantee"]] * 4 + [one["grantor"]]), one["asset"]
        acts = [*plan.acts, *plan.usable, *([plan.onward[0]] if plan.onward else []), *ACTIONS]
        purposes, regions = plan.purposes or PURPOSES, plan.regions or REGIONS
        since = one["since"] if random.random() < 0.8 else START
    else:
        asset, party = random.choice(sim.assets), random.choice([*sim.people])
        holders = [holder for holder, _ in sim.model.assets[asset]["tuples"]]
        party = random.choice([*holders, party])
        acts, purposes, regions, since = ACTIONS, PURPOSES, REGIONS, START
    facts = {"purpose": random.choice(purposes)} if random.random() < 0.8 else {}
    facts |= {"spatial": random.choice(regions)} if random.random() < 0.8 else {}
    at = draw_date(sim, random, asset, since) if at is None else at
    facts |= {"muniment:scene": random.choice(SCENES)} if random.random() < 0.8 else {}
    return Inquiry(party=party, asset=asset, action=random.choice([*acts]), at=at, facts=facts)


def draw_date(sim, random, asset, since):
    """Any date so far; mostly one at which something happened to the asset, or close to it."""
    if random.random() < 0.2:
        return random.randint(START, sim.time)
    times = [time for time in sim.moments[asset] if time >= since] or [sim.time]
    return min(sim.time, random.choice(times) + random.choice([-1, 0, 0, 1, 1000]))


def answer_from_states(sim, inquiry):
    """What the newest states say; the party's grants are those that the model knows of."""
    grants = [
        key
        for key, one in sim.model.grants.items()
        if (one["grantee"], one["asset"]) == (inquiry.party, inquiry.asset)
    ]
    return judge_act(sim.stage, inquiry, grants)


def answer_from_file(sim, file, policy=POLICY):
    """What a stranger finds in a file, who has nothing but it and a policy."""
    data = json.dumps(file).encode()
    bundle = parse_check(decode_bundle(data, max_bytes=MAX_DOSSIER_BYTES))
    report = Report()
    judge_check(bundle, policy, Question(now=sim.time), report)
    assert report.is_authentic
    assert report.status == bundle.answer.verdict
    return bundle.answer


def prove(sim, inquiry):
    """The answer with its proofs, as a file holds it."""
    return json.loads(json.dumps(format_check(prove_act(sim.stage.prover(), inquiry))))


def compare(sim, random, count):
    """Ask so many questions both ways; gives how often each verdict and each clause came."""
    found = Counter()
    for _ in range(count):
        inquiry = ask(sim, random)
        expected = answer_from_states(sim, inquiry)
        answer = answer_from_file(sim, prove(sim, inquiry))
        assert format_record(answer) == format_record(expected), (sim.seed, inquiry)
        found[expected.verdict] += 1
        found[expected.clause.code] += 1
    return found


# --- the same question, asked then and later


@dataclass(frozen=True)
class Said:
    """What was answered on the very day."""

    inquiry: Inquiry
    verdict: str
    code: str


def note(sim, random):
    """Ask about now, to ask again at the end."""
    if sim.grants:
        inquiry = ask(sim, random, at=sim.time)
        answer = answer_from_states(sim, inquiry)
        sim.said.append(Said(inquiry, answer.verdict, answer.clause.code))


def compare_with_then(sim):
    """Ask everything again that was asked on the day; gives how many answers were compared.

    A record may take effect a little before it is written down, when the national system had it;
    what was asked between is left out, as is what the kept states do not reach back to.
    """
    compared = Counter()
    for said in sim.said:
        answer = answer_from_states(sim, said.inquiry)
        if answer.clause.code == "unknown_then" or is_settled_later(sim, said.inquiry):
            compared["left out"] += 1
            continue
        assert answer.verdict == said.verdict, (sim.seed, said, answer)
        compared[said.verdict] += 1
    return compared


def is_settled_later(sim, inquiry):
    """Whether a record of the asset that was written later took effect before the date."""
    return any(since <= inquiry.at < time for since, time in sim.model.records[inquiry.asset])


# --- mangled files


def mangle(sim, file, older):
    """Every mangling that applies to a file, by name; older is a checkpoint to take proofs of."""
    for name, change in MANGLINGS.items():
        mangled = copy.deepcopy(file)
        change(mangled, sim, older)
        if mangled != file:
            yield name, mangled


def is_refused(sim, file):
    try:
        answer_from_file(sim, file)
    except LedgerError:
        return True
    return False


def another_verdict(file, sim, older):
    file["answer"]["verdict"] = OTHERS[file["answer"]["verdict"]]


def another_clause(file, sim, older):
    file["answer"]["clause"]["code"] = "because"


def a_duty_more(file, sim, older):
    file["answer"]["duties"].append({"action": "delete"})


def the_first_state_left_out(file, sim, older):
    del file["states"][:1]


def the_last_state_left_out(file, sim, older):
    del file["states"][-1:]


def the_first_event_left_out(file, sim, older):
    for dossier in file["dossiers"]:
        del dossier["events"][0]


def the_last_event_left_out(file, sim, older):
    for dossier in file["dossiers"]:
        del dossier["events"][-1]


def the_history_left_out(file, sim, older):
    file["states"] += [dossier["state"] for dossier in file["dossiers"]]
    file["dossiers"] = []


def a_grant_left_out(file, sim, older):
    """The party's last grant of the asset, from the history and from the states."""
    asset = file["inquiry"]["asset"]
    for dossier in file["dossiers"]:
        for event in reversed(dossier["events"]):
            issue = sim.model.events[event["index"]][1]
            if issue.kind == "grant.issue" and issue.body["asset"] == asset:
                dossier["events"].remove(event)
                gone = set(issue.subjects) - {asset, issue.body.get("parent")}
                file["states"] = [one for one in file["states"] if one["subject"] not in gone]
                return


def an_older_state(file, sim, older):
    """One state as it was proved under an older checkpoint."""
    for place, state in enumerate(file["states"]):
        before = older.prove_state(state["subject"])
        if before.value is not None:
            file["states"][place] = format_state_bundle(before)
            return


def an_older_checkpoint(file, sim, older):
    """The proofs as they are, under an older checkpoint's signature."""
    for state in [*file["states"], *(dossier["state"] for dossier in file["dossiers"])]:
        head = state["seal"]["proof"].partition("\n\n")[0]
        state["seal"]["proof"] = f"{head}\n\n{older.anchor.note.decode()}"


def a_state_changed(file, sim, older):
    for state in file["states"][:1]:
        state["value"]["state"] = state["value"]["state"] | {"status": []}


def a_state_shown_absent(file, sim, older):
    for state in file["states"][:1]:
        state["value"] = None


def a_subject_twice(file, sim, older):
    file["states"] += file["states"][:1]


def another_party_asked_about(file, sim, older):
    others = [key for key in sim.people if key != file["inquiry"]["party"]]
    file["inquiry"]["party"] = others[0]


MANGLINGS = {
    change.__name__: change
    for change in (
        another_verdict,
        another_clause,
        a_duty_more,
        the_first_state_left_out,
        the_last_state_left_out,
        the_first_event_left_out,
        the_last_event_left_out,
        the_history_left_out,
        a_grant_left_out,
        an_older_state,
        an_older_checkpoint,
        a_state_changed,
        a_state_shown_absent,
        a_subject_twice,
        another_party_asked_about,
    )
}

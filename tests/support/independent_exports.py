"""Files for the national system, verified once more; catalogues are in `independent_catalogue`.

From our formats page, section 7, and the page of exports, without a line of the product.
"""

from hashlib import sha256

from tests.support.independent_proofs import open_proofs, read_file
from tests.support.independent_signed import b64url, canonical, like, members, need
from tests.support.independent_verifier import ID, read_intervals, read_leaf

SELF = "ledger/self"
STATUTORY = {
    "initial": ("restrictions", "summary", "title"),
    "transfer": ("content", "title"),
    "change": ("after", "title"),
    "renewal": ("title",),
    "cancellation": ("title",),
}
"""What a public notice opens, by type of registration (Art. 24)."""


def same(said, proved, what):
    need(
        canonical(said, 24, ".*") == canonical(proved, 24, ".*"), f"the proofs show another {what}"
    )


def there(proved, key, kind):
    state = proved.state(key, kind)
    need(state is not None, f"{key} is absent")
    return state


def values(state, name):
    """Values of the open intervals of a list."""
    return [one["value"] for one in read_intervals(state, name) if one["to"] is None]


# --- the national system


def verify_national(data, policy):
    """The registration that a file for the national system is about, and what nothing shows yet.

    Args:
        data: Bytes of the file.
        policy: Bytes of the verifier's own policy.

    Returns:
        `{"subject","not_yet"}`.
    """
    whole = read_file(data, "digest document dossier states", "muniment/national/v1")
    document, dossier = whole["document"], whole["dossier"]
    need(isinstance(document, dict), "a document")
    need(sha256(canonical(document, 20)).hexdigest() == whole["digest"], "the digest")
    is_evidence = read_document(document)
    proved = open_proofs(whole["states"], [dossier], policy)
    key = document["registration"]
    state = there(proved, key, "registration/1")
    need(proved.history(key), "events")
    needed = {SELF, state["asset"], *state["parties"], key}
    need(set(proved.values) == needed, "the states of ledger, asset and applicants")
    entries = [(one["index"], read_leaf(b64url(one["entry"]))) for one in dossier["events"]]
    check_plain(document, state, proved, entries[0][1]["event"]["log"])
    if not is_evidence:
        return {"subject": key, "not_yet": check_notice(document, state)}
    before, record = split_record(entries)
    check_evidence(document, state, there(proved, state["asset"], "asset/1"), before)
    return {"subject": key, "not_yet": check_record(document, whole["digest"], record)}


def read_document(document):
    """Whether it is evidence; what no proof shows is held to its form here."""
    names = "part log registrar registration asset type voucher applicants fields"
    is_evidence = document.get("part") == "evidence"
    need(is_evidence or document.get("part") == "notice", "part")
    members(document, names + " evidence" * is_evidence, "a document")
    like(f"registration/{ID}", document["registration"], "registration")
    need(isinstance(document["fields"], dict), "fields")
    if not is_evidence:
        return False
    evidence = members(
        document["evidence"], "process application notice deposit result", "evidence"
    )
    read_deposit(evidence["deposit"])
    read_result(evidence["result"])
    return True


def read_deposit(deposit):
    """Deposited fingerprints open the commitments beside them."""
    has_openings = isinstance(deposit, dict) and "openings" in deposit
    members(deposit, "commitments digests" + " openings" * has_openings, "a deposit")
    openings, made = deposit.get("openings", []), deposit["commitments"]
    need(isinstance(openings, list) and isinstance(made, dict), "a deposit")
    for one in openings:
        members(one, "by field log salt value", "an opening")
        need(isinstance(one["field"], str) and len(b64url(one["salt"])) == 32, "an opening")
        like(f"party/{ID}", one["by"], "by")
        digest = sha256(b"muniment/commit/v1\n" + canonical(one, 20)).digest()
        claimed = made.get(one["field"])
        need(claimed is not None and b64url(claimed) == digest, f"an opening of {one['field']}")


def read_result(result):
    members(result, "rights declared class level", "a result")
    for name in ("rights", "declared"):
        need(isinstance(result[name], list), name)
        need(all(isinstance(one, dict) for one in result[name]), name)
    for name in ("class", "level"):
        need(result[name] is None or isinstance(result[name], str), name)


def check_plain(document, state, proved, origin):
    """What every part says."""
    ledger = there(proved, SELF, "ledger/1")
    registrar = {name: ledger[name] for name in ("name", "catalogue")}
    same(document["registrar"], registrar | {"party": ledger["registrar"]}, "registrar")
    same(document["log"], origin, "log")
    same(document["applicants"], [describe(proved, one) for one in state["parties"]], "applicants")
    for name, of_state in (("asset", "asset"), ("type", "type"), ("voucher", "about")):
        same(document[name], state[of_state], name)


def describe(proved, key):
    """An applicant; of a natural person the name is a commitment, and is not said."""
    party = there(proved, key, "party/1")
    name = party["name"] if isinstance(party["name"], str) else None
    return {"party": key, "kind": party["kind"], "name": name, "uscc": party["uscc"]}


def check_notice(document, state):
    need(state["type"] in STATUTORY, "type")
    names = STATUTORY[state["type"]]
    need(set(document["fields"]) == set(names), "members of a notice")
    if not state["fields"]:
        return ["members not yet published"]
    same(document["fields"], {name: state["fields"].get(name) for name in names}, "fields")
    return []


def split_record(entries):
    """The events before the record, and the record, or None."""
    kinds = [entry["event"]["kind"] for _, entry in entries]
    if "registration.record" not in kinds:
        return entries, None
    place = kinds.index("registration.record")
    return entries[:place], entries[place][1]["event"]


def check_evidence(document, state, asset, before):
    evidence, deposit = document["evidence"], document["evidence"]["deposit"]
    same(document["fields"], state["fields"], "fields")
    same(evidence["application"], state["application"], "application")
    same(evidence["notice"], state["notice"], "notice")
    same(deposit["commitments"], asset["content"], "content")
    same(deposit["digests"], asset["digests"], "digests")
    same(evidence["process"], [fact(index, entry) for index, entry in before], "process")


def fact(index, entry):
    event = entry["event"]
    digest = sha256(canonical(event, 16)).hexdigest()
    said = {"index": index, "time": entry["time"], "event": digest}
    return said | {"kind": event["kind"], "actor": event["actor"]}


def check_record(document, digest, record):
    if record is None:
        return ["result not yet recorded"]
    body = record["body"]
    need(body.get("national", {}).get("digest", digest) == digest, "the record of other evidence")
    data = body.get("classification", {})
    registered = {name: body.get(name, []) for name in ("rights", "declared")}
    registered |= {name: data.get(name) for name in ("class", "level")}
    same(document["evidence"]["result"], registered, "result")
    return []

"""What the national system is sent: which part, when, which bytes; and what a verifier makes of it."""

import copy
import json
from hashlib import sha256

import pytest
from msgspec.structs import replace

from contracts.procedure import National, Registration
from contracts.registration import Refuse, Terminate, Withhold
from contracts.title import Classification
from ledger.core.canonical import decode_bundle, encode_canonical
from ledger.errors import BundleError, MalformedError, NotFoundError, RejectedError
from node.exports.national import describe_fact, format_national, parse_national
from node.exports.sending import find_registration, make_national, match_national, prove_national
from node.recording import read_recorded_asset, record_until_numbered
from tests.support.national import DAY, FINDINGS, NOTICE_ENDS


@pytest.fixture
def accepted(office):
    _, registration, _ = office.file()
    office.accept(registration)
    return registration


@pytest.fixture
def noticed(office, accepted):
    office.publish(accepted)
    office.clock.pass_time(max(NOTICE_ENDS - office.clock.now(), 0))
    return accepted


def make(office, registration, part=None, *, with_openings=False):
    return make_national(office.registry, registration, part, with_openings=with_openings)


def write(office, document, *, is_proved=True):
    proofs = prove_national(office.registry, document) if is_proved else None
    return json.loads(json.dumps(format_national(document, proofs)))


def encode(document):
    return json.dumps(document).encode()


def record(office, registration, digest):
    """Record with this digest as the national system's."""
    evidence = office.clock.now() // 1000 * 1000
    national = National(system="national", record="R-1", evidence_time=evidence, digest=digest)
    classification = Classification(
        standard="GB/T 43697-2024", industry="G", data_class="enterprise", level="general-2",
        openness="conditional", assessed_by=office.registry.ledger.registrar, list_version="none",
    )  # fmt: skip
    asset = read_recorded_asset(office.registry, registration, classification, FINDINGS)
    return record_until_numbered(office.registry, office.recording, asset, (), national)[1]


# The notice


def test_the_notice_has_what_article_24_makes_public_and_nothing_else(office, accepted):
    document = make(office, accepted)
    party, _ = office.applicant
    assert document.part == "notice"
    assert dict(document.fields) == {
        "title": "航班数据 2013", "summary": "All flights", "restrictions": "无",
    }  # fmt: skip
    (applicant,) = document.applicants
    assert (applicant.party, applicant.name, applicant.kind) == (party, "江苏数据有限公司", "legal")
    assert document.registrar.catalogue == {"name": "江苏", "region": "32", "digit": "1"}
    written = write(office, document, is_proved=False)
    assert written.keys() == {"digest", "document", "format"}
    assert "evidence" not in written["document"]
    assert "'salt'" not in str(written)


def test_a_notice_that_stands_is_sent_again_as_it_was(office):
    _, registration, _ = office.file(openness="conditional")
    office.accept(registration)
    before = make(office, registration)
    office.publish(registration, "openness")
    assert "openness" in office.registry.need_state(Registration, registration).fields
    assert make(office, registration) == before
    assert before.fields.keys() == {"title", "summary", "restrictions"}


def test_a_statutory_member_that_was_left_empty_is_sent_as_null(office):
    _, registration, _ = office.file(restrictions=None)
    office.accept(registration)
    assert make(office, registration).fields["restrictions"] is None


def test_a_notice_is_proved_once_it_stands(office, accepted):
    unproved = office.verify(encode(write(office, make(office, accepted))))
    assert unproved.is_authentic
    assert "members not yet published" in unproved.not_checked
    office.publish(accepted)
    proved = office.verify(encode(write(office, make(office, accepted))))
    assert (proved.kind, proved.subject, proved.is_in_force) == ("national", accepted, True)
    assert "members not yet published" not in proved.not_checked
    assert "national system" in proved.not_checked


def test_a_natural_person_s_name_is_not_sent(office, accepted, monkeypatch):
    party, _ = office.applicant
    state = office.registry.need_state
    commitment = {"$commit": "A" * 43}

    def hidden(cls, key):
        found = state(cls, key)
        return replace(found, kind="natural", name=commitment) if key == party else found

    monkeypatch.setattr(office.registry, "need_state", hidden)
    (applicant,) = make(office, accepted).applicants
    assert (applicant.kind, applicant.name) == ("natural", None)


# When


def test_what_is_not_accepted_is_not_sent(office):
    _, registration, _ = office.file()
    assert refusal(office, registration) == "not_accepted"


def test_silence_is_an_acceptance_here_too(office):
    _, registration, _ = office.file()
    office.clock.pass_time(4 * DAY)
    assert make(office, registration).part == "notice"


def test_silence_is_an_acceptance_where_the_calendar_came_late(uncalendared):
    office = uncalendared
    _, registration, _ = office.file()
    office.clock.pass_time(8 * DAY)
    assert refusal(office, registration) == "not_accepted"
    office.publish_calendar(2026)
    document = make(office, registration)
    assert document.part == "notice"
    verdict = office.verify(encode(write(office, document)))
    assert verdict.is_authentic
    assert "acceptance by silence" in verdict.not_checked


def test_where_the_deadline_is_proved_silence_is_not_left_open(office):
    _, registration, _ = office.file()
    office.clock.pass_time(8 * DAY)
    verdict = office.verify(encode(write(office, make(office, registration))))
    assert "acceptance by silence" not in verdict.not_checked


def test_nothing_of_what_came_to_nothing_is_sent(office, accepted):
    body = Refuse(registration=accepted, ground="22-2", reasons="unlawful")
    office.submit(office.registry.ledger.registrar, body, office.officers[0])
    assert refusal(office, accepted) == "not_accepted"
    assert refusal(office, accepted, "evidence") == "not_accepted"


def test_the_evidence_is_not_ready_before_the_notice_is_over(office, accepted):
    assert refusal(office, accepted, "evidence") == "not_ready"
    office.publish(accepted)
    office.clock.pass_time(NOTICE_ENDS - 1 - office.clock.now())
    assert make(office, accepted).part == "notice"
    with pytest.raises(RejectedError) as caught:
        make(office, accepted, "evidence")
    assert "2026-11-10T00:00:00+08:00" in caught.value.en
    office.clock.pass_time(1)
    assert make(office, accepted).part == "evidence"
    assert make(office, accepted, "notice").part == "notice"


def test_a_withheld_notice_is_not_sent_and_the_evidence_opens_nothing(office, accepted):
    body = Withhold(registration=accepted, reason="trade secret")
    office.submit(office.registry.ledger.registrar, body, office.officers[0])
    assert refusal(office, accepted, "notice") == "no_notice"
    document = make(office, accepted)
    assert (document.part, dict(document.fields)) == ("evidence", {})
    assert document.evidence.notice is None
    assert "航班" not in str(write(office, document))


def test_a_registration_that_is_not_there_is_not_found(office):
    with pytest.raises(NotFoundError):
        make(office, "registration/" + "a" * 26)


def refusal(office, registration, part=None):
    with pytest.raises(RejectedError) as caught:
        make(office, registration, part)
    assert caught.value.en.isascii() is not caught.value.zh.isascii()
    return caught.value.reason


# The evidence


def test_the_evidence_has_every_event_so_far_and_the_result(office, noticed):
    document = make(office, noticed)
    evidence = document.evidence
    kinds = [fact.kind for fact in evidence.process]
    assert kinds == ["registration.file", "registration.accept", "registration.publish"]
    for fact in evidence.process:
        entry = office.registry.read_leaf(fact.index)
        assert (entry.signed.id, entry.time) == (fact.event, fact.time)
    assert evidence.notice == office.registry.need_state(Registration, noticed).notice
    assert [right["right"] for right in evidence.result.rights] == ["hold", "use"]
    assert (evidence.result.data_class, evidence.result.level) == ("enterprise", "general-2")
    assert evidence.deposit.commitments.keys() == {"content.0"}


def test_the_digest_is_of_the_canonical_bytes_of_the_document(office, noticed):
    document = make(office, noticed)
    written = write(office, document)
    assert written["digest"] == sha256(encode_canonical(written["document"])).hexdigest()
    assert parse_national(decode_bundle(encode(written), max_bytes=10**7)).document == document


def test_the_evidence_is_the_same_bytes_later_and_after_the_record_that_names_it(office, noticed):
    document = make(office, noticed)
    office.clock.pass_time(DAY)
    assert make(office, noticed).digest == document.digest
    number = record(office, noticed, document.digest)
    assert make(office, noticed) == document
    assert find_registration(office.registry, number) == noticed
    assert find_registration(office.registry, "SJ3212026119999") is None
    assert office.registry.need_state(Registration, noticed).national.digest == document.digest


def test_what_is_recorded_verifies_against_the_record(office, noticed):
    before = office.verify(encode(write(office, make(office, noticed))))
    assert "result not yet recorded" in before.not_checked
    record(office, noticed, make(office, noticed).digest)
    after = office.verify(encode(write(office, make(office, noticed))))
    assert after.is_in_force
    assert [check.name for check in after.checks] == [
        "history",
        "state",
        "what is sent",
        "ready",
        "recorded result",
    ]
    assert "names this digest" in after.checks[-1].detail
    assert "result not yet recorded" not in after.not_checked


def test_evidence_of_what_came_to_nothing_since_is_no_evidence(office, noticed):
    document = make(office, noticed)
    registrar = office.registry.ledger.registrar
    ended = Terminate(registration=noticed, reasons="the source stays unclear")
    office.submit(registrar, ended, office.officers[0])
    dossier = prove_national(office.registry, document).dossier
    facts = tuple(describe_fact(each.index, each.entry) for each in dossier.events)
    forged = replace(document, evidence=replace(document.evidence, process=facts))
    report = office.verify(encode(write(office, forged)))
    assert not report.is_authentic
    assert "evidence is sent of what may be recorded" in str(report.failure)


def test_a_notice_of_what_came_to_nothing_is_authentic_and_not_in_force(office, accepted):
    office.publish(accepted)
    document = make(office, accepted, "notice")
    ended = Terminate(registration=accepted, reasons="the source stays unclear")
    office.submit(office.registry.ledger.registrar, ended, office.officers[0])
    report = office.verify(encode(write(office, document)))
    assert (report.is_authentic, report.is_in_force) == (True, False)
    assert report.status == "terminated"


def test_a_notice_that_is_not_on_the_ledger_yet_has_the_statutory_members(office, accepted):
    written = write(office, make(office, accepted))
    assert office.verify(encode(written)).is_authentic
    for change in (
        set_in(["fields", "industry"], "I65"),
        lambda w: set_in(["fields"], {"title": w["document"]["fields"]["title"]})(w),
    ):
        forged = copy.deepcopy(written)
        change(forged)
        assert "its fields" in str(office.verify(encode(forged)).failure)


def test_other_evidence_than_the_record_names_is_found_out(office, noticed):
    record(office, noticed, "22" * 32)
    report = office.verify(encode(write(office, make(office, noticed))))
    assert not report.is_authentic
    assert "the record names other evidence" in str(report.failure)


def test_fingerprints_are_deposited_only_when_asked_and_open_the_commitments(office, noticed):
    plain, deposited = make(office, noticed), make(office, noticed, with_openings=True)
    assert "'salt'" not in str(write(office, plain))
    (opening,) = deposited.evidence.deposit.openings
    assert opening["value"] == {"digest": sha256(b"flights").hexdigest(), "size": 7}
    assert plain.digest != deposited.digest
    assert office.verify(encode(write(office, deposited))).is_authentic


def test_fingerprints_that_the_vault_lacks_are_not_deposited(office, noticed):
    vault = office.registry.open_vault()
    vault.erase("opening", f"{noticed} content.0")
    vault.close()
    with pytest.raises(NotFoundError, match="the openings of"):
        make(office, noticed, with_openings=True)


def test_a_file_is_matched_with_what_the_ledger_makes_it_now(office, noticed):
    for with_openings in (False, True):
        document = make(office, noticed, with_openings=with_openings)
        data = encode(write(office, document))
        assert match_national(office.registry, noticed, data) == document.digest


def test_a_file_of_something_else_does_not_match(office, accepted):
    notice = encode(write(office, make(office, accepted)))
    office.publish(accepted)
    office.clock.pass_time(NOTICE_ENDS - office.clock.now())
    with pytest.raises(RejectedError) as caught:
        match_national(office.registry, accepted, notice)
    assert caught.value.reason == "national_file"
    with pytest.raises(MalformedError):
        match_national(office.registry, accepted, b"{}")


# Files that were changed


def set_in(path, value):
    """Change one member, and the digest with it: whoever forges does both."""

    def change(written):
        at = written["document"]
        *way, last = path
        for step in way:
            at = at[step]
        at[last] = value
        written["digest"] = sha256(encode_canonical(written["document"])).hexdigest()

    return change


FORGERIES = {
    "another log": set_in(["log"], "example.org/x"),
    "another registrar": set_in(["registrar", "name"], "X"),
    "another asset": set_in(["asset"], "asset/" + "a" * 26),
    "another registration": set_in(["registration"], "registration/" + "a" * 26),
    "another type": set_in(["type"], "transfer"),
    "about a voucher": set_in(["voucher"], "SJ3212026110001"),
    "another applicant's name": set_in(["applicants", 0, "name"], "X"),
    "no applicant": set_in(["applicants"], []),
    "another title": set_in(["fields", "title"], "X"),
    "one fact less": lambda w: set_in(
        ["evidence", "process"], w["document"]["evidence"]["process"][:-1]
    )(w),
    "another time of a fact": set_in(["evidence", "process", 0, "time"], 1),
    "another commitment": set_in(["evidence", "application", "title"], "A" * 43),
    "another content": set_in(["evidence", "deposit", "commitments", "content.0"], "A" * 43),
    "published digests": set_in(["evidence", "deposit", "digests"], ["00" * 32]),
    "another notice": set_in(["evidence", "notice", "ref"], "X"),
    "no notice": set_in(["evidence", "notice"], None),
    "another right": set_in(["evidence", "result", "rights", 0, "right"], "operate"),
    "another level": set_in(["evidence", "result", "level"], "general-1"),
    "another fingerprint": set_in(
        ["evidence", "deposit", "openings", 0, "value", "digest"], "00" * 32
    ),
    "one member more in an opening": set_in(["evidence", "deposit", "openings", 0, "praise"], 1),
    "digest of another document": lambda w: w.update(digest="00" * 32),
    "a state missing": lambda w: w["states"].pop(),
    "a state twice": lambda w: w["states"].append(w["states"][0]),
    "another state": lambda w: w["states"][0]["value"].update(time=1),
    "an event missing": lambda w: w["dossier"]["events"].pop(1),
    "no dossier": lambda w: w.pop("dossier"),
    "no states": lambda w: w.pop("states"),
    "no proofs": lambda w: [w.pop("states"), w.pop("dossier")],
    "one member more": lambda w: w.update(praise=1),
    "one member more in the document": set_in(["praise"], 1),
    "another part": set_in(["part"], "notice"),
    "another format": lambda w: w.update(format="muniment/national/v2"),
}


@pytest.fixture
def evidence(office, noticed):
    record(office, noticed, make(office, noticed, with_openings=True).digest)
    return write(office, make(office, noticed, with_openings=True))


def test_every_forged_file_is_found_out(office, evidence):
    assert office.verify(encode(evidence)).is_in_force
    for name, change in FORGERIES.items():
        forged = copy.deepcopy(evidence)
        change(forged)
        assert forged != evidence, name
        report = office.verify(encode(forged))
        assert not report.is_authentic, name
        assert report.failure is not None


def test_a_file_without_proofs_says_how_to_get_one(office, evidence):
    del evidence["dossier"], evidence["states"]
    report = office.verify(encode(evidence))
    assert "--with-proofs" in str(report.failure)


def test_the_proofs_of_another_registration_prove_nothing(office, noticed, evidence):
    _, other, _ = office.file(title="T")
    office.accept(other)
    strange = write(office, make(office, other))
    swapped = evidence | {"dossier": strange["dossier"], "states": strange["states"]}
    report = office.verify(encode(swapped))
    assert "not the whole history of" in str(report.failure)
    with pytest.raises(BundleError):
        raise report.failure

"""`muniment register --form` and `--template`: forms filed, refused with every fault, and drafted."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from contracts.forms import INITIAL_MEMBERS, OPENABLE_MEMBERS
from node.forms.annexes import FORMS
from node.issuing import read_openings
from node.registry import open_registry
from tests.support.form_filling import DIGEST, fill_template, samples
from tests.support.people import CODES

INITIAL = FORMS["initial"]
PERSON = "320102199001011234"
CODE, OTHER_CODE = CODES[:2]


def template(program, kind, language="en"):
    return program.ok("register", "--template", kind, "--lang", language).out


def fill(program, kind, values, name="form.toml", language="en"):
    Path(name).write_text(fill_template(template(program, kind, language), values))
    return name


def complete(party):
    """Everything in the form that a filing can be made of, for one applicant."""
    values = samples(INITIAL)
    values |= {
        "files": ["table.csv"],
        "evidence": [DIGEST],
        "applicants.name": "某某",
        "applicants.kind": "natural",
        "applicants.id_number": PERSON,
        "applicants.party": party,
        "applicants.contact.phone": "13800000000",
        "rights.right": ["hold", "use"],
        "rights.holder": party,
        "rights.until": "2029-12-31",
        "restrictions.resale": False,
        "restrictions.export": False,
        "years": 3,
    }
    for name in [name for name in values if name.startswith(("agent.", "rights.sources"))]:
        del values[name]
    return values


def openings_of(program, registration, names):
    with (
        open_registry(program.home, None, is_writer=False) as registry,
        closing(registry.open_vault()) as vault,
    ):
        found = read_openings(vault, registration, names)
    return {each["field"]: each["value"] for each in found}


@pytest.fixture
def office(national_program):
    Path("table.csv").write_text("hour,cars\n8,120\n")
    return national_program


@pytest.fixture
def applicant(office):
    """A natural person on that ledger."""
    checked = ("--check-method", "card seen", "--check-evidence", "table.csv")
    argv = ("某某", "--kind", "natural", "--key", "person", "--no-passphrase", *checked)
    return office.json("party", "enroll", *argv)["subject"]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_member_of_a_filed_form_is_committed_to_under_its_name(office, applicant, language):
    form = fill(office, "initial", complete(applicant), language=language)
    document = office.json("register", "--form", form)
    assert document.keys() == {"asset", "registration", "index", "event", "duplicates"}
    said = openings_of(office, document["registration"], INITIAL_MEMBERS)
    assert set(said) == set(INITIAL_MEMBERS)
    assert said["title"] == "南京市停车场车位占用数据表 2026"
    assert said["applicants"][0]["id_number"] == PERSON
    assert said["applicants"][0]["contact"]["phone"] == "13800000000"
    assert said["temporal"] == {"start": "2025-01-01", "end": "2025-12-31"}
    assert said["restrictions"]["resale"] is False
    assert said["classification"] == {"class": "public", "level": "general-1"}
    assert said["evidence"] == [DIGEST]
    assert said["prior"][0]["issuer"] == "issuer 文字"
    assert said["agent"] is None
    assert [(r["holder"], r["right"], r["years"]) for r in said["rights"]] == [
        (applicant, "hold", 3),
        (applicant, "use", 3),
    ]
    assert {r["limits"] for r in said["rights"]} == {"limits 文字"}


def test_what_names_people_stands_only_where_nothing_is_ever_opened(office, applicant):
    document = office.json("register", "--form", fill(office, "initial", complete(applicant)))
    said = openings_of(office, document["registration"], INITIAL_MEMBERS)
    for name in OPENABLE_MEMBERS:
        assert PERSON not in json.dumps(said[name])
        assert "13800000000" not in json.dumps(said[name])
    for path in office.home.rglob("*"):
        if path.is_file():
            assert PERSON.encode() not in path.read_bytes()
            assert b"13800000000" not in path.read_bytes()


def test_the_form_is_what_the_registrar_records(office, applicant):
    import time

    document = office.json("register", "--form", fill(office, "initial", complete(applicant)))
    filed = document["registration"]
    office.ok("registration", "accept", filed)
    office.ok("registration", "withhold", filed, "--reason", "trade secret")
    time.sleep(1.1)
    from tests.cli.test_registration import FINDINGS, evidence

    number = office.json("registration", "record", filed, *FINDINGS, *evidence())["voucher"]
    asset = office.json("query", "asset", number)["value"]["state"]
    tuples = [each["value"] for each in asset["tuples"]]
    assert [each["right"] for each in tuples] == ["hold", "use"]
    assert {each["limits"] for each in tuples} == {"limits 文字"}
    assert {each["until"] for each in tuples} == {1_893_427_200_000}
    assert asset["classification"]["openness"] == "unconditional"
    assert asset["stage"] == "raw"


def test_a_missing_choice_is_told_its_codes_with_their_chinese(office):
    Path("f.toml").write_text('type = "initial"\n[[applicants]]\nname = "某"\n')
    said = office.ok("register", "--form", "f.toml", "--dry-run", "--lang", "zh-CN", code=4).out
    assert "legal（法人）、unincorporated（非法人组织）" in said


def test_what_limits_nothing_is_published_as_nothing(licensed):
    form = claimed("甲公司").replace('kind = "legal"\n', "").replace(f'id_number = "{CODE}"\n', "")
    Path("f.toml").write_text(form)
    for argv in (("--form", "f.toml"), ("table.csv", "--title", "x", "--as", "甲公司")):
        document = licensed.json("register", *argv)
        fields = licensed.json("query", "asset", document["asset"])["value"]["state"]["fields"]
        assert fields["restrictions"] is None


def test_all_faults_are_said_at_once_in_either_language(office):
    form = fill(office, "initial", {"data.title": "T", "data.temporal.start": "soon", "years": 99})
    error = office.refused("register", "--form", form, code=4)
    assert (error["code"], error["rule"]) == ("form", "annexes 1 to 5")
    for said in ("basis is missing", "years is a whole number", "data.temporal.start is a day"):
        assert said in error["message"]
    people = office.ok("register", "--form", form, code=4)
    lines = people.err.splitlines()
    assert "  data.temporal.start: is a day: write it as 2026-01-31" in lines
    assert "have to be mended: see above" in lines[-2]
    assert lines[-1] == "  next: mend the form, and check it with --dry-run"
    chinese = office.ok("register", "--form", form, "--lang", "zh-CN", code=4).err
    assert "  data.temporal.start: 应为日期：请写作 2026-01-31" in chinese
    assert "处须更正：见上文" in chinese
    assert office.json("registration", "list")["items"] == []


def test_a_dry_run_files_nothing_and_says_what_it_found(office, applicant):
    values = complete(applicant) | {"data.title": "短"}
    document = office.json("register", "--form", fill(office, "initial", values), "--dry-run")
    assert (document["valid"], document["findings"]) == (True, [])
    assert [each["path"] for each in document["hints"]] == ["data.title"]
    bad = fill(office, "initial", values | {"basis": "x"}, name="bad.toml")
    document = office.json("register", "--form", bad, "--dry-run", code=4)
    assert [each["path"] for each in document["findings"]] == ["basis"]
    assert "basis: is one of" in office.ok("register", "--form", bad, "--dry-run", code=4).out
    assert office.json("registration", "list")["items"] == []


UNFOUND = {
    "no such party": ("applicants.party", "party/" + "a" * 26, "applicants.1.party"),
    "no such holder": ("rights.holder", "Nobody Ltd", "rights.1.holder"),
    "no such source": ("rights.sources", ["SJ3212026110009"], "rights.1.sources"),
    "no such evidence": ("rights.evidence", "contract.pdf", "rights.1.evidence"),
    "no such supporting file": ("evidence", [DIGEST, "x.pdf"], "evidence.2"),
    "longer than allowed": ("years", 6, "years"),
    "no code of public data": ("basis", "public-product", "rights.1.code"),
}


@pytest.mark.parametrize("basis", ["derived", "fused"])
def test_data_that_is_made_of_other_data_says_its_stage(office, applicant, basis):
    values = complete(applicant) | {"basis": basis}
    del values["rights.basis"], values["rights.code"], values["data.stage"]
    form = fill(office, "initial", values)
    document = office.json("register", "--form", form, "--dry-run", code=4)
    assert "data.stage" in {each["path"] for each in document["findings"]}
    chinese = office.ok("register", "--form", form, "--lang", "zh-CN", code=4).err
    assert f"data.stage: 未填写：以 {basis} 为依据的数据须填写" in chinese
    values["data.stage"] = "product"
    form = fill(office, "initial", values, name="whole.toml")
    document = office.json("register", "--form", form, "--dry-run")
    assert document["findings"] == []


@pytest.mark.parametrize("name", UNFOUND)
def test_what_the_ledger_or_the_disk_does_not_have_is_a_fault_of_its_blank(office, applicant, name):
    blank, value, path = UNFOUND[name]
    values = complete(applicant) | {blank: value}
    del values["rights.basis"], values["rights.code"]
    form = fill(office, "initial", values)
    document = office.json("register", "--form", form, "--dry-run", code=4)
    assert path in {each["path"] for each in document["findings"]}
    assert office.refused("register", "--form", form, code=4)["code"] == "form"


def test_all_that_is_not_found_is_said_at_once(office, applicant):
    wrong = {
        "applicants.party": "party/" + "a" * 26,
        "rights.evidence": "contract.pdf",
        "evidence": ["x.pdf"],
        "years": 9,
    }
    missing = fill(office, "initial", complete(applicant) | {"files": ["table.csv", "no.csv"]})
    document = office.json("register", "--form", missing, "--dry-run", code=4)
    assert [each["path"] for each in document["findings"]] == ["files.2"]
    form = fill(office, "initial", complete(applicant) | wrong)
    document = office.json("register", "--form", form, "--dry-run", code=4)
    assert {each["path"] for each in document["findings"]} == {
        "applicants.1.party",
        "evidence.1",
        "rights.1.evidence",
        "years",
    }


def test_under_solo_a_title_and_a_file_are_enough(solo):
    form = fill(solo, "initial", {"data.title": "停车数据 2026", "files": ["table.csv"]})
    document = solo.json("register", "--form", form)
    assert document["voucher"].startswith("TEST")
    asset = solo.json("query", "asset", document["voucher"])["value"]["state"]
    assert [each["value"]["right"] for each in asset["tuples"]] == ["hold", "use", "operate"]
    assert solo.json("verify", export(solo, document["voucher"]))["verified"] is True


def export(program, number):
    return program.json("voucher", "export", number)["file"]


def test_restrictions_of_a_form_are_the_terms_of_its_voucher(solo):
    values = {
        "data.title": "T 2026",
        "files": ["table.csv"],
        "restrictions.resale": False,
        "restrictions.region": "江苏省",
    }
    number = solo.json("register", "--form", fill(solo, "initial", values))["voucher"]
    voucher = json.loads(Path(export(solo, number)).read_text())
    acts = {each["action"] for each in voucher["credential"]["termsOfUse"]["prohibition"]}
    assert acts == {"distribute", "grantUse", "transfer"}
    asset = solo.json("query", "asset", number)["value"]["state"]
    assert asset["fields"]["restrictions"] == {"region": "江苏省", "resale": False}


def test_forms_are_json_too_and_files_may_be_arguments(solo):
    Path("form.json").write_text(json.dumps({"type": "initial", "data": {"title": "T 2026"}}))
    assert solo.json("register", "table.csv", "--form", "form.json")["voucher"]
    error = solo.refused("register", "--form", "form.json", code=2)
    assert error["code"] == "files_required"


def test_files_lie_beside_the_form_wherever_one_stands(solo):
    Path("far").mkdir()
    Path("far/own.csv").write_text("x\n")
    fill(solo, "initial", {"data.title": "T", "files": ["own.csv"]}, name="far/form.toml")
    assert solo.json("register", "--form", "far/form.toml")["voucher"]


def test_a_form_says_its_type(solo):
    Path("form.toml").write_text('title = "x"')
    error = solo.refused("register", "--form", "form.toml", code=2)
    assert (error["code"], 'type = "initial"' in error["message"]) == ("form_type", True)
    assert solo.refused("register", "--template", "loan", code=2)["code"] == "form_type"


def test_nothing_to_register_says_what_there_is(solo):
    for argv in ((), ("table.csv", "--dry-run")):
        error = solo.refused("register", *argv, code=2)
        assert error["code"] == "files_required"
        assert "--form FILE" in error["message"]


def test_a_title_is_hinted_at_on_stderr_and_never_refused(solo):
    result = solo.ok("register", "table.csv", "--title", "x")
    assert "hint: the title seems not to name its time, region" in result.err
    chinese = solo.ok("register", "table.csv", "--title", "x", "--lang", "zh-CN").err
    assert "提示：数据名称似未写明时间、地域" in chinese
    plain = solo.ok("register", "table.csv").err
    assert "hint: the title" not in plain, "nobody chose the file's name"


# who they say they are


@pytest.fixture
def coded(licensed):
    """That registry with a party that has a code."""
    licensed.ok("party", "enroll", "戊公司", "--uscc", CODE, "--key", "wu", "--no-passphrase")
    return licensed


def claimed(name, kind="legal", code=CODE):
    return (
        'type = "initial"\nfiles = ["table.csv"]\n[data]\ntitle = "T 2026"\n[[applicants]]\n'
        f'name = "{name}"\nkind = "{kind}"\nid_number = "{code}"\n'
    )


WRONG_CLAIMS = {
    "name": (claimed("甲公司"), "戊公司"),
    "kind": (claimed("戊公司", kind="unincorporated"), "legal"),
    "id_number": (claimed("戊公司", code=OTHER_CODE), CODE),
}


@pytest.mark.parametrize("blank", WRONG_CLAIMS)
@pytest.mark.parametrize("said", [(), ("--as", "戊公司")], ids=["by code", "by --as"])
def test_an_applicant_is_who_is_enrolled(coded, blank, said):
    form, right = WRONG_CLAIMS[blank]
    Path("f.toml").write_text(form)
    document = coded.json("register", "--form", "f.toml", *said, "--dry-run", code=4)
    (finding,) = document["findings"]
    assert finding["path"] == f"applicants.1.{blank}"
    assert f"the ledger has {right};" in finding["message"]
    assert coded.refused("register", "--form", "f.toml", *said, code=4)["code"] == "form"
    Path("f.toml").write_text(claimed("戊公司"))
    assert coded.json("register", "--form", "f.toml", *said, "--dry-run")["valid"] is True


def test_a_change_may_already_name_the_applicant_anew(coded, market):
    values = later_values(market.number, **{"after.name": "甲公司（新）", "after.volume": "2"})
    values |= {
        "applicants.name": "甲公司（新）",
        "applicants.party": "甲公司",
        "before.name": "甲公司",
    }
    form = fill(coded, "change", values)
    assert coded.json("register", "--form", form, "--dry-run")["valid"] is True
    form = fill(coded, "change", values | {"applicants.name": "另一公司"})
    document = coded.json("register", "--form", form, "--dry-run", code=4)
    assert [each["path"] for each in document["findings"]] == ["applicants.1.name"]


def test_a_party_of_a_transfer_is_who_is_enrolled(licensed, market):
    values = transfer_values(market.number) | {"transferees.kind": "unincorporated"}
    document = licensed.json(
        "register", "--form", fill(licensed, "transfer", values), "--dry-run", code=4
    )
    assert [each["path"] for each in document["findings"]] == ["transferees.1.kind"]


# several who sign


def joint(first, second, rights=("甲公司", "乙公司")):
    blocks = "".join(f'[[applicants]]\nname = "{name}"\n' for name in (first, second))
    claims = "".join(f'[[rights]]\nright = ["use"]\nholder = "{name}"\n' for name in rights)
    text = f'type = "initial"\nfiles = ["table.csv"]\n[data]\ntitle = "联合 2026"\n{blocks}{claims}'
    Path("joint.toml").write_text(text)
    return "joint.toml"


def test_joint_applicants_whose_keys_are_here_file_at_once(licensed):
    document = licensed.json("register", "--form", joint("甲公司", "乙公司"))
    asset = licensed.json("query", "asset", document["voucher"])["value"]["state"]
    assert len(asset["parties"]) == 2
    assert len({each["value"]["holder"] for each in asset["tuples"]}) == 2


def test_joint_applicants_elsewhere_get_a_draft_to_sign(licensed):
    (key,) = [path for path in licensed.home.glob("keys/*.key") if is_key_of(path, licensed)]
    away = key.rename("away.key")
    document = licensed.json("register", "--form", joint("甲公司", "乙公司"))
    assert document["index"] is None
    assert len(document["missing"]) == 1
    opening = document["opening"]
    away.rename(key)
    licensed.ok("cosign", document["file"], "--kind", "registration.file", "--opening", opening)
    done = licensed.json("submit", document["file"], "--opening", opening)
    state = licensed.json("registration", "show", done["subject"])["value"]["state"]
    assert len(state["parties"]) == 2


def is_key_of(path, program):
    did = json.loads(path.read_bytes())["public"]
    state = program.json("query", "party", "乙公司")["value"]["state"]
    return did in [each["value"] for each in state["keys"]]


def test_one_speaks_for_several_only_if_the_form_names_a_holder(licensed):
    Path("joint.toml").write_text(
        Path(joint("甲公司", "乙公司")).read_text().replace('holder = "乙公司"\n', "")
    )
    document = licensed.json("register", "--form", "joint.toml", "--dry-run", code=4)
    assert [each["path"] for each in document["findings"]] == ["rights.2.holder"]


def test_the_same_right_of_a_holder_is_named_once(licensed):
    form = joint("甲公司", "乙公司", rights=("甲公司", "甲公司"))
    document = licensed.json("register", "--form", form, "--dry-run", code=4)
    assert [each["path"] for each in document["findings"]] == ["rights"]


# transfers


def transfer_values(number, **changes):
    values = {
        "voucher": number,
        "transferors.name": "甲公司",
        "transferors.kind": "legal",
        "transferors.id_number": "91440300708461136T",
        "transferees.name": "丙公司",
        "transferees.kind": "legal",
        "transferees.id_number": "91440300708461136T",
        "transferees.contact.phone": "13900000000",
        "content.data_scope": "全部停车记录",
        "content.scope": "part",
        "content.use_scope": "研究",
        "content.rights.right": ["use"],
        "evidence": [DIGEST],
    }
    return values | changes


def test_a_transfer_is_filed_from_its_form(licensed, market):
    form = fill(licensed, "transfer", transfer_values(market.number), language="zh-CN")
    document = licensed.json("register", "--form", form)
    asset = licensed.json("query", "asset", document["voucher"])["value"]["state"]
    holders = {
        each["value"]["right"]: each["value"]["holder"]
        for each in asset["tuples"]
        if each["to"] is None
    }
    assert holders["use"] == market.parties["丙公司"]
    assert holders["hold"] == market.parties["甲公司"]
    notice = licensed.json("registration", "show", document["subject"])["value"]["state"]["fields"]
    assert notice["content"]["data_scope"] == "全部停车记录"
    assert notice["content"]["use_scope"] == "研究"
    assert "13900000000" not in json.dumps(notice)


@pytest.mark.parametrize(
    ("blank", "value", "path"),
    [
        ("voucher", "TEST2020010001", "voucher"),
        ("transferees.name", "Nobody", "transferees.1.name"),
        ("content.rights.to", "丁公司", "content.rights.1.to"),
        ("content.rights.from", "Nobody", "content.rights.1.from"),
    ],
)
def test_a_transfer_to_nobody_is_a_fault_of_its_blank(licensed, market, blank, value, path):
    form = fill(licensed, "transfer", transfer_values(market.number, **{blank: value}))
    document = licensed.json("register", "--form", form, "--dry-run", code=4)
    assert [each["path"] for each in document["findings"]] == [path]


def test_a_ground_needs_its_document(licensed, market):
    values = transfer_values(
        market.number, **{"ground.kind": "judgment", "ground.document": "no.pdf"}
    )
    form = fill(licensed, "transfer", values)
    document = licensed.json("register", "--form", form, "--dry-run", code=4)
    assert [each["path"] for each in document["findings"]] == ["ground.document"]


# changes, renewals and cancellations


def later_values(number, **more):
    return {
        "voucher": number,
        "applicants.name": "甲公司",
        "applicants.kind": "legal",
        "applicants.id_number": "91440300708461136T",
        "applicants.contact.phone": "13700000000",
    } | more


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_change_is_filed_from_its_form(licensed, market, language):
    values = later_values(
        market.number,
        **{"before.volume": "1 行", "after.volume": "2 行", "after.name": "甲公司（新）"},
    )
    document = licensed.json(
        "register", "--form", fill(licensed, "change", values, language=language)
    )
    assert document["voucher"] != market.number
    asset = licensed.json("query", "asset", document["voucher"])["value"]["state"]
    assert asset["fields"]["volume"] == "2 行"
    said = openings_of(licensed, document["subject"], ("applicants", "before", "after"))
    assert said["before"] == {"volume": "1 行"}
    assert said["after"] == {"volume": "2 行"}
    assert "13700000000" in json.dumps(said["applicants"])
    old = licensed.json("query", "voucher", market.number)["value"]["state"]["status"]
    assert [each["value"] for each in old if each["to"] is None] == ["superseded"]


def test_a_cancellation_is_filed_from_its_form(licensed, market):
    values = later_values(market.number, reason="数据已销毁")
    document = licensed.json("register", "--form", fill(licensed, "cancellation", values))
    assert document["cancelled"] == market.number
    said = openings_of(licensed, document["subject"], ("reason", "title"))
    assert said == {"reason": "数据已销毁", "title": "停车数据 2026"}


def test_a_renewal_is_filed_from_its_form_and_held_to_its_rule(licensed, market):
    form = fill(licensed, "renewal", later_values(market.number, **{"term.years": 2}))
    assert licensed.json("register", "--form", form, "--dry-run")["valid"] is True
    assert licensed.refused("register", "--form", form, code=4)["code"] == "renewal_early"


def test_a_renewal_asks_for_no_more_years_than_there_are(licensed, market):
    form = fill(licensed, "renewal", later_values(market.number, **{"term.years": 9}))
    document = licensed.json("register", "--form", form, "--dry-run", code=4)
    found = {each["path"]: each["message"] for each in document["findings"]}
    assert found == {"term.years": "is at most 5 here"}
    argv = ("registration", "renew", market.number, "--years", "9", "--as", "甲公司")
    error = licensed.refused(*argv, code=2)
    assert (error["code"], error["message"]) == ("option_value", "--years is 1 to 5, not 9")


@pytest.mark.parametrize("kind", ["change", "renewal", "cancellation"])
def test_a_later_form_about_nothing_says_so_of_its_voucher(licensed, kind):
    more = {
        "change": {"before.volume": "1", "after.volume": "2"},
        "renewal": {"term.years": 2},
        "cancellation": {"reason": "r"},
    }[kind]
    values = later_values("TEST2020010001", **more) | {"applicants.name": "Nobody"}
    document = licensed.json(
        "register", "--form", fill(licensed, kind, values), "--dry-run", code=4
    )
    assert [each["path"] for each in document["findings"]] == ["voucher"]


# agents


def agent_values(**more):
    return {"agent.name": "丁公司", "agent.party": "丁公司", "agent.mandate": DIGEST} | more


def mandate(program, *types):
    argv = [word for each in types for word in ("--type", each)]
    program.ok(
        "party", "undertake", "丁公司", "--mandate", DIGEST, *argv, "--until", "2099-01-01",
        "--as", "甲公司",
    )  # fmt: skip


AGENCIES = {
    "transfer": lambda number: transfer_values(number, **agent_values()),
    "cancellation": lambda number: later_values(number, reason="r", **agent_values()),
    "change": lambda number: later_values(
        number, **agent_values(**{"before.volume": "1", "after.volume": "2"})
    ),
}


@pytest.mark.parametrize("kind", AGENCIES)
def test_an_agent_files_a_later_form_for_whoever_registered_its_mandate(licensed, market, kind):
    mandate(licensed, kind)
    form = fill(licensed, kind, AGENCIES[kind](market.number))
    document = licensed.json("register", "--form", form, "--as", "丁公司")
    state = licensed.json("registration", "show", document["subject"])["value"]["state"]
    assert state["filer"] == market.parties["丁公司"]
    assert market.parties["甲公司"] in state["parties"]
    said = openings_of(licensed, document["subject"], ("agent",))["agent"]
    assert said["mandate"] == DIGEST


def test_an_agent_files_an_application_for_whoever_registered_its_mandate(licensed, market):
    mandate(licensed, "initial")
    values = {
        "files": ["table.csv"], "data.title": "T 2026", "applicants.name": "甲公司",
    } | agent_values()  # fmt: skip
    form = fill(licensed, "initial", values)
    document = licensed.json("register", "--form", form, "--as", "丁公司")
    state = licensed.json("registration", "show", document["registration"])["value"]["state"]
    assert (state["filer"], state["parties"]) == (
        market.parties["丁公司"],
        [market.parties["甲公司"]],
    )
    asset = licensed.json("query", "asset", document["asset"])["value"]["state"]
    assert {each["value"]["holder"] for each in asset["tuples"]} == {market.parties["甲公司"]}


def test_an_agent_that_files_not_is_only_written_down(licensed, market):
    form = fill(licensed, "cancellation", later_values(market.number, reason="r", **agent_values()))
    document = licensed.json("register", "--form", form)
    state = licensed.json("registration", "show", document["subject"])["value"]["state"]
    assert state["filer"] == market.parties["甲公司"]


def test_who_files_a_joint_application_is_one_of_its_applicants(licensed):
    argv = ("register", "--form", joint("甲公司", "乙公司"), "--as", "丙公司")
    document = licensed.json(*argv, "--dry-run", code=4)
    assert [each["path"] for each in document["findings"]] == ["applicants"]


@pytest.mark.parametrize(("kind", "is_named"), [("legal", True), ("natural", False)])
def test_who_is_not_enrolled_is_named_unless_it_is_a_person(coded, kind, is_named):
    other = '[[applicants]]\nname = "戊公司"\nkind = "legal"\n'
    Path("f.toml").write_text(claimed("无名数据公司", kind=kind, code=OTHER_CODE) + other)
    document = coded.json("register", "--form", "f.toml", "--dry-run", code=4)
    (finding,) = [each for each in document["findings"] if each["path"] == "applicants.1.name"]
    assert ("无名数据公司" in finding["message"]) == is_named

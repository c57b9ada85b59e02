"""Who registers: several applicants, agents, right-holders that sign later, natural persons."""

import json
from pathlib import Path

import pytest

from tests.cli.test_registration import FINDINGS, evidence, status
from tests.support.people import CODES

CHECKED = ("--check-method", "licence seen", "--check-evidence", "licence.pdf")


HOLD = ({"right": ["hold"]},)


def form(*applicants, agent=None, rights=HOLD):
    """A form of annex 1 as a file; gives its path."""
    filled = {
        "type": "initial",
        "applicants": [
            {"name": name, "kind": "legal", "id_number": code}
            for name, code in zip(applicants, CODES, strict=False)
        ],
        "basis": "self-generated",
        "data": {
            "title": "南京市停车场车位占用数据表 2026",
            "summary": "Occupancy by hour",
            "industry": "G54",
            "source": "collected",
            "spatial": "city",
            "update_frequency": "daily",
            "volume": "3 GB",
            "form": ["table"],
        },
        "rights": list(rights),
        "classification": {"class": "enterprise", "level": "general-1"},
        "files": ["data.csv"],
    }
    if agent is not None:
        filled["agent"] = {"name": agent, "mandate": "mandate.pdf"}
    Path("form.json").write_text(json.dumps(filled, ensure_ascii=False))
    return "form.json"


@pytest.fixture
def desk(national_program):
    """The national registry with three more parties, whose keys are here, and their papers."""
    for name in ("licence.pdf", "mandate.pdf", "data.csv"):
        Path(name).write_bytes(name.encode())
    for name, key in (("甲公司", "jia"), ("乙公司", "yi"), ("代理公司", "agent")):
        argv = ("party", "enroll", name, "--no-passphrase", "--key", key, *CHECKED)
        national_program.ok(*argv)
    return national_program


def take_away(program, name):
    path = program.home / "keys" / f"{name}.key"
    data = path.read_bytes()
    path.unlink()
    return path, data


def parties(program, registration):
    return program.json("registration", "show", registration)["value"]["state"]["parties"]


def key_of(program, name):
    return program.json("query", "party", name)["subject"]


def record(program, registration):
    import time

    program.ok("registration", "accept", registration)
    program.ok("registration", "withhold", registration, "--reason", "trade secret")
    time.sleep(1.1)
    return program.json("registration", "record", registration, *FINDINGS, *evidence())


# Several applicants

JOINT = (
    {"holder": "甲公司", "right": ["hold", "use"]},
    {"holder": "乙公司", "right": ["use"]},
)


def test_two_applicants_whose_keys_are_here_file_at_once_and_both_hold(desk):
    registration = desk.json("register", "--form", form("甲公司", "乙公司", rights=JOINT))[
        "registration"
    ]
    both = sorted(key_of(desk, name) for name in ("甲公司", "乙公司"))
    assert parties(desk, registration) == both
    number = record(desk, registration)["voucher"]
    tuples = desk.json("query", "asset", number)["value"]["state"]["tuples"]
    assert sorted({each["value"]["holder"] for each in tuples}) == both


def test_where_the_other_key_is_elsewhere_the_application_travels_as_a_draft(desk):
    path, data = take_away(desk, "yi")
    document = desk.json("register", "--form", form("甲公司", "乙公司", rights=JOINT))
    assert (document["index"], [each["party"] for each in document["missing"]]) == (
        None,
        [key_of(desk, "乙公司")],
    )
    path.write_bytes(data)
    shown = desk.ok("cosign", document["file"], "--opening", document["opening"], "--show")
    assert "南京市停车场" in shown.out
    desk.ok("cosign", document["file"], "--opening", document["opening"])
    desk.ok("submit", document["file"], "--opening", document["opening"])
    assert status(desk, document["subject"]) == ["filed"]
    assert record(desk, document["subject"])["voucher"]


# Agents


def mandate(program, principal, *types):
    named = [word for each in types or ("initial",) for word in ("--type", each)]
    argv = ("party", "undertake", "代理公司", "--mandate", "mandate.pdf", "--as", principal)
    return program.ok(*argv, *named, "--until", "2099-12-31")


def test_an_agent_with_a_registered_mandate_files_without_the_applicant_s_key(desk):
    mandate(desk, "甲公司")
    take_away(desk, "jia")
    argv = ("register", "--form", form("甲公司", agent="代理公司"), "--as", "代理公司")
    registration = desk.json(*argv)["registration"]
    state = desk.json("registration", "show", registration)["value"]["state"]
    assert (state["filer"], state["parties"]) == (
        key_of(desk, "代理公司"),
        [key_of(desk, "甲公司")],
    )
    number = record(desk, registration)["voucher"]
    (right,) = desk.json("query", "asset", number)["value"]["state"]["tuples"]
    assert right["value"]["holder"] == key_of(desk, "甲公司")


def test_an_agent_whose_key_is_elsewhere_takes_its_mandate_on_by_a_draft(desk):
    path, data = take_away(desk, "agent")
    argv = ("party", "undertake", "代理公司", "--mandate", "mandate.pdf", "--as", "甲公司")
    given = (*argv, "--type", "initial", "--until", "2099-12-31", "--out", "m.draft.json")
    document = desk.json(*given)
    assert [each["party"] for each in document["missing"]] == [key_of(desk, "代理公司")]
    path.write_bytes(data)
    desk.ok("cosign", "m.draft.json")
    desk.ok("submit", "m.draft.json")
    (given,) = desk.json("party", "show", "甲公司")["value"]["state"]["mandates"]
    assert given["value"]["agent"] == key_of(desk, "代理公司")


def test_without_one_the_applicant_signs_the_draft(desk):
    path, data = take_away(desk, "jia")
    argv = ("register", "--form", form("甲公司", agent="代理公司"), "--as", "代理公司")
    document = desk.json(*argv)
    assert [each["party"] for each in document["missing"]] == [key_of(desk, "甲公司")]
    path.write_bytes(data)
    desk.ok("cosign", document["file"], "--opening", document["opening"])
    desk.ok("submit", document["file"], "--opening", document["opening"])
    assert status(desk, document["subject"]) == ["filed"]


def test_the_agent_withdraws_as_long_as_its_mandate_holds(desk):
    mandate(desk, "甲公司")
    argv = ("register", "--form", form("甲公司", agent="代理公司"), "--as", "代理公司")
    first, second = (desk.json(*argv)["registration"] for _ in range(2))
    desk.ok("registration", "withdraw", first)
    assert status(desk, first) == ["withdrawn"]
    end = ("party", "undertake", "代理公司", "--mandate", "mandate.pdf", "--as", "甲公司", "--end")
    desk.ok(*end)
    error = desk.refused("registration", "withdraw", second, code=4)
    assert error["code"] == "wrong_role"
    desk.ok("registration", "withdraw", second, "--as", "甲公司")


# Right-holders that sign later

DECLARED = (
    {"holder": "甲公司", "right": ["hold"]},
    {"holder": "乙公司", "right": ["use", "operate"]},
)


@pytest.fixture
def declared(desk):
    registration = desk.json("register", "--form", form("甲公司", rights=DECLARED))["registration"]
    number = record(desk, registration)["voucher"]
    return registration, number


def holders(program, number, name="tuples"):
    values = program.json("query", "asset", number)["value"]["state"][name]
    return [each["value"]["holder"] for each in values if each["to"] is None]


def test_a_right_holder_that_was_named_holds_nothing_until_it_confirms(desk, declared):
    registration, number = declared
    other = key_of(desk, "乙公司")
    assert other not in holders(desk, number)
    assert holders(desk, number, "declared") == [other, other]
    shown = desk.ok("query", "asset", number, "--lang", "zh-CN")
    assert "申报权利（尚未确认）" in shown.out
    confirm = ("registration", "confirm", registration, "--as", "乙公司")
    document = desk.json(*confirm, "--right", "use")
    assert document.keys() == {"event", "index", "subject"}
    assert holders(desk, number).count(other) == 1
    desk.ok(*confirm)
    assert holders(desk, number).count(other) == 2
    assert holders(desk, number, "declared") == []
    desk.ok("voucher", "export", number, "--force")
    assert desk.json("verify", f"{number}.voucher.json")["status"] == "valid"


def test_a_right_holder_confirms_with_a_key_that_is_elsewhere(desk, declared, tmp_path):
    registration, number = declared
    other, (_, key) = key_of(desk, "乙公司"), take_away(desk, "yi")
    away = tmp_path / "away" / "keys"
    away.mkdir(parents=True, mode=0o700)
    (away / "yi.key").write_bytes(key)
    (away / "yi.key").chmod(0o600)
    confirm = ("registration", "confirm", registration, "--as", "乙公司")
    assert "--out FILE" in desk.refused(*confirm, code=2)["message"]
    assert desk.json(*confirm, "--out", "c.json")["index"] is None
    kind = ("--kind", "registration.confirm")
    desk.ok("--home", away.parent, "cosign", "c.json", *kind)
    desk.ok("submit", "c.json")
    assert holders(desk, number).count(other) == 2


def test_nobody_confirms_what_is_not_declared_for_it(desk, declared):
    registration, _ = declared
    confirm = ("registration", "confirm", registration)
    assert desk.refused(*confirm, "--as", "甲公司", code=2)["code"] == "party_required"
    assert "没有为" in desk.ok(*confirm, "--as", "甲公司", "--lang", "zh-CN", code=2).err
    error = desk.refused(*confirm, "--as", "乙公司", "--right", "hold", code=4)
    assert (error["code"], error["rule"]) == ("not_declared", "Art. 21")
    wrong = (*confirm, "--as", "乙公司", "--right", "hold", "--lang", "zh-CN")
    assert "权利人仅可确认" in desk.ok(*wrong, code=4).err
    assert desk.refused(*confirm, "--as", "乙公司", "--right", "own", code=2)["code"] == (
        "option_value"
    )


# Natural persons


def test_the_name_of_a_natural_person_is_nowhere_in_the_clear(desk):
    argv = ("party", "enroll", "王小明", "--kind", "natural", "--no-passphrase", "--key", "wang")
    party = desk.json(*argv, *CHECKED)["subject"]
    state = desk.json("party", "show", party)["value"]["state"]
    assert set(state["name"]) == {"$commit"}
    desk.ok("register", "data.csv", "--title", "轨迹数据", "--right", "hold", "--basis", "personal",
            "--class", "personal", "--level", "general-1", "--as", party)  # fmt: skip
    desk.ok("log", "export", "--out", "log.ndjson")
    assert "王小明" not in Path("log.ndjson").read_text(encoding="utf-8")
    ledger = b"".join(path.read_bytes() for path in desk.home.rglob("ledger*") if path.is_file())
    assert ledger
    assert "王小明".encode() not in ledger

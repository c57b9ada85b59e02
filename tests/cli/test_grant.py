"""`muniment grant issue|accept|revoke|list|show`: terms, who may, and what people are told."""

import json
import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.test_pledge import move_key

OPEN = "--no-passphrase"
WRITTEN = {"event", "index", "subject"}
PROFILE = "urn:muniment:odrl:1"


def issue(program, market, *more, **kwargs):
    """A grant of the asset; gives what the program said."""
    return program.json("grant", "issue", market.number, *more, **kwargs)


def body_of(program, document):
    return program.json("log", "show", document["index"])["leaf"]["event"]["body"]


def statuses(program):
    return {item["grant"]: item["status"] for item in program.json("grant", "list")["items"]}


def write_policy(name="policy.json", **members):
    policy = {"permission": [{"action": "read"}]} | members
    Path(name).write_text(json.dumps(policy), "utf-8")
    return name


def both(program, *argv, code=4):
    """What a refusal says in English and in Chinese."""
    english = program.ok(*argv, code=code).err
    chinese = program.ok(*argv, "--lang", "zh-CN", code=code).err
    return english, chinese


# issue


def test_an_offer_says_where_it_went_and_is_in_force_once_accepted(licensed, market):
    document = issue(licensed, market, "--to", "丙公司", "--template", "no-resale")
    assert document.keys() == WRITTEN
    key = document["subject"]
    assert key.startswith("grant/")
    body = body_of(licensed, document)
    assert (body["asset"], body["grantee"]) == (market.asset, market.parties["丙公司"])
    assert body["policy"]["type"] == "Offer"
    assert "parent" not in body
    assert statuses(licensed)[key] == "offered"
    accepted = licensed.json("grant", "accept", key)
    assert accepted.keys() == WRITTEN
    assert accepted["subject"] == key
    assert statuses(licensed)[key] == "live"


def test_people_are_told_that_an_offer_has_to_be_accepted(licensed, market):
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "internal-use")
    result = licensed.ok(*argv)
    assert result.row("written") == "grant.issue"
    key = result.row("about")
    assert result.err == (
        "An offer: it is in force once 丙公司 accepts it, with a key of its own: "
        f"muniment grant accept {key}\n"
    )
    chinese = licensed.ok(*argv, "--lang", "zh-CN")
    assert chinese.row("已写入") == "grant.issue"
    assert "接受后生效：muniment grant accept grant/" in chinese.err
    assert licensed.ok(*argv, "--quiet").err == ""


TEMPLATES = {
    "internal-use": ["use"],
    "no-resale": ["use"],
    "one-onward-copy": ["use", "distribute"],
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_makes_the_terms(licensed, market, template):
    document = issue(licensed, market, "--to", "丙公司", "--template", template)
    policy = body_of(licensed, document)["policy"]
    assert [rule["action"] for rule in policy["permission"]] == TEMPLATES[template]


def test_limits_are_filled_into_a_template(licensed, market):
    limits = ("--until", "2027-12-31", "--purpose", "research", "--purpose", "training")
    limits += ("--region", "CN-32", "--region", "CN-33", "--count", "5")
    document = issue(licensed, market, "--to", "丙公司", "--template", "internal-use", *limits)
    (rule,) = body_of(licensed, document)["policy"]["permission"]
    end, purpose, place, count = rule["constraint"]
    assert end["rightOperand"] == 1830268800000, "2028-01-01T00:00+08:00"
    assert purpose["rightOperand"] == ["research", "training"]
    assert [one["rightOperand"] for one in place["or"]] == ["CN-32", "CN-33"]
    assert count["rightOperand"] == 5
    shown = licensed.ok("grant", "show", document["subject"]).out
    assert "before 2028-01-01T00:00:00+08:00" in shown


def test_public_data_is_licensed_for_named_purposes(licensed, market):
    argv = ("grant", "issue", market.number, "--to", "丙公司")
    argv += ("--template", "public-data-operation")
    error = licensed.refused(*argv, code=4)
    assert (error["code"], error["rule"]) == ("purposes", "domain 5")
    english, chinese = both(licensed, *argv)
    assert "name some of" in english
    assert "请分别授权" in chinese
    licensed.ok(*argv, "--purpose", "public-welfare")


WRONG_USE = {
    "no terms": ([], "option_required", "either --template NAME or --policy FILE"),
    "two terms": (
        ["--template", "no-resale", "--policy", "policy.json"],
        "option_required",
        "either --template NAME or --policy FILE",
    ),
    "limits beside a policy": (
        ["--policy", "policy.json", "--until", "2027-12-31"],
        "usage",
        "write them into the policy file",
    ),
    "an agreement that its file calls an offer": (
        ["--policy", "offer.json", "--agreement"],
        "usage",
        "the policy file says type Offer",
    ),
    "no date": (["--template", "no-resale", "--until", "tomorrow"], "date", "2026-11-22"),
    "no use at all": (["--template", "no-resale", "--count", "0"], "usage", "--count"),
}


@pytest.mark.parametrize("name", WRONG_USE)
def test_wrong_use_says_how_it_is_used(licensed, market, name):
    more, code, part = WRONG_USE[name]
    write_policy()
    write_policy("offer.json", type="Offer")
    argv = ("grant", "issue", market.number, "--to", "丙公司", *more)
    error = licensed.refused(*argv, code=2)
    assert error["code"] == code
    assert part in error["message"]
    english, chinese = both(licensed, *argv, code=2)
    assert english != chinese


BAD_TERMS = {
    "an unknown template": (["--template", "nonsense"], "unknown_term", "use one of internal-use"),
    "an unknown action": (["--policy", "action.json"], "unknown_term", "use one of"),
    "an unknown operand": (["--policy", "operand.json"], "unknown_term", "use one of"),
    "another asset": (["--policy", "target.json"], "wrong_parts", "the policy's target is urn:"),
    "a region that is none": (
        ["--template", "no-resale", "--region", "Jiangsu"],
        "malformed_policy",
        "CN-32",
    ),
    "a one-sided duty": (["--policy", "set.json"], "one_sided", "offer it (Offer)"),
}


@pytest.mark.parametrize("name", BAD_TERMS)
def test_terms_that_are_not_known_are_refused_and_never_left_out(licensed, market, name):
    more, code, part = BAD_TERMS[name]
    write_policy("action.json", permission=[{"action": "publish"}])
    odd = {"leftOperand": "mood", "operator": "eq", "rightOperand": "good"}
    write_policy("operand.json", permission=[{"action": "read", "constraint": [odd]}])
    write_policy("target.json", target="urn:muniment:example.org/x:asset/" + "a" * 26)
    write_policy("set.json", type="Set", obligation=[{"action": "delete"}])
    argv = ("grant", "issue", market.number, "--to", "丙公司", *more)
    size = licensed.json("log", "checkpoint")["size"]
    error = licensed.refused(*argv, code=4)
    assert error["code"] == code
    assert error["rule"].startswith("domain 5")
    assert part in error["message"]
    english, chinese = both(licensed, *argv)
    assert english != chinese
    assert licensed.json("log", "checkpoint")["size"] == size


MALFORMED = {
    "nonsense": b"nonsense",
    "a list": b"[]",
    "a float": b'{"permission":[{"action":"read","x":1.5}]}',
    "a member twice": b'{"type":"Offer","type":"Set"}',
    "nothing": b"",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_policy_file_that_is_none_is_malformed(licensed, market, name):
    Path("policy.json").write_bytes(MALFORMED[name])
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--policy", "policy.json")
    assert licensed.refused(*argv, code=4)["code"] == "malformed"


def test_a_policy_file_is_filled_in_where_it_names_nobody(licensed, market):
    file = write_policy(prohibition=[{"action": "distribute"}])
    policy = body_of(licensed, issue(licensed, market, "--to", "丙公司", "--policy", file))[
        "policy"
    ]
    assert policy["type"] == "Offer"
    assert policy["assigner"] == market.parties["甲公司"]
    assert policy["assignee"] == market.parties["丙公司"]
    assert (policy["profile"], policy["conflict"]) == (PROFILE, "prohibit")
    assert policy["target"].endswith(f":{market.asset}")


def test_a_one_sided_policy_is_in_force_at_once_and_names_nobody(licensed, market):
    file = write_policy(type="Set")
    result = licensed.ok("grant", "issue", market.number, "--to", "丙公司", "--policy", file)
    assert result.err == "", "nobody has to accept it"
    assert statuses(licensed)[result.row("about")] == "live"
    shown = licensed.ok("grant", "show", result.row("about")).out
    assert "nobody has to accept it" in shown


def test_a_missing_policy_file_is_not_found(licensed, market):
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--policy", "none.json")
    assert licensed.refused(*argv, code=5)["message"] == "there is no file none.json"


def test_whom_it_is_about_is_named_and_known(licensed, market):
    terms = ("--template", "no-resale")
    argv = ("grant", "issue", market.number, *terms)
    assert "--to" in licensed.refused(*argv, code=2)["message"]
    assert licensed.refused(*argv, "--to", "戊公司", code=5)["code"] == "not_found"
    error = licensed.refused(*argv, "--to", "公司", code=2)
    assert error["code"] == "ambiguous"
    argv = ("grant", "issue", "0000", "--to", "丙公司", *terms)
    assert licensed.refused(*argv, code=5)["code"] == "not_found"
    argv = ("grant", "issue", market.number, "--to", "甲公司", *terms)
    assert licensed.refused(*argv, code=4)["code"] == "wrong_grantee"


def test_the_asset_may_be_called_by_title_and_the_parties_by_their_keys(licensed, market):
    argv = ("--to", market.parties["丙公司"][:12], "--as", market.parties["甲公司"])
    key = licensed.json("grant", "issue", "停车", *argv, "--template", "no-resale")["subject"]
    shown = licensed.json("grant", "show", key)
    assert shown["asset"] == market.registered["asset"]
    assert (shown["grantor"], shown["grantee"]) == (
        market.parties["甲公司"],
        market.parties["丙公司"],
    )


def test_nobody_licenses_what_he_has_no_right_to(licensed, market):
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "no-resale")
    error = licensed.refused(*argv, "--as", "丁公司", code=4)
    assert (error["code"], error["rule"]) == ("no_operate_right", "domain 5")
    english, chinese = both(licensed, *argv, "--as", "丁公司")
    assert "register or renew it, or name the grant" in english
    assert "请先登记或续期" in chinese


def test_a_frozen_asset_is_not_licensed(licensed, market):
    key = issue(licensed, market, "--to", "丁公司", "--template", "no-resale")["subject"]
    licensed.ok("order", "freeze", market.number, "--ground", "inquiry")
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "no-resale")
    assert licensed.refused(*argv, code=4)["code"] == "frozen"
    assert licensed.refused("grant", "accept", key, code=4)["code"] == "frozen"
    assert "须由监管方" in both(licensed, *argv)[1]
    licensed.json("grant", "revoke", market.grant)


def test_a_suspended_party_gets_no_grant(licensed, market):
    licensed.ok("party", "suspend", "丙公司", "--ground", "inquiry")
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "no-resale")
    error = licensed.refused(*argv, code=4)
    assert error["code"] == "wrong_grantee"
    assert "lift its suspension, or name somebody else" in error["message"]


# onward


def hand_on(program, market, to="丙公司", *more, template="no-resale", until="2030-12-31"):
    terms = ("--template", template, "--until", until)
    return program.json(
        "grant", "issue", market.number, "--as", "乙公司", "--to", to, *terms, *more
    )


def test_the_only_grant_that_a_party_has_is_what_its_own_rests_on(licensed, market):
    document = hand_on(licensed, market)
    assert body_of(licensed, document)["parent"] == market.grant
    listed = licensed.json("grant", "list")["items"]
    assert listed[0]["parent"] == market.grant


def test_a_parent_may_be_named_by_its_beginning_and_tells_who_acts(licensed, market):
    terms = ("--template", "no-resale", "--until", "2030-12-31")
    parent = market.grant.removeprefix("grant/")[:8]
    document = issue(licensed, market, "--to", "丙公司", "--parent", parent, *terms)
    event = licensed.json("log", "show", document["index"])["leaf"]["event"]
    assert event["actor"] == market.parties["乙公司"]
    assert event["body"]["parent"] == market.grant
    argv = ("grant", "issue", market.number, "--to", "丁公司", *terms)
    assert licensed.refused(*argv, "--parent", "0000", code=5)["code"] == "not_found"
    wrong = (*argv, "--parent", parent, "--as", "丙公司")
    assert licensed.refused(*wrong, code=4)["code"] == "wrong_parent"


def test_who_has_another_right_than_to_operate_licenses_by_its_grant(licensed, market):
    licensed.ok("transfer", market.number, "--right", "use", "--to", "乙公司")
    assert body_of(licensed, hand_on(licensed, market))["parent"] == market.grant


def test_of_several_grants_the_parent_is_named(licensed, market):
    second = issue(licensed, market, "--to", "乙公司", "--template", "no-resale")["subject"]
    licensed.ok("grant", "accept", second)
    argv = ("grant", "issue", market.number, "--as", "乙公司", "--to", "丙公司")
    argv += ("--template", "no-resale", "--until", "2030-12-31")
    error = licensed.refused(*argv, code=2)
    assert error["code"] == "ambiguous"
    assert market.grant in error["message"]
    assert second in error["message"]
    assert "乙公司 (party/" in error["message"]
    chinese = both(licensed, *argv, code=2)[1]
    assert "请用 --parent 指明" in chinese


def test_onward_terms_only_shrink_and_the_refusal_says_what_is_too_wide(licensed, market):
    argv = ("grant", "issue", market.number, "--as", "乙公司", "--to", "丙公司")
    error = licensed.refused(*argv, "--template", "no-resale", code=4)
    assert error["code"] == "wider_than_parent"
    assert "2031-01-01" in error["message"], "a longer term"
    terms = ("--template", "one-onward-copy", "--until", "2030-12-31")
    english, chinese = both(licensed, *argv, *terms)
    assert "distribute" in english
    assert "请去掉 distribute" in chinese


def test_the_one_onward_copy_is_handed_on_once(licensed, market):
    hand_on(licensed, market)
    argv = ("grant", "issue", market.number, "--as", "乙公司", "--to", "丁公司")
    argv += ("--template", "no-resale", "--until", "2030-12-31")
    error = licensed.refused(*argv, code=4)
    assert error["code"] == "beyond_count"
    assert error["rule"] == "permission/1; domain 5"
    english, chinese = both(licensed, *argv)
    assert "ask for a higher count" in english
    assert "请取得更高次数的授权" in chinese


def test_who_has_a_grant_without_onward_rights_is_refused_with_the_clause(licensed, market):
    key = hand_on(licensed, market)["subject"]
    argv = ("grant", "issue", market.number, "--as", "丙公司", "--to", "丁公司")
    argv += ("--template", "internal-use")
    error = licensed.refused(*argv, code=4)
    assert error["code"] == "grant_offered", "it has to be accepted first"
    licensed.ok("grant", "accept", key)
    error = licensed.refused(*argv, code=4)
    assert error["code"] == "prohibited"
    assert error["rule"] == "prohibition/0; domain 5"
    assert key in error["message"]
    assert "禁止该行为" in both(licensed, *argv)[1]


# accept


def test_an_offer_is_accepted_once_and_by_whom_it_was_made_to(licensed, market):
    key = issue(licensed, market, "--to", "丙公司", "--template", "no-resale")["subject"]
    argv = ("grant", "accept", key)
    error = licensed.refused(*argv, "--as", "丁公司", code=4)
    assert (error["code"], error["rule"]) == ("not_offered", "domain 4")
    licensed.json("grant", "accept", key.removeprefix("grant/")[:10], "--as", "丙公司")
    english, chinese = both(licensed, *argv)
    assert "only an open offer is accepted" in english
    assert "仅被要约方可接受" in chinese
    assert f"{key} 现为“有效”" in chinese
    assert licensed.refused("grant", "accept", "0000", code=5)["code"] == "not_found"


def test_without_the_grantee_s_key_nothing_is_accepted(licensed, market, tmp_path):
    key = issue(licensed, market, "--to", "丙公司", "--template", "no-resale")["subject"]
    move_key(licensed, "丙公司", tmp_path / "elsewhere")
    error = licensed.refused("grant", "accept", key, code=2)
    assert error["code"] == "key_required"
    assert statuses(licensed)[key] == "offered"


def test_the_beginning_of_two_grants_is_ambiguous_and_both_are_named(licensed, market):
    other = issue(licensed, market, "--to", "丙公司", "--template", "no-resale")["subject"]
    error = licensed.refused("grant", "show", "grant/", code=2)
    assert error["code"] == "ambiguous"
    assert {market.grant, other} <= set(error["message"].replace(";", ",").split(", ")) | {
        error["message"].partition(": ")[2].split(", ")[0]
    }


# an agreement, and a key elsewhere


def test_an_agreement_of_keys_that_are_here_is_in_force_at_once(licensed, market):
    argv = ("--to", "丙公司", "--template", "internal-use", "--agreement")
    document = issue(licensed, market, *argv)
    assert document.keys() == WRITTEN
    assert statuses(licensed)[document["subject"]] == "live"
    leaf = licensed.json("log", "show", document["index"])["leaf"]
    assert len(leaf["signatures"]) == 2


@pytest.fixture
def drafted(licensed, market, tmp_path):
    """An agreement whose grantee has its key in another home: what the command said."""
    elsewhere = tmp_path / "elsewhere"
    move_key(licensed, "丙公司", elsewhere / "keys")
    argv = ("--to", "丙公司", "--template", "internal-use", "--agreement")
    return elsewhere, issue(licensed, market, *argv, "--out", "grant.json")


def test_an_agreement_with_a_key_elsewhere_travels_as_a_draft(licensed, market, drafted):
    elsewhere, document = drafted
    assert document.keys() == WRITTEN | {"file", "missing"}
    assert (document["index"], document["file"]) == (None, "grant.json")
    assert [each["party"] for each in document["missing"]] == [market.parties["丙公司"]]
    assert document["subject"] not in statuses(licensed)
    shown = licensed.ok("cosign", "grant.json", "--home", elsewhere)
    assert market.asset in shown.out
    written = licensed.json("submit", "grant.json")
    assert (written["event"], written["subject"]) == (document["event"], document["subject"])
    assert statuses(licensed)[document["subject"]] == "live"


def test_a_draft_says_in_both_languages_what_comes_next(licensed, market, drafted):
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "internal-use")
    result = licensed.ok(*argv, "--agreement", "--out", "a.json")
    assert "muniment cosign a.json" in result.err
    assert "An offer" not in result.err
    assert result.row("still to sign").startswith("丙公司 (party/")
    chinese = licensed.ok(*argv, "--agreement", "--out", "b.json", "--lang", "zh-CN")
    assert "由对方签署" in chinese.err
    argv = (*argv, "--agreement", "--out", "a.json")
    assert licensed.refused(*argv, code=2)["code"] == "exists"


def test_a_draft_without_its_other_signature_is_not_submitted(licensed, market, drafted):
    error = licensed.refused("submit", "grant.json", code=4)
    assert error["code"] == "signatures_missing"
    assert "丙公司" in error["message"]


# revoke


def test_revoking_counts_what_ends_with_it(licensed, market):
    child = hand_on(licensed, market)["subject"]
    licensed.ok("grant", "accept", child)
    document = licensed.json("grant", "revoke", market.grant, "--ground", "breach")
    assert document.keys() == WRITTEN | {"below"}
    assert (document["subject"], document["below"]) == (market.grant, 1)
    assert body_of(licensed, document) == {"grant": market.grant, "ground": "breach"}
    assert statuses(licensed) == {market.grant: "revoked", child: "dead"}


def test_people_see_how_many_grants_end_with_it(licensed, market):
    hand_on(licensed, market)
    result = licensed.ok("grant", "revoke", market.grant[6:14], "--lang", "zh-CN")
    assert result.row("已写入") == "grant.revoke"
    assert result.row("下级授权") == "0", "the one below was never accepted"


def test_the_ground_and_its_document_are_on_the_record(licensed, market):
    Path("notice.pdf").write_bytes(b"notice")
    argv = ("grant", "revoke", market.grant)
    error = licensed.refused(*argv, "--ground", "whim", code=2)
    assert error["message"] == "--ground is one of withdrawn, breach, agreed, law"
    assert "应为 withdrawn、breach" in both(licensed, *argv, "--ground", "whim", code=2)[1]
    wrong = (*argv, "--document", "none.pdf")
    assert licensed.refused(*wrong, code=5)["code"] == "not_found"
    body = body_of(licensed, licensed.json(*argv, "--ground", "law", "--document", "notice.pdf"))
    assert (body["ground"], body["document"]) == ("law", sha256(b"notice").hexdigest())


def test_a_grant_is_revoked_once_and_by_its_grantor(licensed, market):
    argv = ("grant", "revoke", market.grant)
    error = licensed.refused(*argv, "--as", "乙公司", code=4)
    assert (error["code"], error["rule"]) == ("wrong_role", "domain 4")
    assert "仅可由授权方" in both(licensed, *argv, "--as", "乙公司")[1]
    licensed.json(*argv, "--as", "甲公司")
    english, chinese = both(licensed, *argv)
    assert "nothing is left to do" in english
    assert "无须再次操作" in chinese
    assert licensed.refused("grant", "revoke", "0000", code=5)["code"] == "not_found"


def test_who_took_over_the_right_behind_a_grant_licenses_and_revokes(licensed, market):
    licensed.ok("transfer", market.number, "--right", "operate", "--to", "丁公司")
    assert statuses(licensed)[market.grant] == "live", "it goes on under the new holder"
    document = issue(licensed, market, "--to", "丙公司", "--template", "no-resale")
    assert licensed.json("grant", "list")["items"][0]["grantor"] == market.parties["丁公司"]
    error = licensed.refused("grant", "revoke", market.grant, "--as", "甲公司", code=4)
    assert error["code"] == "wrong_role"
    licensed.json("grant", "revoke", market.grant)
    licensed.json("grant", "revoke", document["subject"])


# list and show


def test_grants_are_listed_with_the_newest_first(licensed, market):
    second = issue(licensed, market, "--to", "丁公司", "--template", "no-resale")["subject"]
    third = hand_on(licensed, market)["subject"]
    listed = licensed.json("grant", "list")
    assert listed.keys() == {"items", "next"}
    members = {"grant", "status", "grantor", "grantee", "asset", "parent"}
    assert all(item.keys() == members for item in listed["items"])
    assert [item["grant"] for item in listed["items"]] == [third, second, market.grant]
    assert listed["next"] is None


def test_a_list_that_was_cut_says_so(licensed, market):
    issue(licensed, market, "--to", "丁公司", "--template", "no-resale")
    assert licensed.json("grant", "list", "--limit", "1")["next"] == market.grant
    result = licensed.ok("grant", "list", "--limit", "1")
    assert len(result.out.splitlines()) == 1
    assert result.err == "1 older ones are not shown: say --limit 2\n"
    chinese = licensed.ok("grant", "list", "--limit", "1", "--lang", "zh-CN").err
    assert chinese == "另有 1 项较早的未显示：可用 --limit 2\n"
    assert licensed.json("grant", "list", "--limit", "2")["next"] is None


def test_grants_are_listed_by_asset_and_by_either_party(licensed, market):
    other = licensed.json("register", "table.csv", "--title", "另一份数据", "--as", "甲公司")
    argv = ("--to", "丙公司", "--template", "no-resale", "--as", "甲公司")
    apart = licensed.json("grant", "issue", other["asset"], *argv)["subject"]
    child = hand_on(licensed, market)["subject"]

    def listed(*argv):
        return {item["grant"] for item in licensed.json("grant", "list", *argv)["items"]}

    assert listed("--asset", other["voucher"]) == {apart}
    assert listed("--party", "乙公司") == {market.grant, child}
    assert listed("--party", "丙公司") == {apart, child}
    assert listed("--party", "丙公司", "--asset", market.asset) == {child}
    assert listed("--party", "丁公司") == set()
    assert listed() == {market.grant, apart, child}


def test_a_list_for_people_has_names_and_statuses_in_their_language(licensed, market):
    line = f"{market.grant}\tlive\t甲公司 > 乙公司\t停车数据 2026\n"
    assert licensed.ok("grant", "list").out == line
    chinese = line.replace("\tlive\t", "\t有效\t")
    assert licensed.ok("grant", "list", "--lang", "zh-CN").out == chinese
    licensed.ok("grant", "revoke", market.grant)
    assert "\t已撤回\t" in licensed.ok("grant", "list", "--lang", "zh-CN").out


def test_a_grant_is_shown_with_its_terms_in_words(licensed, market):
    document = licensed.json("grant", "show", market.grant)
    assert document.keys() >= {"grant", "effective", "terms", "policy", "status", "meters"}
    assert document["effective"] == "live"
    result = licensed.ok("grant", "show", market.grant[:12])
    assert result.row("from").startswith("甲公司 party/")
    assert result.row("status") == "live"
    assert "because" not in result.rows
    assert f"agree on these terms for 停车数据 2026 ({market.asset})." in result.out
    assert "urn:muniment" not in result.out
    chinese = licensed.ok("grant", "show", market.grant, "--lang", "zh-CN")
    assert chinese.row("状态") == "有效"
    assert "向他人提供副本" in chinese.out
    assert licensed.refused("grant", "show", "0000", code=5)["code"] == "not_found"


def test_a_grant_that_is_not_live_says_why(licensed, market):
    child = hand_on(licensed, market)["subject"]
    assert "nobody had accepted" in licensed.ok("grant", "show", child).row("because")
    licensed.ok("grant", "accept", child)
    licensed.ok("grant", "revoke", market.grant)
    result = licensed.ok("grant", "show", child)
    assert (result.row("status"), result.row("below")) == ("dead", market.grant)
    assert result.row("because").startswith(f"{market.grant} had been revoked: ask its grantor")
    assert "当时已被撤回" in licensed.ok("grant", "show", child, "--lang", "zh-CN").row("理由")


def test_a_term_that_is_over_is_refused_and_one_to_come_is_not_yet(licensed, market):
    argv = ("--to", "丙公司", "--template", "no-resale", "--until", "2020-12-31")
    error = licensed.refused("grant", "issue", market.number, *argv, code=4)
    assert error["code"] == "term_over"
    later = {"leftOperand": "dateTime", "operator": "gteq", "rightOperand": 1893456000000}
    file = write_policy(type="Set", permission=[{"action": "read", "constraint": [later]}])
    future = issue(licensed, market, "--to", "丙公司", "--policy", file)["subject"]
    assert statuses(licensed) == {market.grant: "live", future: "not-yet"}
    shown = licensed.ok("grant", "show", future)
    assert shown.row("status") == "not yet valid"
    assert "wait for the date" in shown.row("because")
    chinese = licensed.ok("grant", "show", future, "--lang", "zh-CN")
    assert chinese.row("状态") == "尚未生效"


def test_a_right_and_an_act_of_one_name_are_told_apart(licensed, market):
    time.sleep(0.002)
    licensed.ok("use", "record", market.grant, "--action", "use")
    chinese = licensed.ok("grant", "show", market.grant, "--lang", "zh-CN")
    assert chinese.row("已记录") == "使用 1"
    tree = licensed.ok("trace", "grant", market.grant, "--lang", "zh-CN").out
    assert f"{market.grant} · 使用 1\n" in tree
    assert "权利 经营权" in tree


# what comes next, and how an accepted offer reads


def test_an_offer_says_who_has_to_accept_it(licensed, market):
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "no-resale")
    said = licensed.ok(*argv).err
    assert "it is in force once 丙公司 accepts it" in said
    assert "muniment grant accept grant/" in said
    assert "经 丙公司 以其密钥接受后生效" in licensed.ok(*argv, "--lang", "zh-CN").err


def test_an_offer_that_was_accepted_reads_as_an_agreement(licensed, market):
    argv = ("grant", "issue", market.number, "--to", "丙公司", "--template", "no-resale")
    key = licensed.json(*argv)["subject"]
    assert "they hold once accepted" in licensed.ok("grant", "show", key).out
    licensed.ok("grant", "accept", key)
    shown = licensed.ok("grant", "show", key).out
    assert "agree on these terms" in shown
    assert "once accepted" not in shown
    assert licensed.json("grant", "show", key)["policy"]["type"] == "Offer", "as it was issued"

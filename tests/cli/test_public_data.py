"""Public data on the command line: roots, two tiers, exits, and the yearly list."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import run_quietly

LIMITS = ("--purpose", "public-welfare", "--scene", "bus-routes")
OPERATE = ("--template", "public-data-operation", *LIMITS)
USE = ("--template", "internal-use", *LIMITS)
ROLES = {"乙公司": "public-data-operator", "丙公司": "developer"}


@dataclass(frozen=True)
class City:
    """甲公司 is a root and licenses 乙公司, who licenses 丙公司; made once.

    Args:
        home: Its home folder; all keys lie in it.
        number: Of the public data's voucher.
        parties: Keys by name.
        top, low: The two grants, both live.
    """

    home: Path
    number: str
    parties: dict
    top: str
    low: str


@pytest.fixture(scope="session")
def city(market, tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    home = ("--home", folder / "home")
    shutil.copytree(market.home, home[1])
    table, roots = folder / "buses.csv", folder / "roots.json"
    table.write_bytes(b"hour,passengers\n8,1200\n")
    roots.write_text(json.dumps({"roots": [{"party": market.parties["甲公司"]}]}))
    rights = ("--right", "hold", "--right", "operate", "--class", "public")
    filed = ("register", table, "--title", "公交客流 2026", *rights, "--as", "甲公司")
    number = run_quietly(*home, *filed)["voucher"]
    run_quietly(*home, "list", "publish", "public-data", "roots", roots)
    for name, role in ROLES.items():
        run_quietly(*home, "party", "admit", name, "--role", role)
    grants = []
    for name, terms in (("乙公司", OPERATE), ("丙公司", USE)):
        parent = ("--parent", grants[-1]) if grants else ()
        argv = ("grant", "issue", number, "--to", name, *terms, *parent)
        grants.append(run_quietly(*home, *argv)["subject"])
        run_quietly(*home, "grant", "accept", grants[-1])
    return City(home[1], number, market.parties, *grants)


@pytest.fixture
def public(program, city):
    """The program over a copy of that registry."""
    shutil.copytree(city.home, program.home)
    return program


def publish_roots(program, *parties):
    roots = [{"party": party} for party in parties]
    Path("roots.json").write_text(json.dumps({"roots": roots}))
    program.json("list", "publish", "public-data", "roots", "roots.json")


def check(program, city, *more):
    argv = ("grant", "check", "--action", "read", "--by", "丙公司", "--asset", city.number)
    return program.json(*argv, *LIMITS, *more)


def live(program, *argv):
    return program.json("query", "authorisations", *argv)


def test_a_grant_of_public_data_says_what_it_lacks(public, city):
    argv = ("grant", "issue", city.number)
    scene = public.refused(*argv, "--to", "乙公司", "--template", "no-resale", *LIMITS[:2], code=4)
    assert (scene["code"], scene["rule"]) == ("scene_missing", "domain 4")
    assert "muniment:scene" in scene["message"]
    assert scene["hint"] == "give --purpose and --scene"
    tier = public.refused(*argv, "--to", "丁公司", "--template", "no-resale", *LIMITS, code=4)
    assert tier["code"] == "not_admitted"
    assert "public-data-operator" in tier["message"]
    assert tier["hint"].startswith("admit it (muniment party admit PARTY --role")
    publish_roots(public)
    root = public.refused(*argv, "--to", "乙公司", "--template", "no-resale", *LIMITS, code=4)
    assert root["code"] == "not_authorised"
    assert "list/public-data:roots" in root["message"]
    assert root["hint"].endswith("muniment list publish public-data roots FILE")
    chinese = public.ok(*argv, "--to", "乙公司", *USE, "--lang", "zh-CN", code=4).err
    assert "list/public-data:roots" in chinese
    assert "获授权主体" in chinese


def test_the_scene_is_stated_where_it_is_asked_for(public, city):
    assert check(public, city)["verdict"] == "permitted"
    argv = ("grant", "check", "--action", "read", "--by", "丙公司", "--asset", city.number)
    unstated = public.json(*argv, *LIMITS[:2])
    assert (unstated["verdict"], unstated["unknown"]) == ("not covered", ["muniment:scene"])
    assert check(public, city, "--scene", "taxis")["verdict"] == "not covered"
    assert "场景" in public.ok(*argv, *LIMITS[:2], "--lang", "zh-CN").out
    Path("policy.json").write_text(json.dumps({"permission": [{"action": "read"}]}))
    wrong = ("grant", "issue", city.number, "--to", "乙公司", "--policy", "policy.json")
    assert "--scene" in public.refused(*wrong, "--scene", "taxis", code=2)["message"]


def test_usage_is_recorded_in_its_scene(public, city):
    argv = ("use", "record", city.low, "--action", "read", *LIMITS[:2])
    assert public.refused(*argv, code=4)["code"] == "unknown_facts"
    index = public.json(*argv, "--scene", "bus-routes")["index"]
    body = public.json("log", "show", index)["leaf"]["event"]["body"]
    assert body["scene"] == "bus-routes"


def test_lines_of_usage_are_of_the_scene_of_their_batch(public, city):
    time = max(item["time"] for item in public.json("log", "tail")["items"])
    line = {"action": "read", "at": time + 1, "scene": "bus-routes"}
    Path("lines.ndjson").write_text(json.dumps(line) + "\n")
    argv = ("use", "batch", "lines.ndjson", "--grant", city.low, *LIMITS[:2])
    index = public.json(*argv, "--scene", "bus-routes")["index"]
    body = public.json("log", "show", index)["leaf"]["event"]["body"]
    assert body["scene"] == "bus-routes"
    Path("lines.ndjson").write_text(json.dumps(line | {"scene": "taxis"}) + "\n")
    assert "scene" in public.refused(*argv, "--scene", "bus-routes", code=4)["message"]


def test_an_exit_shows_in_every_view(public, city):
    public.json("party", "admit", "乙公司", "--role", "public-data-operator", "--end")
    answer = check(public, city)
    assert (answer["verdict"], answer["clause"]["code"]) == ("not covered", "not_admitted")
    assert answer["clause"]["subject"] == city.parties["乙公司"]
    shown = public.json("grant", "show", city.low)
    assert shown["effective"] == "dead"
    because = public.ok("grant", "show", city.low, "--lang", "zh-CN").out
    assert "未获准入为 public-data-operator" in because
    below = public.json("query", "below", city.top)["grants"]
    assert [one["status"] for one in below] == ["dead", "dead"]
    traced = public.json("trace", "grant", city.low)
    assert '"dead"' in json.dumps(traced)
    assert live(public)["authorisations"] == []
    items = public.json("grant", "list", "--asset", city.number)["items"]
    assert {item["status"] for item in items} == {"dead"}


def test_the_certificate_of_what_hangs_below_says_why_it_ended(public, city):
    public.json("party", "admit", "丙公司", "--role", "developer", "--end")
    public.json("query", "below", city.top, "--certificate", "below.json")
    statement = json.loads(Path("below.json").read_text("utf-8"))["statement"]
    assert "was not admitted as developer" in " ".join(statement["en"])
    assert "未获准入为 developer" in "".join(statement["zh"])
    assert public.json("verify", "below.json")["verified"]


def test_the_yearly_list_has_every_live_chain(public, city):
    document = live(public)
    assert document.keys() == {"year", "at", "status", "authorisations", "log"}
    first, second = document["authorisations"]
    names = ("grant", "root", "operator", "developer")
    party = city.parties
    assert [first[name] for name in names] == [city.top, party["甲公司"], party["乙公司"], None]
    assert [second[name] for name in names[:1]] == [city.low]
    assert second["developer"] == party["丙公司"]
    assert (second["purposes"], second["scenes"]) == (["public-welfare"], ["bus-routes"])
    assert live(public, "--year", str(document["year"])) == document
    assert live(public, "--year", "2020")["status"] == "answered"
    assert live(public, "--year", "2020")["authorisations"] == []


def test_people_see_the_list_as_rows_in_their_language(public, city):
    out = public.ok("query", "authorisations")
    rows = [line.split("\t") for line in out.out.splitlines()]
    assert [row[2:7] for row in rows] == [
        ["甲公司", "乙公司", "-", "public-welfare", "bus-routes"],
        ["甲公司", "乙公司", "丙公司", "public-welfare", "bus-routes"],
    ]
    assert rows[0][0] == city.top
    assert "As of " in out.err
    assert "截至" in public.ok("query", "authorisations", "--lang", "zh-CN").err


def test_a_checkpoint_gives_its_list_again(public, city):
    size = live(public)["log"]["size"]
    before = live(public, "--size", str(size))
    public.json("party", "admit", "乙公司", "--role", "public-data-operator", "--end")
    assert live(public, "--size", str(size)) == before
    assert len(before["authorisations"]) == 2
    assert public.refused("query", "authorisations", "--size", "1", code=5)["code"] == "not_found"


def test_the_list_is_proved_and_certified(public, city):
    document = live(public, "--proof", "live.json", "--certificate", "live-certificate.json")
    assert (document["file"], document["certificate"]) == ("live.json", "live-certificate.json")
    for file in ("live.json", "live-certificate.json"):
        report = public.json("verify", file)
        assert (report["verified"], report["subject"]) == (True, "list/public-data:roots")
        assert report["status"] == "answered"
    shown = public.ok("verify", "live.json", "--lang", "zh-CN").out
    assert "公共数据授权" in shown
    value = json.loads(Path("live.json").read_text("utf-8"))
    value["answer"]["authorisations"].pop()
    Path("less.json").write_text(json.dumps(value))
    public.json("verify", "less.json", code=3)


def test_a_year_to_come_is_refused(public):
    assert public.refused("query", "authorisations", "--year", "2999", code=2)["code"] == "year"


def test_without_a_list_people_are_told_how_to_publish_one(licensed):
    assert live(licensed)["status"] == "absent"
    said = licensed.ok("query", "authorisations").err
    assert "muniment list publish public-data roots FILE" in said
    assert "尚未公布" in licensed.ok("query", "authorisations", "--lang", "zh-CN").err

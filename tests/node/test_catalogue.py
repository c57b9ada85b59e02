"""The DCAT catalogue: what is listed, what it says, and that a verifier works it out again."""

import copy
import json

import pytest

from contracts.registration import Registration, Withhold
from contracts.verdict import Question
from ledger.core.canonical import encode_canonical
from ledger.core.hashing import hash_leaf
from ledger.core.limits import MAX_BUNDLE_PARTS
from ledger.core.merkle import hash_tree
from ledger.core.policy import parse_policy
from ledger.core.state import encode_state, hash_state
from ledger.errors import LimitError
from node.exports import catalogue
from node.exports.catalogue import Page, make_catalogue
from node.exports.datasets import CONTEXT
from node.verifier import verify_file


def register(office):
    """From the filing to the voucher; asset and number."""
    members = {
        "industry": "G 交通运输", "spatial": "全国", "update_frequency": "日",
        "temporal": {"start": "2013-01-01", "end": "2013-12-31"},
        "restrictions": {"resale": False},
    }  # fmt: skip
    asset, registration, _ = office.file(**members)
    office.accept(registration)
    office.publish(registration, "industry", "spatial", "temporal", "update_frequency")
    end = office.registry.need_state(Registration, registration).notice_end
    office.clock.pass_time(end - office.clock.now())
    return asset, office.record(registration)


@pytest.fixture
def registered(office):
    """Asset and number of what is registered."""
    return register(office)


def make(office, *page, with_proofs=True):
    return make_catalogue(office.registry, Page(*page), with_proofs=with_proofs)


def verify(office, document, **question):
    policy = parse_policy(office.registry.home.policy.read_bytes())
    data = json.dumps(document).encode() if isinstance(document, dict) else document
    return verify_file(data, policy, Question(now=office.clock.now(), **question))


def test_a_dataset_says_what_was_published(office, registered):
    asset, number = registered
    (dataset,) = make(office).document["dcat:dataset"]
    base = "urn:muniment:example.org/js"
    assert dataset["@id"] == f"{base}:{asset}"
    assert (dataset["dct:title"], dataset["dct:description"]) == ("航班数据 2013", "All flights")
    assert dataset["dct:identifier"] == asset
    assert dataset["adms:identifier"]["skos:notation"] == number
    relation = dataset["dcat:qualifiedRelation"]["dct:relation"]
    assert relation == {"@id": f"{base}:voucher/{number}"}
    (holder,) = dataset["dct:rightsHolder"]
    assert (holder["@id"], holder["foaf:name"]) == (
        f"{base}:{office.applicant[0]}", "江苏数据有限公司",
    )  # fmt: skip
    assert dataset["dct:spatial"]["rdfs:label"] == "全国"
    assert dataset["dct:accrualPeriodicity"]["rdfs:label"] == "日"
    assert dataset["dcat:keyword"] == ["G 交通运输"]
    assert dataset["dct:temporal"]["dcat:startDate"] == "2013-01-01"
    assert [right["muniment:right"] for right in dataset["muniment:rights"]] == ["hold", "use"]
    assert (dataset["muniment:level"], dataset["muniment:marks"]) == ("general-2", [])
    assert dataset["dct:issued"]["@value"] == "2026-11-09T16:00:00+00:00"


def test_the_policy_is_what_the_voucher_prohibits(office, registered):
    (dataset,) = make(office).document["dcat:dataset"]
    policy = dataset["odrl:hasPolicy"]
    assert policy["@type"] == "odrl:Set"
    assert policy["odrl:conflict"] == {"@id": "odrl:prohibit"}
    acts = {rule["odrl:action"]["@id"] for rule in policy["odrl:prohibition"]}
    assert "odrl:distribute" in acts
    assert {rule["odrl:target"]["@id"] for rule in policy["odrl:prohibition"]} == {dataset["@id"]}


def test_each_dataset_carries_the_leaf_of_the_state_map(office, registered):
    asset, _ = registered
    (dataset,) = make(office).document["dcat:dataset"]
    value = office.registry.read_state(asset)
    assert dataset["muniment:stateHash"] == hash_state(encode_state(value)).hex()


def test_the_root_is_that_of_the_datasets_in_order(office, registered):
    document = make(office).document
    leaves = (hash_leaf(encode_canonical(each)) for each in document["dcat:dataset"])
    assert document["root"] == hash_tree(leaves).hex()
    assert (document["count"], document["@type"]) == (1, "dcat:Catalog")


def test_what_is_not_published_or_not_registered_is_not_listed(office):
    _, filed, _ = office.file()
    assert make(office).document["count"] == 0
    office.accept(filed)
    body = Withhold(registration=filed, reason="trade secret")
    office.submit(office.registry.ledger.registrar, body, office.officers[0])
    office.record(filed)
    made = make(office)
    assert made.document["count"] == 0
    assert "航班" not in made.data.decode()


def test_what_was_revoked_is_not_listed_any_more(office, registered):
    assert make(office).document["count"] == 1
    office.revoke(office.registry.find_subjects("registration/", 1)[0])
    assert make(office).document["count"] == 0


def test_a_prefix_of_every_name_stands_in_the_catalogue_itself(office, registered):
    document = make(office).document
    assert document["@context"] == CONTEXT

    def names(value):
        if isinstance(value, dict):
            for name, member in value.items():
                yield name
                yield from names(member)
        elif isinstance(value, list):
            for member in value:
                yield from names(member)

    shown = {
        name: document[name] for name in document if name not in {"@context", "seal", "states"}
    }
    for name in names(shown):
        prefix = name.partition(":")[0]
        assert name.startswith("@") or prefix in CONTEXT, name
    expected = {"@id", "@type", "@value", "@language"}
    assert {name for name in names(shown) if name.startswith("@")} <= expected


def test_the_profile_s_notice_goes_with_the_catalogue(office):
    comments = {each["@language"]: each["@value"] for each in make(office).document["rdfs:comment"]}
    assert "国家数据产权登记服务系统" in comments["zh"]
    assert "national system prevails" in comments["en"]


def test_the_same_log_gives_the_same_bytes(office, registered):
    assert make(office).digest == make(office).digest


def test_pages_follow_each_other(office, registered):
    office.clock.pass_time(1000)
    keys = sorted([registered[0], register(office)[0]])
    first, second, none = (make(office, after, 1) for after in ("", *keys))
    for page, key in ((first, keys[0]), (second, keys[1])):
        assert [each["dct:identifier"] for each in page.document["dcat:dataset"]] == [key]
        assert verify(office, page.data).is_authentic
    assert none.document["count"] == 0


def test_a_catalogue_too_large_to_be_verified_is_made_in_pages(office, registered, monkeypatch):
    assert MAX_BUNDLE_PARTS > 1000
    monkeypatch.setattr(catalogue, "MAX_BUNDLE_PARTS", 100)
    with pytest.raises(LimitError, match="--limit and --after"):
        make(office)
    assert make(office, with_proofs=False).document["count"] == 1


# Verification


def test_a_catalogue_verifies_offline(office, registered):
    report = verify(office, make(office).data)
    assert report.failure is None
    assert (report.kind, report.is_in_force) == ("catalogue", True)
    assert [check.name for check in report.checks] == ["state", "datasets"]
    assert "assets left out" in report.not_checked
    assert report.opened.body.origin == "example.org/js"


def test_an_empty_catalogue_verifies(office):
    assert verify(office, make(office).data).is_in_force


def test_a_catalogue_without_proofs_is_not_verified(office, registered):
    document = make(office, with_proofs=False).document
    assert "states" not in document
    report = verify(office, document)
    assert not report.is_authentic
    assert "carries no proofs" in str(report.failure)


def first(document):
    return document["dcat:dataset"][0]


MANGLINGS = {
    "another title": lambda d: first(d).update({"dct:title": "X"}),
    "another state hash": lambda d: first(d).update({"muniment:stateHash": "00" * 32}),
    "another holder": lambda d: first(d)["dct:rightsHolder"][0].update({"foaf:name": "X"}),
    "another number": lambda d: first(d)["adms:identifier"].update({"skos:notation": "SJ1"}),
    "a right more": lambda d: first(d)["muniment:rights"].append(first(d)["muniment:rights"][0]),
    "a prohibition less": lambda d: first(d)["odrl:hasPolicy"]["odrl:prohibition"].clear(),
    "a longer validity": lambda d: first(d)["muniment:validUntil"].update({"@value": "2099"}),
    "a member more": lambda d: first(d).update({"praise": 1}),
    "a dataset twice": lambda d: d["dcat:dataset"].append(first(d)),
    "no dataset": lambda d: d["dcat:dataset"].clear(),
    "another count": lambda d: d.update(count=2),
    "another root": lambda d: d.update(root="00" * 32),
    "another publisher": lambda d: d["dct:publisher"].update({"foaf:name": "X"}),
    "another time": lambda d: d["dct:modified"].update({"@value": "2099"}),
    "another context": lambda d: d["@context"].update(dct="http://example.org/"),
    "a term more": lambda d: d["@context"].update(x="http://example.org/"),
    "another id": lambda d: d.update({"@id": "urn:x"}),
    "another notice": lambda d: d["rdfs:comment"].pop(),
    "a state less": lambda d: d["states"].pop(),
    "the asset left out": lambda d: d["states"].pop(0),
    "a state twice": lambda d: d["states"].append(d["states"][0]),
    "another state": lambda d: d["states"][0]["value"]["state"]["fields"].update(title="X"),
    "another proof": lambda d: d["states"][0].update(map_proof=d["states"][1]["map_proof"]),
    "a proof too long": lambda d: d["states"][0].update(map_proof="A" * 20_000),
    "states that are none": lambda d: d.update(states={}),
    "a state that is none": lambda d: d["states"].append(1),
    "a member more on top": lambda d: d.update(praise=1),
    "another format": lambda d: d.update(format="muniment/catalogue/v2"),
    "another seal": lambda d: d["seal"].update(entry=d["seal"]["entry"][:-4]),
}


def test_every_mangled_catalogue_is_found_out(office, registered):
    honest = json.loads(make(office).data)
    assert verify(office, honest).is_authentic
    for name, change in MANGLINGS.items():
        mangled = copy.deepcopy(honest)
        change(mangled)
        assert mangled != honest, name
        report = verify(office, mangled)
        assert not report.is_authentic, name
        assert report.failure is not None


def test_an_asset_is_left_out_only_with_everything_of_it_and_the_verifier_says_so(
    office, registered
):
    full = json.loads(make(office).data)
    page = json.loads(make(office, registered[0]).data)
    assert (full["count"], page["count"]) == (1, 0)
    report = verify(office, page)
    assert report.is_authentic
    assert "assets left out" in report.not_checked


def test_what_it_must_be_can_be_demanded(office, registered):
    data = make(office).data
    assert verify(office, data, expect_kind="catalogue").is_authentic
    assert not verify(office, data, expect_kind="voucher").is_authentic

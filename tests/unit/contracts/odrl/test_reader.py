"""The reader of policies: everything known is read, anything else is refused with its path."""

import copy

import pytest
from hypothesis import HealthCheck, given, settings

from contracts.odrl import format_policy, parse_policy
from contracts.odrl.policy import Atom, Duty, Group, Permission, Policy, Prohibition, Terms
from contracts.odrl.vocabulary import (
    ACTIONS,
    CONTEXT,
    DUTIES,
    LAST_INSTANT,
    LIST_OPERATORS,
    MARK_OPERANDS,
    OPERANDS,
)
from ledger.core.limits import (
    MAX_SAFE_INTEGER,
)
from tests.support.odrl_policies import (
    COMMIT,
    GRANTEE,
    GRANTOR,
    OTHER,
    TARGET,
    documents,
    limit,
    offer,
    refusal,
    rule,
    rules_of,
    terms,
)

RESEARCH = limit("purpose", "eq", "research")
ONCE = limit("count", "lteq", 1)
EITHER = {"or": [limit("spatial", "isPartOf", "CN"), limit("industry", "isAnyOf", ["J", "I"])]}
FULL = {
    **offer(
        rule(["read", "index"], RESEARCH, EITHER, duty=["inform"]),
        rule(
            "distribute",
            ONCE,
            following=rules_of("read", prohibit=["distribute"], oblige=["delete"]),
        ),
        prohibit=[rule("sell", limit("recipient", "isNoneOf", [OTHER]))],
        oblige=[rule("delete", limit("dateTime", "lteq", 5))],
    ),
    "@context": CONTEXT,
}


# What is read


def test_every_part_of_a_policy_is_read_with_its_path():
    found = parse_policy(FULL)
    or_ = Group(
        "or", (Atom("spatial", "isPartOf", ("CN",)), Atom("industry", "isAnyOf", ("I", "J")))
    )
    research = Atom("purpose", "eq", ("research",))
    handed = Terms(
        (Permission("", ("read",)),), (Prohibition("", ("distribute",)),), (Duty("", "delete"),)
    )
    assert found == Policy(
        "Offer",
        TARGET,
        GRANTOR,
        GRANTEE,
        Terms(
            (
                Permission("", ("read", "index"), (research, or_), (Duty("", "inform"),)),
                Permission(
                    "", ("distribute",), (Atom("count", "lteq", number=1),), next_policy=handed
                ),
            ),
            (Prohibition("", ("sell",), (Atom("recipient", "isNoneOf", (OTHER,)),)),),
            (Duty("", "delete", (Atom("dateTime", "lteq", number=5),)),),
        ),
    )
    assert [each.path for each in found.terms.permissions] == ["permission/0", "permission/1"]
    following = found.terms.permissions[1].next_policy
    assert following is not None
    assert following.permissions[0].path == "permission/1/duty/0/target/permission/0"
    assert found.terms.permissions[0].duties[0].path == "permission/0/duty/0"
    assert found.terms.prohibitions[0].path == "prohibition/0"
    assert found.terms.obligations[0].path == "obligation/0"


@given(documents(2))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_parse_reads_what_format_wrote(document):
    found = parse_policy({**offer("use"), **document})
    assert parse_policy(format_policy(found)) == found


def test_what_was_read_before_is_told_by_the_whole_content_and_nothing_else():
    document = offer(rule("read", RESEARCH))
    found = parse_policy(document)
    assert parse_policy(dict(reversed(document.items()))) == found
    document["permission"][0]["action"] = "index"
    assert parse_policy(document).terms.permissions[0].actions == ("index",)
    assert found.terms.permissions[0].actions == ("read",)


def test_a_written_policy_is_the_same_document():
    document = {**FULL}
    del document["@context"]
    document["permission"] = copy.deepcopy(document["permission"])
    document["permission"][0]["constraint"][1]["or"][1]["rightOperand"].sort()
    assert format_policy(parse_policy(FULL)) == document


def test_a_set_names_no_parties():
    document = {
        name: each for name, each in offer("use").items() if name not in {"assigner", "assignee"}
    }
    found = parse_policy({**document, "type": "Set"})
    assert (found.type, found.assigner, found.assignee) == ("Set", None, None)
    assert format_policy(found) == {**document, "type": "Set"}


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_may_be_permitted_and_prohibited(action):
    found = terms(action, prohibit=[action])
    assert found.permissions[0].actions == found.prohibitions[0].actions == (action,)


@pytest.mark.parametrize("duty", DUTIES)
def test_every_duty_may_be_asked_for_and_imposed(duty):
    found = terms(rule("use", duty=[duty]), oblige=[duty])
    assert found.permissions[0].duties[0].action == found.obligations[0].action == duty


VALUES = {
    "dateTime": [0, LAST_INSTANT],
    "count": [0, MAX_SAFE_INTEGER],
    "payAmount": [COMMIT],
    "spatial": ["CN-32"],
    "recipient": [GRANTEE],
}


@pytest.mark.parametrize("operand", sorted(OPERANDS.keys() - MARK_OPERANDS))
def test_every_operator_of_an_operand_is_read(operand):
    for operator in OPERANDS[operand]:
        for value in VALUES.get(operand, ["x"]):
            right = [value] if operator in LIST_OPERATORS else value
            constraint = limit(operand, operator, right)
            assert parse_policy(offer(rule("use", constraint))).terms.permissions[0].constraints


def test_lists_may_be_empty_and_a_single_action_may_stand_in_one():
    document = {**offer({"action": ["use"], "constraint": [], "duty": []}), "obligation": []}
    assert parse_policy(document) == parse_policy(offer("use"))


def test_the_order_of_a_list_of_values_does_not_matter():
    one, other = (
        parse_policy(offer(rule("use", limit("purpose", "isAnyOf", each))))
        for each in (["a", "b"], ["b", "a"])
    )
    assert one == other


# What is refused


def changed(*path, to):
    """FULL with one member changed; to=None drops it."""

    def change(document):
        at = document
        for name in path[:-1]:
            at = at[name]
        if to is None:
            del at[path[-1]]
        else:
            at[path[-1]] = to

    return change


P0, P1 = ("permission", 0), ("permission", 1)
NEXT = (*P1, "duty", 0, "target")
MANGLINGS = {
    "no type": (changed("type", to=None), "malformed_policy", "type"),
    "type is a number": (changed("type", to=5), "malformed_policy", "type"),
    "another type": (changed("type", to="Ticket"), "unknown_term", "type"),
    "no profile": (changed("profile", to=None), "malformed_policy", "profile"),
    "another profile": (changed("profile", to="urn:muniment:odrl:2"), "unknown_term", "profile"),
    "no conflict": (changed("conflict", to=None), "malformed_policy", "conflict"),
    "another conflict": (changed("conflict", to="perm"), "unknown_term", "conflict"),
    "another context": (changed("@context", to="http://example.org"), "unknown_term", "@context"),
    "no target": (changed("target", to=None), "malformed_policy", "target"),
    "target is no asset": (
        changed("target", to=TARGET.replace(":asset/", ":grant/")), "malformed_policy", "target"
    ),
    "target is no URN": (changed("target", to="asset/x"), "malformed_policy", "target"),
    "target is a list": (changed("target", to=[TARGET]), "malformed_policy", "target"),
    "target of a huge origin": (
        changed("target", to=TARGET.replace("example", "x" * 200)), "malformed_policy", "target"
    ),
    "no assigner": (changed("assigner", to=None), "malformed_policy", "assigner"),
    "assignee is a name": (changed("assignee", to="B"), "malformed_policy", "assignee"),
    "assignee is an asset": (
        changed("assignee", to=f"asset/{'a' * 26}"), "malformed_policy", "assignee"
    ),
    "a Set with parties": (changed("type", to="Set"), "malformed_policy", "assigner"),
    "another member": (changed("inheritFrom", to="x"), "unknown_term", "inheritFrom"),
    "a uid": (changed("uid", to="urn:x"), "unknown_term", "uid"),
    "no permission": (changed("permission", to=None), "malformed_policy", "permission"),
    "an empty permission": (changed("permission", to=[]), "malformed_policy", "permission"),
    "permission is an object": (
        changed("permission", to={"action": "use"}), "malformed_policy", "permission"
    ),
    "a rule is a name": (changed(*P0, to="use"), "malformed_policy", "permission/0"),
    "a rule has a target": (changed(*P0, "target", to=TARGET), "unknown_term", "permission/0/target"),
    "a rule has a uid": (changed(*P0, "uid", to="x"), "unknown_term", "permission/0/uid"),
    "no action": (changed(*P0, "action", to=None), "malformed_policy", "permission/0/action"),
    "an empty action": (changed(*P0, "action", to=[]), "malformed_policy", "permission/0/action"),
    "an unknown action": (
        changed(*P0, "action", to=["read", "play"]), "unknown_term", "permission/0/action/1"
    ),
    "an action in other letters": (
        changed(*P0, "action", to="Read"), "unknown_term", "permission/0/action"
    ),
    "an action twice": (
        changed(*P0, "action", to=["read", "read"]), "malformed_policy", "permission/0/action"
    ),
    "an action is an object": (
        changed(*P0, "action", to={"rdf:value": "read"}), "malformed_policy", "permission/0/action"
    ),
    "an action is a list": (
        changed(*P0, "action", to=[["read"]]), "malformed_policy", "permission/0/action/0"
    ),
    "constraint is an object": (
        changed(*P0, "constraint", to=RESEARCH), "malformed_policy", "permission/0/constraint"
    ),
    "a constraint is a string": (
        changed(*P0, "constraint", 0, to="x"), "malformed_policy", "permission/0/constraint/0"
    ),
    "an empty constraint": (
        changed(*P0, "constraint", 0, to={}), "malformed_policy",
        "permission/0/constraint/0/leftOperand",
    ),
    "an unknown operand": (
        changed(*P0, "constraint", 0, "leftOperand", to="language"), "unknown_term",
        "permission/0/constraint/0/leftOperand",
    ),
    "an operand is a number": (
        changed(*P0, "constraint", 0, "leftOperand", to=1), "malformed_policy",
        "permission/0/constraint/0/leftOperand",
    ),
    "an unknown operator": (
        changed(*P0, "constraint", 0, "operator", to="isA"), "unknown_term",
        "permission/0/constraint/0/operator",
    ),
    "an operator of another operand": (
        changed(*P0, "constraint", 0, "operator", to="lt"), "unknown_term",
        "permission/0/constraint/0/operator",
    ),
    "a unit": (
        changed(*P0, "constraint", 0, "unit", to="x"), "unknown_term",
        "permission/0/constraint/0/unit",
    ),
    "no right operand": (
        changed(*P0, "constraint", 0, "rightOperand", to=None), "malformed_policy",
        "permission/0/constraint/0/rightOperand",
    ),
    "a list for one value": (
        changed(*P0, "constraint", 0, "rightOperand", to=["research"]), "malformed_policy",
        "permission/0/constraint/0/rightOperand",
    ),
    "an unknown group": (
        changed(*P0, "constraint", 1, to={"andSequence": [RESEARCH]}), "unknown_term",
        "permission/0/constraint/1/andSequence",
    ),
    "an empty group": (
        changed(*P0, "constraint", 1, to={"or": []}), "malformed_policy",
        "permission/0/constraint/1/or",
    ),
    "a group of one object": (
        changed(*P0, "constraint", 1, to={"or": RESEARCH}), "malformed_policy",
        "permission/0/constraint/1/or",
    ),
    "two groups in one": (
        changed(*P0, "constraint", 1, "and", to=[RESEARCH]), "malformed_policy",
        "permission/0/constraint/1/leftOperand",
    ),
    "a comparison with a group": (
        changed(*P0, "constraint", 0, "or", to=[RESEARCH]), "unknown_term",
        "permission/0/constraint/0/or",
    ),
    "a bad one in a group": (
        changed(*P0, "constraint", 1, "or", 0, "rightOperand", to="China"), "malformed_policy",
        "permission/0/constraint/1/or/0/rightOperand",
    ),
    "count under or": (
        changed(*P0, "constraint", 1, "or", 1, to=ONCE), "malformed_policy",
        "permission/0/constraint",
    ),
    "count in a prohibition": (
        changed("prohibition", 0, "constraint", to=[ONCE]), "malformed_policy",
        "prohibition/0/constraint",
    ),
    "count in an obligation": (
        changed("obligation", 0, "constraint", to=[ONCE]), "malformed_policy",
        "obligation/0/constraint",
    ),
    "count eq": (
        changed(*P1, "constraint", 0, "operator", to="eq"), "unknown_term",
        "permission/1/constraint/0/operator",
    ),
    "duty is an object": (
        changed(*P0, "duty", to={"action": "inform"}), "malformed_policy", "permission/0/duty"
    ),
    "a duty is a name": (changed(*P0, "duty", 0, to="inform"), "malformed_policy", "permission/0/duty/0"),
    "an unknown duty": (
        changed(*P0, "duty", 0, "action", to="attribute"), "unknown_term",
        "permission/0/duty/0/action",
    ),
    "a duty with two actions": (
        changed(*P0, "duty", 0, "action", to=["inform", "delete"]), "malformed_policy",
        "permission/0/duty/0/action",
    ),
    "a duty without one": (
        changed(*P0, "duty", 0, to={}), "malformed_policy", "permission/0/duty/0/action"
    ),
    "a duty with a consequence": (
        changed(*P0, "duty", 0, "consequence", to=[]), "unknown_term",
        "permission/0/duty/0/consequence",
    ),
    "a duty with a target": (
        changed(*P0, "duty", 0, "target", to={}), "unknown_term", "permission/0/duty/0/target"
    ),
    "a remedy": (changed("prohibition", 0, "remedy", to=[]), "unknown_term", "prohibition/0/remedy"),
    "a duty of a prohibition": (
        changed("prohibition", 0, "duty", to=[]), "unknown_term", "prohibition/0/duty"
    ),
    "next policy of a use": (
        changed(*P0, "duty", 0, to={"action": "nextPolicy", "target": rules_of("read")}),
        "malformed_policy", "permission/0/duty/0",
    ),
    "two next policies": (
        changed(*P1, "duty", to=[{"action": "nextPolicy", "target": rules_of("read")}] * 2),
        "malformed_policy", "permission/1/duty/1",
    ),
    "next policy as an obligation": (
        changed("obligation", 0, to={"action": "nextPolicy", "target": rules_of("read")}),
        "unknown_term", "obligation/0/target",
    ),
    "next policy without a target": (
        changed(*P1, "duty", 0, "target", to=None), "malformed_policy", "permission/1/duty/0/target"
    ),
    "next policy by address": (
        changed(*NEXT, to="urn:x"), "malformed_policy", "permission/1/duty/0/target"
    ),
    "next policy with a constraint": (
        changed(*P1, "duty", 0, "constraint", to=[]), "unknown_term",
        "permission/1/duty/0/constraint",
    ),
    "next policy with a header": (
        changed(*NEXT, "type", to="Set"), "unknown_term", "permission/1/duty/0/target/type"
    ),
    "next policy that permits nothing": (
        changed(*NEXT, "permission", to=[]), "malformed_policy",
        "permission/1/duty/0/target/permission",
    ),
    "unknown action in a next policy": (
        changed(*NEXT, "permission", 0, "action", to="play"), "unknown_term",
        "permission/1/duty/0/target/permission/0/action",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MANGLINGS)
def test_every_mangled_policy_is_refused_with_its_path(name):
    change, reason, path = MANGLINGS[name]
    document = copy.deepcopy(FULL)
    change(document)
    found = refusal(document)
    assert found.reason == reason
    assert found.en.startswith((f"{path}:", f"{path} "))
    assert found.zh.startswith((f"{path}：", f"{path} "))


def test_what_is_known_is_named():
    found = refusal(offer("play"))
    for action in ACTIONS:
        assert action in found.en
        assert action in found.zh


@pytest.mark.parametrize("value", [None, True, 0, "x", [], [FULL]])
def test_what_is_no_object_is_no_policy(value):
    assert refusal(value).reason == "malformed_policy"
    assert refusal(value).en.startswith("the policy has to be")

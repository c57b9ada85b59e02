"""What the policy of a grant says of an act, worked out once more, without a line of the product.

Spec: domain, section 5; the profile `urn:muniment:odrl:1`.
"""

from tests.support.independent_proofs import UnsupportedError
from tests.support.independent_signed import like
from tests.support.independent_verifier import complete_from
from tests.support.independent_words import say

REST = ["aggregate", "modify", "derive", "extract", "anonymize", "archive", "index"]
USES = ["use", "read", *REST]
ONWARD = ["distribute", "grantUse"]
TRANSFERS = ["transfer", "sell", "give"]
ACTIONS = [*USES, *ONWARD, *TRANSFERS, "muniment:encumber", "muniment:export"]
PARTS = {"use": [*USES, *ONWARD], "transfer": TRANSFERS}
"""What a general action includes besides itself."""


def answer(verdict, code, subject, path="", **parts):
    """An answer without grounds but its clause, and with these parts."""
    en, zh = say(code, subject, path, parts.get("count"))
    clause = {"code": code, "subject": subject, "path": path, "en": en, "zh": zh}
    whole = {"verdict": verdict, "clause": clause, "chain": [], "duties": [], "unknown": []}
    return whole | {"count": None} | parts


def clause(code, subject, path):
    return answer("", code, subject, path)["clause"]


MARK_OPERANDS = {"muniment:withheldShare", "muniment:rowsPerMark", "muniment:inventedRows"}


def is_known(state, name, date):
    """Whether a list of a state reaches back to a date."""
    return date >= complete_from(state).get(name, date)


def evaluate(key, policy, action, meters):
    """What the policy of a grant says of an act, with what is recorded under it."""
    open_path = None
    for path, rule in list_rules(policy, "prohibition"):
        if bars(rule, action):
            return answer("prohibited", "prohibited", key, path)
        if open_path is None and any(reaches(action, one) for one in acts_of(rule)):
            refuse_constraints(rule)
            open_path = path
    if open_path is not None:
        return answer("not covered", "may_be_prohibited", key, open_path)
    for path, rule in list_rules(policy, "permission"):
        if any(reaches(one, action) for one in acts_of(rule)):
            used = find_count(rule, meters)
            asked = list_duties(rule, policy)
            return answer("permitted", "permitted", key, path, duties=asked, count=used)
    return answer("not covered", "no_permission", key)


def list_duties(rule, policy):
    """What a permission asks for in return, then what the policy obliges to in any case."""
    asked = [*rule.get("duty", []), *policy.get("obligation", [])]
    duties = [one for one in asked if one["action"] != "nextPolicy"]
    return [read_duty(one) for one in duties]


def read_duty(duty):
    """A duty as an answer repeats it; what it says of marks asks for nothing more."""
    bounds = duty.get("constraint", [])
    if any(one.get("leftOperand") not in MARK_OPERANDS for one in bounds):
        raise UnsupportedError("a constraint")
    return {"action": duty["action"], **({"constraint": bounds} if bounds else {})}


def find_count(rule, meters):
    """How much of a permission is used and left; None if it has no limit.

    A count is of all that is recorded of acts that the permission reaches.
    """
    limits = [read_count(one) for one in rule.get("constraint", [])]
    if not limits:
        return None
    most, acts = min(limits), acts_of(rule)
    used = sum(n for act, n in meters.items() if any(reaches(one, act) for one in acts))
    if used > most:
        raise UnsupportedError("more than was permitted")
    return {"limit": most, "used": used, "remaining": most - used}


def read_count(constraint):
    """The largest count that a constraint allows, if it is one on the count."""
    largest = {"lt": -1, "lteq": 0}.get(constraint.get("operator"))
    if constraint.get("leftOperand") != "count" or largest is None:
        raise UnsupportedError("a constraint on something else")
    return constraint["rightOperand"] + largest


def acts_of(rule):
    return rule["action"] if isinstance(rule["action"], list) else [rule["action"]]


def bars(rule, action):
    """Whether a prohibition reaches the whole of an act."""
    barred = any(action == one or action in PARTS.get(one, []) for one in acts_of(rule))
    if barred:
        refuse_constraints(rule)
    return barred


def reaches(named, action):
    """Whether a permission for one action reaches another; an onward one has to be named."""
    return named == action or (action in PARTS.get(named, []) and action not in ONWARD)


def refuse_constraints(rule):
    if rule.get("constraint"):
        raise UnsupportedError("a constraint")


def handed_down(policy, via):
    """Prohibitions, with their paths, that bind whoever got a grant by this clause of a policy."""
    number = int(like("permission/(0|[1-9][0-9]*)", via, "via").partition("/")[2])
    duties = policy["permission"][number].get("duty", [])
    own = [*list_rules(policy, "prohibition")]
    for place, duty in enumerate(duties):
        if duty["action"] == "nextPolicy":
            inner = list_rules(duty["target"], "prohibition")
            before = f"{via}/duty/{place}/target"
            return [*((f"{before}/{path}", rule) for path, rule in inner), *own]
    return [*own, (f"{via}/nextPolicy", {"action": [*ONWARD, "transfer"]})]


def list_rules(terms, name):
    return [(f"{name}/{place}", rule) for place, rule in enumerate(terms.get(name, []))]

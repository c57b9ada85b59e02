"""The terms of grants: ODRL 2.2 in our profile `urn:muniment:odrl:1`, evaluated and compared.

Spec: ODRL Information Model 2.2, ODRL Vocabulary 2.2; domain, section 5.
"""

from contracts.odrl.evaluate import (
    CountLimit,
    Finding,
    Situation,
    evaluate,
    is_within_term,
    list_uses,
    purposes_of,
    scenes_of,
)
from contracts.odrl.narrowing import Widening, check_narrower, find_widening, next_terms
from contracts.odrl.onward import Onward, find_onward
from contracts.odrl.policy import Policy, Terms, format_policy, format_terms, is_free_of_charge
from contracts.odrl.reader import parse_policy
from contracts.odrl.restrictions import (
    RESALE_ACTS,
    UNOPENED,
    restriction_terms,
    root_terms,
    terms_of_use,
)
from contracts.odrl.templates import TEMPLATES, Template, build_policy
from contracts.odrl.tracking import (
    USUAL_MARKS,
    Disclosure,
    describe_marks,
    describe_share,
    find_disclosure,
    is_disclosed,
)
from contracts.odrl.vocabulary import (
    ACTIONS,
    FREE_PURPOSES,
    ONWARD,
    PROFILE,
    SCENE,
    Verdict,
    check_action,
    is_included,
)
from contracts.odrl.wording import describe_clause, describe_terms

__all__ = (
    "ACTIONS",
    "FREE_PURPOSES",
    "ONWARD",
    "PROFILE",
    "RESALE_ACTS",
    "SCENE",
    "TEMPLATES",
    "UNOPENED",
    "USUAL_MARKS",
    "CountLimit",
    "Disclosure",
    "Finding",
    "Onward",
    "Policy",
    "Situation",
    "Template",
    "Terms",
    "Verdict",
    "Widening",
    "build_policy",
    "check_action",
    "check_narrower",
    "describe_clause",
    "describe_marks",
    "describe_share",
    "describe_terms",
    "evaluate",
    "find_disclosure",
    "find_onward",
    "find_widening",
    "format_policy",
    "format_terms",
    "is_disclosed",
    "is_free_of_charge",
    "is_included",
    "is_within_term",
    "list_uses",
    "next_terms",
    "parse_policy",
    "purposes_of",
    "restriction_terms",
    "root_terms",
    "scenes_of",
    "terms_of_use",
)

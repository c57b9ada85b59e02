"""What the page of kinds says in words that no class holds: subjects, signers, values of lists."""

WORDS = {
    "ledger.open": (
        "`ledger/self`; `party/` of operator, registrar and regulator; `key/` of each of their keys",
        "every key of these parties, and the node's",
    ),
    "ledger.upgrade": ("`ledger/self`", "operator and regulator"),
    "party.enroll": (
        "`party/` of the actor; `key/` of each of `keys`; `name/` of `uscc`",
        "every one of `keys`; outside solo also the registrar",
    ),
    "party.rotate": (
        "`party/` of the actor; `key/` of each of `add` and `remove`",
        "the actor, the registrar with as many officers' keys as the profile asks for; every one "
        "of `add`",
    ),
    "party.recover": (
        "`party/`; `key/` of each of `add` and `remove`",
        "the registrar, and every one of `add`; with `cancel` an old key of the party alone",
    ),
    "party.admit": ("`party/`", "regulator or registrar"),
    "party.suspend": ("`party/`", "regulator or registrar"),
    "party.exit": ("`party/` of the actor", "the actor"),
    "registration.file": (
        "a new `registration/`; a new `asset/`, in a transfer that of `asset`; `name/` of each of "
        "`digests`",
        "each of `parties`, of which the actor is one",
    ),
    "registration.accept": ("`registration/`", "registrar"),
    "registration.return": ("`registration/`", "registrar"),
    "registration.supplement": (
        "`registration/`",
        "registrar with `ask`, an applicant with `answer`",
    ),
    "registration.publish": ("`registration/`", "registrar"),
    "registration.withhold": ("`registration/`", "registrar"),
    "registration.withdraw": ("`registration/`", "an applicant"),
    "registration.refuse": ("`registration/`", "registrar"),
    "registration.record": (
        "`registration/`; `asset/`; `series/` and `voucher/` of `number`; `voucher/` of "
        "`supersedes`; `party/` of each of `parties`",
        "registrar, with as many officers' keys as the profile asks for",
    ),
    "registration.revoke": (
        "`registration/`; `asset/`; `series/` and `voucher/` of `number`; `party/` of each of "
        "`parties`",
        "registrar, with as many officers' keys as the profile asks for",
    ),
    "list.publish": (
        "`list/` of `list` and `part`",
        "regulator; of the list `calendar` also the registrar",
    ),
    "encumbrance.create": (
        "a new `encumbrance/`; `asset/`; `voucher/` of `voucher`",
        "the actor, whose rights they are; `pledgee`; each of `consents`",
    ),
    "encumbrance.release": ("`encumbrance/`; `asset/`; `voucher/` of `voucher`", "the pledgee"),
    "order.freeze": ("a new `order/`; `asset/`; `voucher/` of `voucher`", "regulator"),
    "order.unfreeze": ("`order/`; `asset/`; `voucher/` of `voucher`", "regulator"),
    "grant.issue": (
        "a new `grant/`; `asset/`; `grant/` of `parent`; `party/` of `grantee`",
        "the actor, who grants; with a policy of type `Agreement` also `grantee`",
    ),
    "grant.accept": ("`grant/`", "its grantee"),
    "grant.revoke": ("`grant/`", "its grantor, or who has taken over the right behind it"),
    "delivery.send": (
        "a new `delivery/`; `grant/`; `asset/`",
        "the grantor of `grant`, or who has taken over the right behind it",
    ),
    "delivery.receive": ("`delivery/`; `grant/`; `asset/`", "the recipient, who is the grantee"),
    "usage.record": ("`grant/`", "its grantee"),
    "usage.batch": ("`grant/`", "its grantee"),
}
"""Subjects and signers of each kind, which are methods of its class, in words."""

PATTERNS = {
    "[0-9a-f]{64}": "SHA-256 in hex",
    "did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}": "did:key",
    "party/[a-z2-7]{26}": "`party/` key",
    "asset/[a-z2-7]{26}": "`asset/` key",
    "registration/[a-z2-7]{26}": "`registration/` key",
    "encumbrance/[a-z2-7]{26}": "`encumbrance/` key",
    "order/[a-z2-7]{26}": "`order/` key",
    "grant/[a-z2-7]{26}": "`grant/` key",
    "delivery/[a-z2-7]{26}": "`delivery/` key",
    "[A-Za-z0-9_-]{43}": "base64url of 32 bytes",
}

LISTS = {
    "ledger/1": {"rules": '`{"digest","name"}` of a rule set'},
    "party/1": {"keys": "did:key", "status": "text", "roles": "text"},
    "name/1": {"claims": "`asset/` or `party/` key"},
    "registration/1": {"status": "text"},
    "asset/1": {
        "tuples": "[RightClaim](#rightclaim)",
        "freezes": '`{"order"}`',
        "pledges": '`{"encumbrance","holder","rights"}`',
        "disputes": "a value that no kind writes yet",
        "notes": "a value that no kind writes yet",
        "vouchers": '`{"number","until"}`',
    },
    "voucher/1": {"status": "text"},
    "encumbrance/1": {"status": "text"},
    "order/1": {"status": "text"},
    "grant/1": {"status": "text"},
    "delivery/1": {"status": "text"},
}
"""Of each interval list of each state: what the `value` of an interval is."""

MEMBERS = {
    "ledger.open": {
        "suite": "`sha256-ed25519/1`.",
        "catalogue": "The registrar's entry; `null`: numbers are `TEST` ones.",
        "profile": "The whole of it.",
        "rules": "Of the first block on.",
        "rules_digest": "Of the rule set's files (formats, section 3).",
        "node": "Key that signs the node's answers.",
        "log": "Verifier key of the log.",
    },
    "ledger.upgrade": {
        "rules": "Of the next block on.",
        "rules_digest": "Of the rule set's files (formats, section 3).",
    },
    "Founder": {"name": "Public name, or a `$commit`."},
    "party.enroll": {
        "keys": "The party is named by them.",
        "party_kind": "As the forms name them.",
        "name": "Public name, or a `$commit` (always so of a natural person).",
        "uscc": "Unified social credit code.",
        "check": "Outside solo: how the registrar made sure who it is.",
    },
    "IdentityCheck": {"evidence": "Of what stays with the registrar."},
    "party.rotate": {"add": "New keys.", "remove": "Current ones that end."},
    "party.recover": {
        "party": "Whose keys were lost.",
        "add": "New keys.",
        "remove": "All its current ones.",
        "check": "How the registrar made sure who asks.",
        "cancel": "An old key is not lost: there is no recovery.",
    },
    "party.admit": {"end": "The role ends."},
    "party.suspend": {"ground": "In words.", "lift": "It may act again."},
    "registration.file": {
        "parties": "All who sign, sorted.",
        "application": "A `$commit` for each member of the form, and for each file.",
        "digests": "Of content, published by the applicant; not in a transfer.",
        "asset": "Transfer alone: what is registered.",
        "voucher": "Transfer alone: number of its live voucher.",
        "moves": "Transfer alone: which rights go over.",
        "ground": "Transfer alone: why without the transferors' signatures.",
    },
    "registration.return": {"missing": "All of it, in words.", "until": "Unix milliseconds."},
    "registration.supplement": {
        "ask": "In words.",
        "answer": "Of the material that was asked for.",
    },
    "registration.publish": {
        "fields": "Openings of the members that become public.",
        "notice": "Where the profile asks for a notice.",
    },
    "registration.withhold": {"reason": "In words."},
    "registration.refuse": {"ground": "Paragraph of Art. 22.", "reasons": "In words."},
    "registration.record": {
        "asset": "What is registered.",
        "number": "The next of its series.",
        "credential": "Of the whole credential (formats, section 8).",
        "issuer": "Who signed the credential; signs this event too.",
        "valid_from": "Unix milliseconds, whole seconds.",
        "valid_until": "Unix milliseconds, whole seconds; first instant after.",
        "rights": "All right tuples after this record.",
        "parties": "Their holders, of a transfer those who gain or lose one; sorted.",
        "tests": "What the registrar found.",
        "national": "Where the national system completes a registration.",
        "supersedes": "Transfer alone: number of the voucher that was live.",
    },
    "National": {"evidence_time": "Unix milliseconds."},
    "registration.revoke": {
        "number": "Of its live voucher.",
        "parties": "All its right-holders, sorted.",
        "reasons": "In words.",
    },
    "list.publish": {
        "list": "Its name.",
        "part": "Such as a year.",
        "version": "1, 2, ... without gaps.",
        "content": "By the form of the list.",
    },
    "grant.accept": {"grant": "An offer."},
    "grant.revoke": {"grant": "What ends.", "document": "Of the notice or the judgment."},
    "delivery.send": {
        "grant": "Under which it is made.",
        "asset": "What it is a copy of.",
        "recipient": "The grantee.",
        "copy": "What is delivered.",
    },
    "delivery.receive": {
        "grant": "Under which it was made.",
        "asset": "What it is a copy of.",
        "copy": "What was received: the same as was sent.",
    },
    "Commitment": {"$commit": "Formats, section 5."},
    "Classification": {
        "assessed_by": "Which party said so.",
        "list_version": "Of the catalogue it was held against.",
    },
    "Ledger": {
        "catalogue": "The registrar's entry; `null`: numbers are `TEST` ones.",
        "operator": "Its `party/` key, likewise the next two.",
        "node": "Key that signs the node's answers.",
        "log": "Verifier key of the log.",
    },
    "Recovery": {"effective": "From when they hold, Unix milliseconds."},
    "Key": {
        "party": "Whose it is.",
        "since": "Log index from which it is the party's.",
        "until": "Log index from which it is not any more; `null`: it is.",
    },
    "NameClaim": {"claims": "Who claims it, from when to when."},
    "Series": {"last": "The newest serial."},
}
"""What members are, by kind or class, where the class does not say."""

COMPLETE_FROM = "For each list that was shortened, from when on it is complete."

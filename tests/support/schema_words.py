"""What the page of kinds says in words that no class holds: subjects, signers, values of lists."""

WORDS = {
    "ledger.open": (
        "`ledger/self`; `party/` of operator, registrar and regulator; `key/` of each of their keys",
        "every key of these parties, and the node's",
    ),
    "ledger.upgrade": ("`ledger/self`", "operator and regulator"),
    "ledger.key": ("`ledger/self`", "operator and regulator"),
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
    "party.exit": (
        "`party/` of the actor; with `successor` also `party/` of it and `ledger/self`",
        "the actor; with `successor` the actor with as many officers' keys as the profile asks "
        "for, the regulator, and the successor",
    ),
    "party.undertake": (
        "`party/` of the actor",
        "the actor; unless it says `end`, `agent` too",
    ),
    "registration.file": (
        "a new `registration/`; a new `asset/`, of a later type that of `asset`; `name/` of each "
        "of `digests`",
        "each of `parties`, of which the actor is one; with `agent` the actor, who is the agent, "
        "and those of `parties` who have not registered its mandate",
    ),
    "registration.accept": ("`registration/`", "registrar"),
    "registration.return": ("`registration/`", "registrar"),
    "registration.supplement": (
        "`registration/`",
        "registrar with `ask`, an applicant with `answer`",
    ),
    "registration.publish": ("`registration/`", "registrar"),
    "registration.withhold": ("`registration/`", "registrar"),
    "registration.withdraw": (
        "`registration/`",
        "an applicant; of a renewal all who filed it, after the voucher's term all right-holders too",
    ),
    "registration.refuse": ("`registration/`", "registrar"),
    "registration.object": ("`registration/`", "any party that is not an applicant"),
    "registration.resolve": (
        "`registration/`",
        "registrar; of `withdrawn` without `document` the objector",
    ),
    "registration.extend": ("`registration/`", "registrar"),
    "registration.terminate": ("`registration/`", "registrar"),
    "registration.record": (
        "`registration/`; `asset/`; `series/` and `voucher/` of `number`; `voucher/` of "
        "`supersedes` and of `cancels`; `party/` of each of `parties`",
        "registrar, with as many officers' keys as the profile asks for",
    ),
    "registration.revoke": (
        "`registration/`; `asset/`; `series/` and `voucher/` of `number`; `party/` of each of "
        "`parties`",
        "registrar, with as many officers' keys as the profile asks for",
    ),
    "registration.confirm": (
        "`registration/`; `asset/`; `voucher/` of `number`; `party/` of the actor",
        "the actor, a declared right-holder",
    ),
    "registration.note": ("`registration/`; `asset/`; `voucher/` of `number`", "registrar"),
    "registration.unnote": ("`registration/`; `asset/`; `voucher/` of `number`", "registrar"),
    "registration.correct": (
        "`registration/`; `asset/`; `voucher/` of `number`",
        "registrar, with as many officers' keys as the profile asks for",
    ),
    "objection.file": (
        "a new `objection/`; `asset/`",
        "the actor, who is no right-holder of it",
    ),
    "objection.notify": ("`objection/`; `asset/`", "registrar"),
    "objection.respond": ("`objection/`; `asset/`", "a right-holder"),
    "objection.conclude": (
        "`objection/`; `asset/`",
        "registrar, for `upheld` with as many officers' keys as the profile asks for; for "
        "`withdrawn` also who objected",
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
        "the grantor of `grant`, or who has taken over the right behind it; "
        "with `markedBy` in `marks` that party too",
    ),
    "delivery.receive": ("`delivery/`; `grant/`; `asset/`", "the recipient, who is the grantee"),
    "attest.make": (
        "a new `attestation/`; `asset/`; `voucher/` of `voucher`",
        "the actor, who is admitted to the role for the type",
    ),
    "attest.withdraw": ("`attestation/`; `asset/`; `voucher/` of `voucher`", "who made it"),
    "filing.important": (
        "a new `filing/`; `asset/`; `grant/` of `grant`",
        "the actor, who has a right to operate `asset`",
    ),
    "filing.end": ("`filing/`; `asset/`", "who filed it, or the regulator"),
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
    "objection/[a-z2-7]{26}": "`objection/` key",
    "grant/[a-z2-7]{26}": "`grant/` key",
    "attestation/[a-z2-7]{26}": "`attestation/` key",
    "filing/[a-z2-7]{26}": "`filing/` key",
    "delivery/[a-z2-7]{26}": "`delivery/` key",
    "[A-Za-z0-9_-]{43}": "base64url of 32 bytes",
}

LISTS = {
    "ledger/1": {
        "rules": '`{"digest","name"}` of a rule set',
        "log_keys": "verifier key of the log",
    },
    "party/1": {
        "keys": "did:key",
        "status": "text",
        "roles": "text",
        "mandates": '`{"agent","mandate","types","until"}`',
    },
    "list/1": {"listed": "`party/` key of a body that may license public data, or a free purpose"},
    "name/1": {"claims": "`asset/` or `party/` key"},
    "registration/1": {"status": "text", "objections": '`{"by","evidence","reason"}`'},
    "asset/1": {
        "tuples": "[RightClaim](#rightclaim)",
        "freezes": '`{"order"}`',
        "pledges": '`{"encumbrance","holder","rights"}`',
        "disputes": '`{"objection"}`',
        "notes": '`{"document","kind","text"}`',
        "vouchers": '`{"number","until"}`',
        "filings": '`{"filing","recipient","until"}`',
        "declared": "[RightClaim](#rightclaim)",
    },
    "voucher/1": {"status": "text"},
    "encumbrance/1": {"status": "text"},
    "order/1": {"status": "text"},
    "objection/1": {"status": "text", "responses": '`{"agrees","by","statement"}`'},
    "grant/1": {"status": "text"},
    "delivery/1": {"status": "text"},
    "attestation/1": {"status": "text"},
    "filing/1": {"status": "text"},
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
    "ledger.key": {"log": "Verifier key of the log from the next block on."},
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
        "digests": "Initial alone: of content, published by the applicant.",
        "asset": "Not of an initial one: what is registered.",
        "voucher": "Not of an initial one: number of its live voucher.",
        "moves": "Transfer alone: which rights go over.",
        "ground": "Transfer alone: why without the transferors' signatures.",
        "agent": "Who files for the applicants; absent: one of them does.",
    },
    "registration.return": {"missing": "All of it, in words.", "until": "Unix milliseconds."},
    "registration.supplement": {
        "ask": "In words.",
        "answer": "Of the material that was asked for.",
    },
    "registration.publish": {
        "fields": "Openings of the members that become public.",
        "notice": "Where the profile asks for a notice; entered by the end of the next working "
        "day after it was published, within ten minutes where this ledger completes registrations.",
    },
    "registration.withhold": {"reason": "In words."},
    "registration.refuse": {"ground": "Paragraph of Art. 22.", "reasons": "In words."},
    "registration.object": {
        "reason": "In a sentence or two.",
        "evidence": "Of the material that it rests on.",
    },
    "registration.resolve": {
        "outcome": "Of all objections that are open; `withdrawn` of that of `objector`.",
        "reasons": "In words.",
        "objector": "Whose objection is withdrawn; only with `withdrawn`.",
        "document": "Of the letter that withdraws it, unless the objector signs itself.",
    },
    "registration.extend": {"reason": "In words."},
    "registration.terminate": {"reasons": "In words."},
    "registration.record": {
        "asset": "What is registered.",
        "number": "The next of its series; a cancellation has none of these up to classification.",
        "credential": "Of the whole credential (formats, section 8).",
        "issuer": "Who signed the credential; signs this event too.",
        "valid_from": "Unix milliseconds, whole seconds.",
        "valid_until": "Unix milliseconds, whole seconds; first instant after.",
        "rights": "All right tuples after this record.",
        "parties": "Who gains or loses a right, or whose right ended by its own term, sorted.",
        "tests": "What the registrar found.",
        "national": "Where the national system completes a registration.",
        "supersedes": "Not of an initial one: number of the voucher that was live.",
        "cancels": "Cancellation alone: number of the voucher that ends.",
        "declared": "Initial alone: rights of holders who are named and have not signed.",
        "stage": "Initial alone: of the data, as the form says and as the notice opened it, if it "
        "did; needed where a basis is `derived` or `fused`.",
        "duplicates": "Initial alone: what was decided about earlier assets of the same content, "
        "sorted by asset; outside solo each registered asset that shares a published digest is "
        "among them (Art. 39).",
    },
    "National": {"evidence_time": "Unix milliseconds."},
    "registration.revoke": {
        "number": "Of its live voucher.",
        "parties": "All its right-holders, sorted.",
        "reasons": "In words.",
        "objection": "With `objection-upheld`: the one it rests on, where several were upheld.",
    },
    "registration.note": {"number": "Of its live voucher.", "note": "What holds from now on."},
    "registration.unnote": {"number": "Of its live voucher."},
    "registration.correct": {"number": "Of its live voucher."},
    "list.publish": {
        "list": "Its name.",
        "part": "Such as a year.",
        "version": "1, 2, ... without gaps; a new one of `calendar` leaves the days before the "
        "present one as they were.",
        "content": "By the form of the list: of `calendar` the days off and the days worked of a "
        "year; of `negative`, `positive` and `important-data`, part `all`, "
        '`{"entries":[{"id","reason","industry","class","level","asset"}]}`, of which an entry '
        "names at least one of the last four and matches data where all that it names is equal. "
        "What `negative` matches is not registered, licensed or delivered, unless an entry of "
        "`positive` matches that names all that the negative one names and more; what "
        "`important-data` matches, whose entries name no level, is important data; of "
        '`public-data`, part `roots`, the bodies that may license public data, `{"roots":'
        '[{"party","document"}]}`, and part `free-purposes`, `{"purposes":[]}`.',
    },
    "grant.accept": {"grant": "An offer."},
    "grant.revoke": {"grant": "What ends.", "document": "Of the notice or the judgment."},
    "delivery.send": {
        "grant": "Under which it is made.",
        "asset": "What it is a copy of.",
        "recipient": "The grantee.",
        "copy": "What is delivered.",
        "filing": "Of important data: the live filing that covers this delivery.",
        "marks": "How the copy is marked, within what the grant discloses; absent: it is exact.",
        "escrow": "With whom the marking key lies; onward, under terms that disclose marks, "
        "who licensed the sender or the registrar.",
    },
    "delivery.receive": {
        "grant": "Under which it was made.",
        "asset": "What it is a copy of.",
        "copy": "What was received: the same as was sent.",
    },
    "Commitment": {"$commit": "Formats, section 5."},
    "Ledger": {
        "catalogue": "The registrar's entry; `null`: numbers are `TEST` ones.",
        "operator": "Its `party/` key, likewise the next two.",
        "former": "`party/` keys of registrars that left, in the order of leaving.",
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

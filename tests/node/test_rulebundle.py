"""What ships with the program: profiles, contexts, schema, and the digest of the rules."""

from hashlib import sha256
from pathlib import Path

import pytest

from contracts.credential import check_contexts
from ledger.core.canonical import digest_json
from ledger.errors import NotFoundError
from node.rulebundle import (
    current_rules,
    hash_credential_schema,
    hash_rule_files,
    list_profiles,
    read_contexts,
    read_profile,
)

ROOT = Path(__file__).resolve().parents[2]


def test_the_profiles_of_the_design_are_there():
    assert list_profiles() == ["exchange", "national-2026", "solo"]
    for name in list_profiles():
        assert read_profile(name).name == name


@pytest.mark.parametrize("name", ["", "x", "../solo", "solo.toml", "SOLO"])
def test_an_unknown_profile_names_the_known_ones(name):
    with pytest.raises(NotFoundError, match="choose one of exchange, national-2026, solo"):
        read_profile(name)


def test_the_bundled_contexts_are_the_pinned_ones():
    check_contexts(read_contexts())


def test_the_schema_s_digest_is_that_of_the_file():
    path = ROOT / "contracts" / "schemas" / "voucher-credential.json"
    assert hash_credential_schema() == sha256(path.read_bytes()).hexdigest()


def test_the_rules_digest_covers_every_file_that_rules_can_use():
    files = [
        *(ROOT / "contracts").rglob("*.py"),
        *(ROOT / "contracts" / "schemas").glob("*.json"),
        *(ROOT / "ledger" / "core").glob("*.py"),
    ]
    listed = [
        {"digest": sha256(path.read_bytes()).hexdigest(), "path": str(path.relative_to(ROOT))}
        for path in files
    ]
    listed.sort(key=lambda one: one["path"])
    assert hash_rule_files() == digest_json(listed)
    assert len(listed) > 40
    assert "contracts/odrl/evaluate.py" in {one["path"] for one in listed}


def test_the_rules_in_force_know_their_own_digest():
    rules = current_rules()
    assert set(rules.rule_sets) == {rules.name}
    assert len(bytes.fromhex(rules.rule_sets[rules.name])) == 32

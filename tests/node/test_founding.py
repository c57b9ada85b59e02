"""Founding: what is made, and that it is there wholly or not at all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.foundation import Ledger
from ledger.clock import SystemClock
from ledger.core.policy import parse_policy
from ledger.core.subjects import SELF
from ledger.errors import ExistsError, LimitError, MalformedError, RejectedError
from ledger.keys import KeyRing, Passphrase
from node.founding import Charter, found_registry
from node.home import Home
from node.registry import open_registry
from node.rulebundle import read_profile
from tests.support import founding_crashes
from tests.support.founding_crashes import DONE, KILLED, REFUSED, UNDISTURBED

ROOT = Path(__file__).resolve().parents[2]
CATALOGUED = {"registrar_name": "江苏省数据登记中心", "region": "32", "digit": "1"}


def found(path, profile="solo", passphrase=None, **changes):
    return found_registry(
        path, Charter(read_profile(profile), **changes), passphrase, SystemClock()
    )


def is_whole(home):
    """Whether a registry can be read, written and audited there."""
    with open_registry(home, None, is_writer=True) as registry:
        return registry.store.read_head().size == 2 and registry.open_vault().close() is None


def attempts(folder, mode):
    done = subprocess.run(
        [sys.executable, founding_crashes.__file__, str(folder), mode],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    *stopped, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert last["code"] == UNDISTURBED
    assert len(stopped) > 40
    return stopped


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder with one folder for each attempt, and how each ended."""
    folder = tmp_path_factory.mktemp("killed")
    return folder, attempts(folder, "kill")


@pytest.mark.slow
def test_killed_before_any_file_operation_a_founding_leaves_a_whole_home_or_none(killed):
    folder, stopped = killed
    assert {each["code"] for each in stopped} == {KILLED}
    without = [each for each in stopped if "home" not in each["names"]]
    assert len(without) > 40
    for each in stopped:
        home = folder / str(each["n"]) / "home"
        assert is_whole(home) if "home" in each["names"] else not home.exists()


@pytest.mark.slow
def test_what_a_killed_founding_leaves_is_its_owner_s_only_and_in_nobody_s_way(killed):
    folder, stopped = killed
    for each in stopped[10:50:10]:
        (name,) = each["names"]
        assert (folder / str(each["n"]) / name).stat().st_mode & 0o077 == 0
        home = folder / str(each["n"]) / "again"
        found(home)
        assert is_whole(home)


@pytest.mark.slow
def test_a_founding_that_fails_at_any_file_operation_leaves_nothing(tmp_path):
    stopped = attempts(tmp_path, "fail")
    assert {each["code"] for each in stopped} == {REFUSED, DONE}
    for each in stopped:
        home = tmp_path / str(each["n"]) / "home"
        assert each["names"] in ([], ["home"])
        assert (each["names"] == ["home"]) or each["code"] == REFUSED
        assert each["names"] == [] or is_whole(home)


def test_a_solo_registry_has_one_party(tmp_path):
    founded = found(tmp_path / "home")
    assert founded.operator == founded.registrar == founded.regulator == founded.applicant
    with open_registry(tmp_path / "home", None, is_writer=False) as registry:
        assert registry.origin == founded.origin
        assert registry.ledger.profile == read_profile("solo")
        assert registry.need_state(Ledger, SELF).operator == founded.operator


def test_a_national_registry_has_three_and_two_officers(tmp_path):
    founded = found(tmp_path / "home", "national-2026", origin="example.org/js", **CATALOGUED)
    assert len({founded.operator, founded.registrar, founded.regulator}) == 3
    assert founded.applicant is None
    names = {entry.name for entry in KeyRing(Home(tmp_path / "home").keys, None).list_entries()}
    assert names == {
        "log", "node", "vault", "operator", "registrar-1", "registrar-2", "regulator",
    }  # fmt: skip
    with open_registry(tmp_path / "home", None, is_writer=False) as registry:
        assert registry.ledger.scheme.prefix == "SJ321"


def test_the_policy_names_the_log_s_key(tmp_path):
    founded = found(tmp_path / "home")
    policy = parse_policy(Home(tmp_path / "home").policy.read_bytes())
    with open_registry(tmp_path / "home", None, is_writer=False) as registry:
        assert [log.key for log in policy.logs] == [registry.log_key]
    assert policy.logs[0].key.name == founded.origin


def test_keys_are_sealed_if_there_is_a_passphrase(tmp_path):
    found(tmp_path / "home", passphrase=Passphrase("open sesame"))
    entries = KeyRing(Home(tmp_path / "home").keys, None).list_entries()
    assert all(entry.is_sealed for entry in entries)
    with open_registry(tmp_path / "home", Passphrase("open sesame"), is_writer=True) as registry:
        registry.open_vault().close()


@pytest.mark.parametrize("left_out", sorted(CATALOGUED))
def test_a_national_registry_without_its_place_in_the_catalogue_is_refused(tmp_path, left_out):
    given = {name: value for name, value in CATALOGUED.items() if name != left_out}
    with pytest.raises(RejectedError) as caught:
        found(tmp_path / "home", "national-2026", **given)
    assert caught.value.reason == "catalogue"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("origin", "error"),
    [("", MalformedError), ("Example.org", MalformedError), ("a" * 129, LimitError)],
    ids=["empty", "capitals", "too long"],
)
def test_a_bad_origin_is_refused_before_anything_is_made(tmp_path, origin, error):
    with pytest.raises(error):
        found(tmp_path / "home", origin=origin)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_region_leaves_nothing(tmp_path):
    with pytest.raises(MalformedError):
        found(tmp_path / "home", "national-2026", **(CATALOGUED | {"region": "3"}))
    assert list(tmp_path.iterdir()) == []


def test_what_is_in_the_folder_is_left_alone(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "letter").write_text("dear")
    with pytest.raises(ExistsError):
        found(home)
    assert [path.name for path in tmp_path.rglob("*")] == ["home", "letter"]


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "home").mkdir()
    found(tmp_path / "home")
    assert is_whole(tmp_path / "home")


def test_a_founding_that_is_interrupted_leaves_nothing(tmp_path):
    class Crash(BaseException):
        pass

    class CrashingClock(SystemClock):
        def now(self):
            raise Crash

    with pytest.raises(Crash):
        found_registry(tmp_path / "home", Charter(read_profile("solo")), None, CrashingClock())
    assert list(tmp_path.iterdir()) == []

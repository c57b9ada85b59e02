"""Raw data, elements and products: what is made from what, and that nothing is made from itself."""

import pytest

from ledger.errors import RejectedError
from tests.support.assessments import entry, publish_list
from tests.support.people import claim

STAGES = ("raw", "element", "product")
ALLOWED = {("element", "raw"), ("element", "element"), *(("product", each) for each in STAGES)}


@pytest.fixture
def world(solo):
    return solo


def published(world, *people, stage=None):
    """An application whose notice opens its stage, too, if it has one."""
    members = {} if stage is None else {"stage": stage}
    application = world.file(*people, members=members)
    world.step(application, "accept")
    fields = application.statutory
    if stage is not None:
        fields |= {"stage": application.openings["stage"]}
    world.step(application, "publish", fields=fields, **world.notice())
    deadline = world.registration(application).deadline
    world.time = max(world.time, deadline or 0)
    return application


def registered(world, person, stage=None, **changes):
    application = published(world, person, stage=stage)
    rights = [claim(person, right) for right in ("use", "operate")]
    world.record(application, rights, classification=world.classification(**changes))
    return application


def outcome(world, application, *rights, **changes):
    classification = world.classification(**changes)
    try:
        world.record(application, [*rights], classification=classification)
    except RejectedError as exc:
        return exc.reason
    return "recorded"


def made(person, basis, *sources):
    named = {"sources": [source.asset for source in sources]} if sources else {}
    return claim(person, "use", basis, **named)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("of_source", STAGES)
@pytest.mark.parametrize("basis", ["derived", "fused"])
def test_what_is_made_from_what(world, ann, stage, of_source, basis):
    source = registered(world, ann, of_source)
    expected = "recorded" if (stage, of_source) in ALLOWED else "source_stage"
    if stage == "raw":
        expected = "raw_sources"
    application = published(world, ann, stage=stage)
    assert outcome(world, application, made(ann, basis, source)) == expected


@pytest.mark.parametrize("stage", ["element", "product"])
@pytest.mark.parametrize("basis", ["derived", "fused"])
def test_what_is_made_from_other_data_names_it(world, ann, stage, basis):
    assert outcome(world, published(world, ann, stage=stage), made(ann, basis)) == "sources"


@pytest.mark.parametrize("stage", STAGES)
def test_data_of_one_s_own_needs_no_source_at_any_stage(world, ann, stage):
    assert outcome(world, published(world, ann, stage=stage), claim(ann)) == "recorded"


UNKNOWN = ["other", 3, ["raw"], {"raw": True}]


@pytest.mark.parametrize("stage", [None, *UNKNOWN])
def test_a_source_whose_stage_is_not_known_asks_nothing(world, ann, stage):
    source = registered(world, ann, stage)
    assert world.asset(source).stage is None
    for own in ("element", "product", None):
        application = published(world, ann, stage=own)
        assert outcome(world, application, made(ann, "derived", source)) == "recorded"


@pytest.mark.parametrize("stage", UNKNOWN)
@pytest.mark.parametrize("basis", ["derived", "fused"])
def test_what_is_made_of_other_data_has_a_stage(world, ann, stage, basis):
    source = registered(world, ann)
    application = published(world, ann, stage=stage)
    assert outcome(world, application, made(ann, basis, source)) == "stage"


# The stage that a record states


def record_refused(world, application, *rights, stage=None):
    body = world.record_body(application, [*rights])
    body.pop("stage", None)
    if stage is not None:
        body["stage"] = stage
    return world.refused("registration.record", body, world.registrar, *world.officers)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("of_source", STAGES)
@pytest.mark.parametrize("basis", ["derived", "fused"])
def test_what_is_made_from_what_where_the_notice_opened_nothing(
    world, ann, stage, of_source, basis
):
    source = world.published(ann)
    world.record(source, [claim(ann, "use")], stage=of_source)
    application = world.published(ann)
    rights = [made(ann, basis, source)]
    if (stage, of_source) in ALLOWED:
        world.record(application, rights, stage=stage)
        assert world.asset(application).stage == stage
    else:
        expected = "raw_sources" if stage == "raw" else "source_stage"
        assert record_refused(world, application, *rights, stage=stage) == expected


@pytest.mark.parametrize("basis", ["derived", "fused"])
def test_a_notice_that_does_not_open_the_stage_spares_nobody_to_state_it(world, ann, basis):
    source, application = registered(world, ann), world.published(ann)
    rights = [made(ann, basis, source)]
    assert record_refused(world, application, *rights) == "stage"
    assert record_refused(world, application, made(ann, "fused"), stage="element") == "sources"
    world.record(application, rights, stage="element")


def test_the_stage_of_the_record_is_the_one_that_the_notice_opened(world, ann):
    application = published(world, ann, stage="element")
    assert record_refused(world, application, claim(ann), stage="raw") == "stage"
    world.record(application, [claim(ann)], stage="element")
    assert world.asset(application).stage == "element"
    assert world.asset(registered(world, ann, "product")).stage == "product"


def test_only_an_initial_record_states_a_stage(world, ann):
    asset = registered(world, ann)
    moved = world.published_transfer(asset, (ann, world.enroll("ben"), "use"))
    assert world.record_refused(moved, stage="raw") == "record_members"


def test_every_source_is_held_to_it(world, ann):
    raw, product = registered(world, ann, "raw"), registered(world, ann, "product")
    application = published(world, ann, stage="element")
    assert outcome(world, application, made(ann, "fused", raw, product)) == "source_stage"
    assert outcome(world, application, made(ann, "fused", raw)) == "recorded"


@pytest.mark.parametrize("basis", ["fused", "self-generated"])
def test_data_is_not_its_own_source(world, ann, basis):
    application = published(world, ann)
    own = made(ann, basis, application)
    assert outcome(world, application, own) == "source_recorded"
    derived = made(ann, "derived", application)
    assert outcome(world, application, derived) == "source_right"


def test_a_source_is_recorded_before_what_is_made_from_it(world, ann):
    """So two data sets cannot be each other's sources, nor any number of them in a ring."""
    first, second = published(world, ann), published(world, ann)
    assert outcome(world, first, made(ann, "fused", second)) == "source_recorded"
    assert outcome(world, first, claim(ann, "use")) == "recorded"
    assert outcome(world, second, made(ann, "fused", first)) == "recorded"
    assert "sources" not in world.asset(first).tuples[0].value


def test_a_transfer_leaves_the_sources_as_they_are(world, ann):
    first, second = registered(world, ann), published(world, ann)
    assert outcome(world, second, made(ann, "fused", first)) == "recorded"
    ben = world.enroll("ben")
    world.transfer(first, (ann, ben, "use"))
    (right,) = [each for each in world.asset(first).tuples if each.value["holder"] == ben.party]
    assert "sources" not in right.value


def test_what_is_recorded_once_is_not_recorded_again(world, ann):
    """The only event that opens a tuple without a giver is the record of the filing itself."""
    first, number = world.register(ann)
    world.revoke(first, number)
    assert outcome(world, first, made(ann, "fused", first)) == "wrong_step"


def test_some_applicant_may_use_or_operate_every_source(world, ann):
    ben, cy = world.enroll("ben"), world.enroll("cy")
    source = registered(world, ann)
    for people, expected in (((ben,), "source_right"), ((ben, cy), "source_right")):
        application = published(world, *people)
        assert outcome(world, application, made(ben, "fused", source)) == expected
    application = published(world, ann, ben)
    assert outcome(world, application, made(ben, "fused", source)) == "recorded"
    held = published(world, cy)
    assert outcome(world, held, claim(cy, "hold")) == "recorded"
    application = published(world, cy)
    assert outcome(world, application, made(cy, "fused", held)) == "source_right"


def test_a_source_that_was_revoked_since_gives_no_right(world, ann):
    source, number = world.register(ann)
    application = published(world, ann)
    world.revoke(source, number)
    assert outcome(world, application, made(ann, "fused", source)) == "source_right"


def test_a_source_that_the_catalogue_lists_counts_as_important(world, ann):
    source, application = registered(world, ann), published(world, ann)
    publish_list(world, "important-data", entry(asset=source.asset))
    fused = made(ann, "fused", source)
    low = {"level": "general-4", "list_version": "1"}
    assert outcome(world, application, fused, **low) == "level"
    assert outcome(world, application, fused, **low | {"level": "important"}) == "recorded"

from sqlalchemy import select, update

from gateway.store.findings import FindingRow
from gateway.store.people import IdentityLink
from gateway.store.sources import SourceName
from gateway.sync.link_identities import Linking
from gateway.sync.reconcile import reconcile
from tests.imports.snapshots import AT, LATER, fetch, person, take_in, task
from tests.sync.factories import listed

LINKS = select(IdentityLink.system, IdentityLink.name, IdentityLink.subject, IdentityLink.rule).order_by(
    IdentityLink.system, IdentityLink.name
)


def quota(account):
    return {"account": account, "rse_name": "JINR_EOS"}


async def test_a_person_is_known_by_user_name_and_by_display_name(database):
    report = await take_in(
        database,
        iam_people=[person("prodman", 1, display_name="Production Manager"), person("voadmin", 2)],
        panda_tasks=[
            task(1, user_name="prodman"),
            task(2, user_name="Production  Manager"),
            task(3, user_name="x"),
        ],
        rucio_quotas=[quota("voadmin"), quota("unknown")],
    )

    assert report.linking == Linking(derived=3, written=3, dropped=0)
    assert await fetch(database, LINKS) == [
        ("panda", "Production  Manager", "subject-1", "display name"),
        ("panda", "prodman", "subject-1", "username"),
        ("rucio", "voadmin", "subject-2", "username"),
    ]


async def test_panda_capitalises_each_word(database):
    await take_in(
        database,
        iam_people=[person("voadmin", 2, display_name="VO Administrator")],
        panda_tasks=[task(1, user_name="Vo Administrator")],
    )

    assert await fetch(database, LINKS) == [("panda", "Vo Administrator", "subject-2", "display name")]


async def test_a_display_name_of_two_people_links_neither(database):
    await take_in(
        database,
        iam_people=[person("one", 1, display_name="Same Name"), person("two", 2, display_name="Same name")],
        panda_tasks=[task(1, user_name="Same Name")],
    )

    assert await fetch(database, LINKS) == []


async def test_an_account_longer_than_rucio_allows_is_not_guessed(database):
    long = "a" * 26

    await take_in(
        database, iam_people=[person(long), person("b", 2)], rucio_quotas=[quota("b"), quota("a" * 25)]
    )

    assert await fetch(database, LINKS) == [("rucio", "b", "subject-2", "username")]


async def test_an_account_seen_only_in_a_rule_or_a_dataset_is_linked(database):
    rule = {"rule_id": "1", "did": "a:b", "account": "one", "rse_expression": "X", "copies": 1, "state": "OK"}

    await take_in(
        database,
        iam_people=[person("one", 1), person("two", 2)],
        rucio_rules=[rule],
        rucio_datasets=[{"did": "a:b", "account": "two"}, {"did": "a:c"}],
    )

    assert [name for _, name, _, _ in await fetch(database, LINKS)] == ["one", "two"]


async def test_a_link_goes_with_its_person_and_an_administrators_word_stays(database):
    people = [person("prodman", 1), person("voadmin", 2)]
    tasks = [task(1, user_name="prodman"), task(2, user_name="voadmin")]
    await take_in(database, iam_people=people, panda_tasks=tasks)
    async with database.transaction() as session:
        link = await session.get(IdentityLink, ("panda", "voadmin"))
        link.subject, link.rule = "subject-9", "administrator"

    report = await take_in(database, LATER, iam_people=people[1:])

    assert report.linking == Linking(derived=0, written=0, dropped=1)
    assert await fetch(database, LINKS) == [("panda", "voadmin", "subject-9", "administrator")]


async def test_an_unchanged_link_keeps_its_moment(database):
    for moment in (AT, LATER):
        await take_in(database, moment, iam_people=[person()], panda_tasks=[task(1, user_name="prodman")])

    assert await fetch(database, select(IdentityLink.linked_at)) == [(AT,)]


async def names_found(database):
    async with database.transaction() as session:
        await listed(session, SourceName.IAM)
    await reconcile(database, at=LATER)
    statement = select(FindingRow.code, FindingRow.subject_key, FindingRow.evidence).where(
        FindingRow.resolved_at.is_(None), FindingRow.invariant == 18
    )
    return [
        (code, name, [item["value"] for item in evidence])
        for code, name, evidence in await fetch(database, statement.order_by(FindingRow.subject_key))
    ]


async def test_a_name_that_two_people_go_by_is_a_finding_until_one_has_another(database):
    same = [person("one", 1, display_name="Same Name"), person("two", 2, display_name="Same name")]
    await take_in(database, iam_people=same, panda_tasks=[task(1, user_name="Same Name")])
    before = await names_found(database)

    await take_in(
        database,
        iam_people=[same[0], person("two", 2, display_name="Another Name")],
        panda_tasks=[task(1, user_name="Same Name")],
    )

    assert before == [("panda-name-ambiguous", "Same Name", ["one", "two"])]
    assert await names_found(database) == []


async def test_a_user_name_that_is_the_display_name_of_another_is_a_finding(database):
    await take_in(
        database,
        iam_people=[person("prodman", 1), person("other", 2, display_name="Prodman")],
        panda_tasks=[task(1, user_name="prodman")],
    )

    assert await names_found(database) == [("panda-name-shared", "prodman", ["other"])]


async def test_a_link_made_by_hand_that_names_contradict_is_a_finding(database):
    people = [person("one", 1), person("two", 2, display_name="Second Person")]
    tasks = [task(1, user_name="Second Person")]
    await take_in(database, iam_people=people, panda_tasks=tasks)
    async with database.transaction() as session:
        await session.execute(update(IdentityLink).values(subject="subject-1", rule="by hand"))

    assert await names_found(database) == [("panda-name-shared", "one", ["two"])]

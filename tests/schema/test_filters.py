"""What filters find in the practice world: every operator, null and not null, combinations, and joins."""

import pytest

from tests.support.asking import Asker

ALL = ["001", "002", "003", "004", "005", "006", "010", "011", "012", "013", "014", "015", "016"]
WITH_CAMPAIGN = ALL[:6]
WITHOUT_CAMPAIGN = ALL[6:]
AT_27_GEV = ["011", "012", "013", "014", "015", "016"]
ACCEPTED = ALL[1:10]


async def requests(ask: Asker, condition: str) -> list[str]:
    data = await ask(f"{{ requests(filter: {condition}) {{ nodes {{ name }} }} }}")
    return [node["name"].removeprefix("PROD2025-") for node in data["requests"]["nodes"]]


async def tasks(ask: Asker, condition: str) -> list[int]:
    data = await ask(f"{{ tasks(filter: {condition}) {{ nodes {{ jediTaskId }} }} }}")
    return [node["jediTaskId"] for node in data["tasks"]["nodes"]]


async def datasets(ask: Asker, condition: str) -> list[str]:
    """Return what comes after the request's number: "013.RECO.1.R"."""
    data = await ask(f"{{ datasets(filter: {condition}) {{ nodes {{ did }} }} }}")
    return [node["did"].partition("PROD2025-")[2] for node in data["datasets"]["nodes"]]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('{ name: { eq: "PROD2025-013" } }', ["013"]),
        ('{ name: { eq: "prod2025-013" } }', []),
        ('{ name: { ne: "PROD2025-013" } }', [name for name in ALL if name != "013"]),
        ('{ name: { in: ["PROD2025-016", "PROD2025-001", "PROD2025-999"] } }', ["001", "016"]),
        ("{ name: { in: [] } }", []),
        ('{ name: { contains: "2025-00" } }', WITH_CAMPAIGN),
        ('{ name: { contains: "prod2025-00" } }', WITH_CAMPAIGN),
        ('{ name: { startsWith: "PROD2025-01" } }', WITHOUT_CAMPAIGN),
        ('{ name: { startsWith: "2025" } }', []),
        ('{ tag: { contains: "dev test", startsWith: "minbias" } }', ["001", *AT_27_GEV]),
        ("{ name: { isNull: true } }", []),
        ("{ name: { isNull: false } }", ALL),
        ("{ name: {} }", ALL),
        ("{}", ALL),
    ],
)
async def test_texts_are_compared(ask: Asker, condition: str, found: list[str]) -> None:
    assert await requests(ask, condition) == found


async def test_a_day_is_its_first_moment_in_utc(ask: Asker) -> None:
    by_day = await tasks(ask, '{ startedAt: { gte: "2025-04-01", lt: "2025-05-01" } }')
    by_moment = await tasks(
        ask, '{ startedAt: { gte: "2025-04-01T00:00:00Z", lt: "2025-05-01T03:00:00+03:00" } }'
    )

    assert by_day == by_moment != []


@pytest.mark.parametrize("text", ["2025-04", "2025-04-31", "yesterday", "2025-04-01T12", ""])
async def test_what_is_neither_a_day_nor_a_moment_with_its_zone_is_refused(ask: Asker, text: str) -> None:
    answer = await ask.answer(f'{{ tasks(filter: {{ startedAt: {{ gte: "{text}" }} }}) {{ totalCount }} }}')

    assert len(answer["errors"]) == 1


@pytest.mark.parametrize("wildcard", ["%", "_", "P%D", "PROD2025_0", "\\\\", "*", "?"])
async def test_wildcards_are_characters_like_all_others(ask: Asker, wildcard: str) -> None:
    assert await requests(ask, f'{{ name: {{ contains: "{wildcard}" }} }}') == []
    assert await requests(ask, f'{{ name: {{ startsWith: "{wildcard}" }} }}') == []


async def test_a_name_with_an_underscore_is_found_by_it(ask: Asker) -> None:
    assert await tasks(ask, '{ name: { contains: "5_S" } }') == [353, 352, 351, 350, 349, 348]


async def test_quotes_and_comments_of_sql_are_data(ask: Asker) -> None:
    assert await requests(ask, """{ name: { contains: "' OR 1=1 --" } }""") == []
    assert await requests(ask, """{ name: { eq: "x'; DROP TABLE requests; --" } }""") == []
    assert await requests(ask, "{}") == ALL


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("{ events: { eq: 40000000 } }", ["004", "012", "013", "014", "015", "016"]),
        ('{ events: { eq: "40000000" } }', ["004", "012", "013", "014", "015", "016"]),
        ("{ events: { ne: 40000000 } }", ["001", "002", "003", "005", "006", "010", "011"]),
        ("{ events: { in: [20000000, 7] } }", ["002", "003"]),
        ("{ events: { gt: 20000000 } }", ["004", "012", "013", "014", "015", "016"]),
        ("{ events: { gte: 20000000, lt: 40000000 } }", ["002", "003"]),
        ("{ events: { lte: 5000000 } }", ["001", "005", "006", "010", "011"]),
        ("{ events: { lt: 5000000 } }", []),
        ("{ events: { lt: 9223372036854775807 } }", ALL),
    ],
)
async def test_whole_numbers_are_compared(ask: Asker, condition: str, found: list[str]) -> None:
    assert await requests(ask, condition) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("{ energyGev: { eq: 27 } }", AT_27_GEV),
        ("{ energyGev: { in: [4, 5.0] } }", ["005", "010"]),
        ("{ energyGev: { gt: 3.9999, lt: 5 } }", ["010"]),
        ("{ energyGev: { gte: 4, lt: 4.0004 } }", ["010"]),
        ("{ energyGev: { gt: 4 , lte: 5 } }", ["005"]),
        ("{ energyGev: { eq: 4.0001 } }", []),
        ("{ energyGev: { in: [4.0001, 26.9999] } }", []),
        ("{ energyGev: { lt: 1e300, gt: -1e300 } }", ALL),
        ("{ energyGev: { eq: 1e300 } }", []),
        ("{ energyGev: { lt: 1e308, gte: 9.3e15 } }", []),
        ("{ energyGev: { isNull: true } }", []),
    ],
)
async def test_energies_are_compared_without_rounding(ask: Asker, condition: str, found: list[str]) -> None:
    assert await requests(ask, condition) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('{ startedAt: { gt: "2025-05-02T00:00:00Z" } }', [364]),
        ('{ startedAt: { gte: "2025-05-02T00:00:00Z" } }', [364, 363]),
        ('{ startedAt: { gte: "2025-05-02T03:00:00+03:00" } }', [364, 363]),
        ('{ startedAt: { lt: "2025-04-18T00:00:00Z" } }', [354, 353]),
        ('{ startedAt: { lte: "2025-04-18T00:00:00Z" } }', [355, 354, 353]),
        ("{ startedAt: { isNull: true } }", [352, 351, 350, 349, 348, 347, 346]),
        ('{ startedAt: { isNull: false, lt: "2025-04-18T00:00:00Z" } }', [354, 353]),
    ],
)
async def test_moments_are_compared(ask: Asker, condition: str, found: list[int]) -> None:
    assert await tasks(ask, condition) == found


async def test_a_moment_without_a_zone_is_refused_in_words(ask: Asker) -> None:
    answer = await ask.answer(
        '{ tasks(filter: { startedAt: { gt: "2025-05-02T00:00:00" } }) { totalCount } }'
    )

    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_FILTER"
    assert "zone" in error["message"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("{ campaignName: { isNull: true } }", WITHOUT_CAMPAIGN),
        ("{ campaignName: { eq: null } }", WITHOUT_CAMPAIGN),
        ("{ campaignName: { isNull: false } }", WITH_CAMPAIGN),
        ("{ campaignName: { ne: null } }", WITH_CAMPAIGN),
        ('{ campaignName: { ne: "SPD MC 2025" } }', WITHOUT_CAMPAIGN),
        ('{ campaignName: { ne: "another" } }', ALL),
        ('{ not: { campaignName: { eq: "SPD MC 2025" } } }', WITHOUT_CAMPAIGN),
        ('{ campaignName: { in: ["SPD MC 2025"] } }', WITH_CAMPAIGN),
        ('{ campaignName: { contains: "spd" } }', WITH_CAMPAIGN),
        ('{ not: { campaignName: { contains: "spd" } } }', WITHOUT_CAMPAIGN),
        ("{ priority: { gt: 0 } }", []),
        ("{ not: { priority: { gt: 0 } } }", ALL),
        ("{ campaignName: null }", ALL),
    ],
)
async def test_rows_without_a_value_are_where_people_expect_them(
    ask: Asker, condition: str, found: list[str]
) -> None:
    assert await requests(ask, condition) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("{ intent: READY }", ["015", "016"]),
        ("{ intent: [SUBMITTED, OBSOLETE] }", ["001", "014"]),
        ("{ intent: [] }", []),
        ("{ isTest: false }", ALL),
        ("{ isTest: true }", []),
        ("{ and: [{ intent: ACCEPTED }, { energyGev: { eq: 27 } }] }", ["011", "012", "013"]),
        ("{ or: [{ intent: READY }, { energyGev: { eq: 4 } }] }", ["010", "015", "016"]),
        ("{ not: { intent: ACCEPTED } }", ["001", "014", "015", "016"]),
        ("{ and: [] }", ALL),
        ("{ or: [] }", []),
        ("{ not: { not: { intent: ACCEPTED } } }", ACCEPTED),
        (
            '{ stageName: { eq: "S2" }, or: [{ intent: READY }, { events: { lt: 6000000 } }], '
            'not: { name: { eq: "PROD2025-016" } } }',
            ["011", "015"],
        ),
        (
            "{ or: [{ and: [{ intent: READY }, { not: { events: { gt: 1 } } }] }, { intent: OBSOLETE }] }",
            ["001"],
        ),
    ],
)
async def test_conditions_are_combined(ask: Asker, condition: str, found: list[str]) -> None:
    assert await requests(ask, condition) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('{ tasks: { status: { eq: "finished" } } }', ["010", "012", "013"]),
        ("{ tasks: { jobsFailed: { gt: 6 } } }", ["012", "013"]),
        ("{ tasks: {} }", ["010", "011", "012", "013", "014"]),
        ("{ not: { tasks: {} } }", ["001", "002", "003", "004", "005", "006", "015", "016"]),
        ('{ datasets: { replicas: { rseName: { eq: "PNPI_EOS" } } } }', ["013"]),
        (
            '{ steps: { kind: { eq: "RECO" }, attempts: { number: { gte: 1 } } } }',
            ["010", "011", "012", "013"],
        ),
        ("{ steps: { attempts: { task: { jediTaskId: { eq: 362 } } } } }", ["013"]),
        ('{ geometries: { name: { contains: "micro" } }, collisionType: { eq: "dd" } }', ["010"]),
        ("{ seedRanges: { seedFirst: { gte: 20001 }, isExempt: false } }", ["014", "015", "016"]),
        ('{ requester: { groups: { name: { eq: "spd/production" } } } }', ALL),
        ('{ requester: { groups: { name: { eq: "spd/analysis" } } } }', []),
        (
            '{ tasks: { jobCounts: { queue: { site: { name: { eq: "PNPI" } } }, jobs: { gte: 1600 } } } }',
            ["012", "013", "014"],
        ),
        ('{ tasks: { request: { tasks: { name: { eq: "PROD2025-014.SIM" } } } } }', ["014"]),
        ('{ findings: { code: { eq: "seed-overlap" } } }', ["004", "012"]),
        ("{ findings: { invariant: { eq: 13 } }, energyGev: { eq: 27 } }", ["012", "013"]),
        ("{ not: { findings: {} } }", []),
    ],
)
async def test_requests_are_found_by_what_belongs_to_them(
    ask: Asker, condition: str, found: list[str]
) -> None:
    assert await requests(ask, condition) == found


async def test_datasets_of_27_gev_pp_requests_with_a_replica_at_jinr(ask: Asker) -> None:
    condition = """
    {
      request: { energyGev: { eq: 27 }, collisionType: { eq: "pp" } }
      replicas: { storage: { site: { name: { eq: "JINR" } } } }
      dataType: { in: ["S", "R"] }
    }
    """

    assert await datasets(ask, condition) == [
        "011.RECO.1.R",
        "011.SIM.1.S",
        "012.RECO.1.R",
        "012.SIM.1.S",
        "013.RECO.1.R",
        "013.SIM.2.S",
        "014.SIM.1.S",
    ]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('{ replicas: { storage: { site: { name: { eq: "PNPI" } } } } }', ["013.RECO.1.R"]),
        ('{ rules: { state: { eq: "REPLICATING" } } }', ["013.RECO.1.R"]),
        ('{ account: { eq: "analyst" } }', ["013.RECO.1.dimuon-skim"]),
        (
            '{ task: { status: { eq: "finished" } }, dataType: { ne: "log" } }',
            [
                "010.RECO.1.R",
                "012.RECO.1.R",
                "013.RECO.1.R",
            ],
        ),
        ("{ sizeBytes: { gt: 18300000000000 } }", ["012.RECO.1.R", "013.RECO.1.R"]),
        ('{ expiresAt: { lt: "2026-03-06T00:00:00Z" } }', ["013.RECO.1.log"]),
        ("{ dataType: { isNull: true } }", ["013.RECO.1.dimuon-skim"]),
        ("{ isOpen: true }", []),
    ],
)
async def test_datasets_are_found_by_task_rule_replica_and_size(
    ask: Asker, condition: str, found: list[str]
) -> None:
    assert await datasets(ask, condition) == found


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('{ user: { username: { eq: "voadmin" } }, status: { ne: "aborted" } }', [353, 352]),
        (
            '{ user: { groups: { name: { eq: "spd/production" } } }, startedAt: { isNull: false } }',
            [
                363,
                362,
                355,
                354,
            ],
        ),
        (
            '{ jobCounts: { queueName: { eq: "SPBSU_SPD" }, jobs: { lt: 100 } } }',
            [
                353,
            ],
        ),
        ('{ jobCounts: { jobState: { eq: "failed" } } }', [363, 359, 355]),
        ('{ datasets: { dataType: { eq: "P" } } }', [364, 362, 358, 356, 354]),
        ("{ request: { intent: SUBMITTED } }", [364]),
        ("{ not: { request: {} }, requestName: { isNull: false } }", [347, 346]),
        ("{ jediTaskId: { in: [346, 999] } }", [346]),
    ],
)
async def test_tasks_are_found_by_user_queue_dataset_and_request(
    ask: Asker, condition: str, found: list[int]
) -> None:
    assert await tasks(ask, condition) == found


@pytest.mark.parametrize(
    ("field", "key", "condition", "found"),
    [
        ("campaigns", "name", '{ requests: { name: { eq: "PROD2025-001" } } }', ["SPD MC 2025"]),
        ("campaigns", "name", "{ requests: { intent: READY } }", []),
        ("rules", "rseExpression", "{ locksStuck: { gt: 0 } }", []),
        ("rules", "account", "{ dataset: { requestName: { isNull: true } } }", ["analyst"]),
        ("replicas", "rseName", '{ state: { ne: "AVAILABLE" } }', ["PNPI_EOS"]),
        ("replicas", "rseName", '{ dataset: { account: { eq: "analyst" } } }', ["SSAU_DISK"]),
        ("replicas", "rseName", "{ storage: { site: { cores: { lt: 300 } } } }", ["PNPI_EOS", "SSAU_DISK"]),
        ("storages", "name", "{ canWrite: false }", ["SPBSU_DISK"]),
        ("storages", "name", '{ site: { name: { in: ["PNPI", "JINR"] } } }', ["JINR_EOS", "PNPI_EOS"]),
        ("quotas", "account", "{ limitBytes: { isNull: true } }", ["voadmin"]),
        ("quotas", "account", '{ storage: { name: { startsWith: "ssau" } } }', ["analyst"]),
        ("sites", "name", '{ state: { ne: "ACTIVE" } }', ["MEPhI"]),
        ("sites", "name", "{ cores: { isNull: true } }", ["MEPhI"]),
        ("sites", "name", '{ queues: { status: { eq: "test" } } }', ["SPbSU"]),
        ("sites", "name", '{ storages: { name: { eq: "SSAU_DISK" } } }', ["SSAU"]),
        ("sites", "name", '{ downtimes: { severity: { eq: "OUTAGE" } } }', ["PNPI"]),
        ("queues", "name", '{ site: { name: { eq: "JINR" } } }', ["JINR_SPD"]),
        ("services", "name", '{ name: { eq: "PanDA" }, siteName: { isNull: true } }', ["PanDA"]),
        ("downtimes", "siteName", '{ startsAt: { gt: "2026-03-01T12:00:00Z" } }', ["PNPI"]),
        ("findings", "subjectKey", '{ code: { eq: "orphan-task" } }', ["346", "347"]),
        ("findings", "subjectKey", "{ request: { energyGev: { eq: 4 } }, invariant: { eq: 13 } }", ["355"]),
        ("people", "username", "{ isService: true }", ["sampo"]),
        ("people", "username", "{ tasks: { jediTaskId: { eq: 352 } } }", ["voadmin"]),
        ("people", "username", "{ requests: { intent: READY } }", ["prodman"]),
        ("people", "username", '{ groups: { name: { eq: "spd/analysis" } } }', ["analyst"]),
        ("groups", "name", '{ members: { username: { eq: "analyst" } } }', ["spd", "spd/analysis"]),
    ],
)
async def test_every_other_list_is_filtered(
    ask: Asker, field: str, key: str, condition: str, found: list[str]
) -> None:
    data = await ask(f"{{ {field}(filter: {condition}) {{ nodes {{ {key} }} }} }}")

    assert [node[key] for node in data[field]["nodes"]] == found


async def test_lists_within_things_are_filtered_for_each_of_them(ask: Asker) -> None:
    data = await ask(
        """
        {
          requests(filter: { name: { in: ["PROD2025-012", "PROD2025-013", "PROD2025-015"] } }) {
            nodes {
              name
              tasks(filter: { status: { eq: "finished" } }) { totalCount nodes { jediTaskId } }
              datasets(filter: { replicas: { rseName: { eq: "PNPI_EOS" } } }) { totalCount }
            }
          }
        }
        """
    )

    assert data["requests"]["nodes"] == [
        {
            "name": "PROD2025-012",
            "tasks": {"totalCount": 1, "nodes": [{"jediTaskId": 359}]},
            "datasets": {"totalCount": 0},
        },
        {
            "name": "PROD2025-013",
            "tasks": {"totalCount": 1, "nodes": [{"jediTaskId": 363}]},
            "datasets": {"totalCount": 1},
        },
        {"name": "PROD2025-015", "tasks": {"totalCount": 0, "nodes": []}, "datasets": {"totalCount": 0}},
    ]


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (
            f"{{ name: {{ in: [{', '.join(chr(34) + str(number) + chr(34) for number in range(1001))}] }} }}",
            "BAD_FILTER",
        ),
        (f'{{ name: {{ eq: "{"x" * 1001}" }} }}', "BAD_FILTER"),
        ('{ name: { eq: "a\\u0000b" } }', "BAD_VALUE"),
        ('{ name: { contains: "a\\u0000b" } }', "BAD_VALUE"),
        ("{ events: { eq: 9223372036854775808 } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ intent: RUNNING }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ name: 5 }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ colour: { eq: 1 } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_cannot_be_compared_is_refused_with_a_code(ask: Asker, condition: str, code: str) -> None:
    answer = await ask.answer(f"{{ requests(filter: {condition}) {{ totalCount }} }}")

    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]

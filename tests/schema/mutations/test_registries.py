"""What requests may name: registered by who may, and used from then on."""

from typing import Any

import pytest

from gateway.auth.permissions import RIGHTS, Role
from gateway.auth.viewer import Viewer
from gateway.store.database import Database
from tests.conftest import LOADED_AT
from tests.schema.mutations.asking import MINIMUM_BIAS, created, rows_of_all_tables
from tests.support.asking import Asker

pytestmark = pytest.mark.parametrize("database_maker", ["sqlite"], indirect=True)

ANSWER = "{ ... on Registered { key } ... on Refusal { code message } }"
TEMPLATE = {
    "processingType": "digi",
    "environment": "source /cvmfs/spd.jinr.ru/sampo/env.sh",
    "command": "sampo run {script} --args",
}


@pytest.fixture
def ask(own_world: Database) -> Asker:
    return Asker(own_world, LOADED_AT)


async def register(ask: Asker, call: str) -> Any:
    return (await ask(f"mutation {{ change: {call} {ANSWER} }}"))["change"]


async def template(ask: Asker, key: str, **changes: object) -> Any:
    document = (
        "mutation($template: StepTemplateInput!, $key: String!) { change: registerStepTemplate("
        'softwareProject: "sampo", kind: "DIGI", name: "sampo digitisation", template: $template,'
        f" idempotencyKey: $key) {ANSWER} }}"
    )
    return (await ask(document, template=TEMPLATE | changes, key=key))["change"]


async def test_what_is_registered_can_be_named_by_requests(ask: Asker) -> None:
    release = 'registerSoftwareRelease(project: "sampo", version: "1.0", idempotencyKey: "1")'
    geometry = 'registerGeometry(name: "Muon wall", idempotencyKey: "2")'
    campaign = 'registerCampaign(name: "SPD MC 2026", description: "next", idempotencyKey: "3")'
    stage = 'registerStage(name: "S3", energyMaxGev: 30, requiredGeometry: "Muon wall", idempotencyKey: "4")'
    keys = [(await register(ask, call))["key"] for call in (release, geometry, campaign, stage)]

    made = await created(
        ask,
        campaignName="SPD MC 2026",
        stageName="S3",
        softwareProject="sampo",
        softwareVersion="1.0",
        geometries=["Muon wall"],
        tag="minbias-P8-sampo1",
    )

    assert keys == ["sampo 1.0", "Muon wall", "SPD MC 2026", "S3"]
    # Names are numbered in the year of the campaign.
    assert made["name"] == "PROD2026-001"


async def test_a_template_makes_another_framework_submittable(ask: Asker) -> None:
    await register(ask, 'registerSoftwareRelease(project: "sampo", version: "1.0", idempotencyKey: "1")')
    one, two = await template(ask, "one"), await template(ask, "two", ramMb=4000)
    steps = [{"kind": "DIGI", "script": "/cvmfs/spd.jinr.ru/sampo/digi.py"}]
    document = """query($input: CreateRequestInput!) { previewNewRequest(input: $input) {
      ... on RequestPreview { steps { template problem parameters } } } }"""

    found = await ask(
        document, input=MINIMUM_BIAS | {"softwareProject": "sampo", "softwareVersion": "1.0", "steps": steps}
    )

    assert (one["key"], two["key"]) == ("sampo DIGI 1", "sampo DIGI 2")
    [step] = found["previewNewRequest"]["steps"]
    # What a digitisation writes has not been agreed on, which is said; the template itself is found.
    assert step["problem"].startswith("No outputs are agreed for the step kind 'DIGI'")
    shown = await ask("{ registries { stepTemplates { version name content } } }")
    assert [each["version"] for each in shown["registries"]["stepTemplates"]] == [2, 1]
    assert shown["registries"]["stepTemplates"][0]["content"]["ram_mb"] == 4000


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ('registerSoftwareRelease(project: "Sampo!", version: "1", idempotencyKey: "k")', "BAD_NAME"),
        ('registerSoftwareRelease(project: "sampo", version: "one", idempotencyKey: "k")', "BAD_NAME"),
        ('registerGeometry(name: "a,b", idempotencyKey: "k")', "BAD_INPUT"),
        ('registerGeometry(name: " ", idempotencyKey: "k")', "BAD_INPUT"),
        ('registerStage(name: "s3", idempotencyKey: "k")', "BAD_NAME"),
        ('registerStage(name: "S3", requiredGeometry: "none", idempotencyKey: "k")', "BAD_INPUT"),
        ('registerStage(name: "S3", energyMaxGev: -1, idempotencyKey: "k")', "BAD_INPUT"),
    ],
)
async def test_what_could_not_be_used_is_not_registered(ask: Asker, call: str, code: str) -> None:
    before = await rows_of_all_tables(ask.database)

    assert (await register(ask, call))["code"] == code
    assert await rows_of_all_tables(ask.database) == before


async def test_a_template_without_a_place_for_the_script_is_refused(ask: Asker) -> None:
    assert "{script}" in (await template(ask, "k", command="run"))["message"]
    assert (await template(ask, "k", environment=""))["code"] == "BAD_INPUT"


async def test_an_operator_may_not_register(ask: Asker) -> None:
    operator = Asker(ask.database, LOADED_AT, Viewer("operator", RIGHTS[Role.OPERATOR]))

    answer = await operator.answer(
        'mutation { registerGeometry(name: "x", idempotencyKey: "k") { __typename } }'
    )

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"

"""File lists of the practice world by HTTP: what is in them, what their headers say, and who gets them."""

import contextlib
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from gateway.app import allowance_of, open_doors
from gateway.practice.faults import Fault
from gateway.resolvers.file_lists import FileLists
from gateway.resolvers.files_on_demand import FilesOnDemand
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.datasets import Dataset
from gateway.upstreams.http import HttpUpstream
from gateway.upstreams.iam.openid import OpenIdProvider
from gateway.upstreams.rucio.files import RucioFiles
from gateway.upstreams.rucio.tokens import PasswordLogin
from gateway.web.file_lists import file_list_routes
from tests.app.conftest import connected as whole_application
from tests.app.test_identity import IssuerTransport, door
from tests.app.test_own_tokens import Owner
from tests.auth.issuer import ISSUER, NOW, Issuer
from tests.conftest import LOADED_AT
from tests.support.manners import QUICK
from tests.support.rucio import ServedRucio, served_rucio

RECO = "/files/PROD2025-013/RECO.R"
NAME = "MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013"
SMALL = "/files/PROD2025-010"
SMALL_NAME = "MC2025_S1.dd-minbias-FTF-spdroot4171-dev.4GeV-UU.PROD2025-010"
LOST = "10417,11288-11290,13502,15077,17946,19313"


@contextlib.asynccontextmanager
async def lists_of(rucio: ServedRucio, database: Database) -> AsyncIterator[FileLists]:
    """Lists that are read from it, with a memory of their own."""
    http = HttpUpstream("rucio", rucio.url, manners=QUICK)
    tokens = PasswordLogin(
        http,
        account="gateway",
        username="gateway",
        password=rucio.catalogue.passwords["gateway"],
        clock=lambda: LOADED_AT,
    )
    files = RucioFiles(http, tokens)
    yield FileLists(database, FilesOnDemand(files))
    await files.close()


@pytest.fixture(scope="module")
def rucio() -> Iterator[ServedRucio]:
    with served_rucio(LOADED_AT) as rucio:
        yield rucio


@contextlib.asynccontextmanager
async def connected(
    database: Database, rucio: ServedRucio, issuer: Issuer | None = None, **settings: object
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the lists alone, open to everybody or to whom an issuer knows."""
    iam = None
    if issuer is not None:
        settings["iam_issuer"] = ISSUER
        iam = OpenIdProvider(HttpUpstream("iam", ISSUER, transport=IssuerTransport(issuer)), ISSUER)
    read = Settings.read(open_access=issuer is None, **settings)
    identify, _ = open_doors(read, database, lambda: NOW, iam)
    async with lists_of(rucio, database) as lists:
        routes = file_list_routes(lists, identify.by_link, allowance_of(read))
        transport = httpx2.ASGITransport(app=Starlette(routes=routes))
        async with httpx2.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            yield client


@pytest.fixture
async def client_of_app(world: Database) -> AsyncIterator[httpx2.AsyncClient]:
    async with whole_application(world, open_access=True) as client:
        yield client


@pytest.fixture
async def client(world: Database, rucio: ServedRucio) -> AsyncIterator[httpx2.AsyncClient]:
    async with connected(world, rucio) as client:
        yield client


async def test_a_list_has_one_address_a_line_in_the_order_of_seeds(client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"{RECO}.txt")

    lines = answer.text.splitlines()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert len(lines) == 9992
    assert lines[0] == (
        f"root://storage.example.org:1094//JINR_EOS/MC2025_S1/aa/40/{NAME}.RECO.1.R.010001.root"
    )
    assert [line.rpartition(".R.")[2] for line in (lines[415], lines[416], lines[-1])] == [
        "010416.root",
        "010418.root",
        "020000.root",
    ]


async def test_headers_say_how_many_of_how_many_and_which_are_missing(client: httpx2.AsyncClient) -> None:
    lossy = await client.get(f"{RECO}.txt")
    whole = await client.get(f"{SMALL}/SIM.S.txt")

    said = {key: value for key, value in lossy.headers.items() if key.startswith("files-")}
    assert said == {
        "files-expected": "10000",
        "files-listed": "9992",
        "files-complete": "no",
        "files-missing-seeds": LOST,
        "files-taken-at": LOADED_AT.isoformat(),
    }
    assert (whole.headers["files-complete"], whole.headers["files-listed"]) == ("yes", "1250")
    assert "files-missing-seeds" not in whole.headers


async def test_lists_matched_by_seed_go_together_line_by_line(client: httpx2.AsyncClient) -> None:
    simulated = await client.get(f"{SMALL}/SIM.S.txt?with=P,R")
    parameters = await client.get(f"{SMALL}/SIM.P.txt?with=SIM.S,RECO.R")
    reconstructed = await client.get(f"{SMALL}/RECO.R.txt?with=S,P")

    numbers = [
        [line.split(".")[-2] for line in answer.text.splitlines()]
        for answer in (simulated, parameters, reconstructed)
    ]
    assert numbers[0] == numbers[1] == numbers[2]
    assert len(numbers[0]) == 1244


async def test_what_is_near_a_site_comes_first_and_the_rest_from_elsewhere(
    client: httpx2.AsyncClient,
) -> None:
    lines = (await client.get(f"{RECO}.txt?site=PNPI&protocol=davs")).text.splitlines()

    # So many have arrived there so far.
    assert (
        len([line for line in lines if line.startswith("davs://storage.example.org:443/PNPI_EOS/")]) == 6120
    )
    assert len([line for line in lines if "/JINR_EOS/" in line]) == 9992 - 6120


async def test_as_json_each_file_says_its_seed_size_checksum_and_all_copies(
    client: httpx2.AsyncClient,
) -> None:
    answer = (await client.get(f"{SMALL}/RECO.R.json?with=P")).json()

    files = answer.pop("files")
    assert answer == {
        "output": "RECO.R",
        "expected": 1250,
        "listed": 1244,
        "isComplete": False,
        "missingSeeds": "1245-1250",
        "withoutSeed": 0,
        "withoutNumber": 0,
        "withoutCopy": 0,
        "datasets": [
            {"did": f"MC2025_S1:{SMALL_NAME}.RECO.1.R", "attempt": 1, "files": 1244},
            {"did": f"MC2025_S1:{SMALL_NAME}.SIM.1.P", "attempt": 1, "files": 1250},
        ],
        "takenAt": LOADED_AT.isoformat(),
        "isStale": False,
    }
    url = f"root://storage.example.org:1094//JINR_EOS/MC2025_S1/49/16/{SMALL_NAME}.RECO.1.R.000001.root"
    parameters = files[0].pop("with")["SIM.P"]
    assert files[0] == {
        "seed": 1,
        "attempt": 1,
        "name": f"{SMALL_NAME}.RECO.1.R.000001.root",
        "sizeBytes": 231_302_250,
        "adler32": "f127175d",
        "url": url,
        "copies": [{"storage": "JINR_EOS", "url": url}],
    }
    assert parameters["name"] == f"{SMALL_NAME}.SIM.1.P.000001.root"
    assert len(files) == 1244


async def test_the_same_list_is_not_sent_twice(client: httpx2.AsyncClient) -> None:
    address = f"{SMALL}/RECO.R.txt"
    tag = (await client.get(address)).headers["etag"]

    again = await client.get(address, headers={"if-none-match": f'"other", {tag}'})
    other = await client.get(f"{address}?protocol=davs", headers={"if-none-match": tag})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["files-listed"] == "1244"
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("PROD2025-099/RECO.R.txt", 404, "There is no request 'PROD2025-099'."),
        ("PROD2025-013/ANAL.R.txt", 404, "PROD2025-013 has no step 'ANAL'; it has SIM and RECO."),
        (
            "PROD2025-013/RECO.X.txt",
            404,
            "Rucio has no dataset of PROD2025-013.RECO.X: the step has not begun, or its outputs are called "
            "otherwise (R, log).",
        ),
        (
            "PROD2025-013/SIM.S.txt?attempt=7",
            404,
            "Rucio has no dataset of PROD2025-013.SIM.S of attempt 7: the step has not begun, or its outputs "
            "are called otherwise (S, P, log).",
        ),
        (
            "PROD2025-013/RECO.R.txt?site=CERN",
            404,
            "No storage is at a site 'CERN'. Sites with storages: JINR, PNPI, SPbSU, SSAU.",
        ),
        ("PROD2025-013/RECO.R.txt?protocol=ftp", 400, "files are read by root or davs, not by 'ftp'"),
        (
            "PROD2025-013/RECO.R.txt?sites=JINR",
            400,
            "a list takes site, protocol, with, attempt, and not sites",
        ),
        (
            "PROD2025-013/RECO.R.txt?site=JINR&site=PNPI",
            400,
            "a list takes site, protocol, with, attempt, and not one of them twice",
        ),
        ("PROD2025-013/RECO.R.txt?with=log", 400, "which step's 'log' is meant? Write it like SIM.log"),
        ("PROD2025-013/RECO.R.txt?attempt=one", 400, "attempt is a number from 1, not 'one'"),
    ],
)
async def test_what_cannot_be_listed_is_told_in_words(
    client: httpx2.AsyncClient, address: str, status: int, words: str
) -> None:
    answer = await client.get(f"/files/{address}")

    assert (answer.status_code, answer.text) == (status, f"{words}\n")


async def test_as_json_a_refusal_has_the_shape_of_all_others(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/files/PROD2025-099/RECO.R.json")

    assert (answer.status_code, answer.json()) == (
        404,
        {"errors": [{"message": "There is no request 'PROD2025-099'.", "extensions": {"code": "NOT_FOUND"}}]},
    )


async def test_a_silent_rucio_is_not_taken_for_an_empty_list(world: Database, rucio: ServedRucio) -> None:
    rucio.faults.plan(Fault.HTML_500)
    try:
        async with connected(world, rucio) as client:
            answer = await client.get(f"{RECO}.txt")
    finally:
        rucio.faults.clear()

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert answer.text.startswith("rucio failed")


async def test_without_a_rucio_there_is_nothing_to_list(client_of_app: httpx2.AsyncClient) -> None:
    answer = await client_of_app.get(f"{RECO}.txt")

    assert (answer.status_code, answer.text) == (
        503,
        "this gateway has no Rucio to ask: set GATEWAY_RUCIO_URL\n",
    )


async def test_a_token_for_file_lists_alone_lists_files_and_reads_nothing_else(
    own_world: Database, rucio: ServedRucio
) -> None:
    issuer = Issuer()
    async with door(own_world, issuer) as client:
        made = await Owner(client, issuer.token()).make(rights=["READ_FILES"])
        bearer = {"authorization": f"Bearer {made['secret']}"}
        query = await client.post("/graphql", json={"query": "{ viewer { name } }"}, headers=bearer)
    async with connected(own_world, rucio, issuer) as client:
        files = await client.get(f"{SMALL}/RECO.R.txt", headers=bearer)
        stranger = await client.get(f"{SMALL}/RECO.R.txt")

    assert made["accessToken"]["rights"] == ["READ_FILES"]
    assert query.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (files.status_code, files.headers["files-listed"]) == (200, "1244")
    assert (stranger.status_code, stranger.headers["www-authenticate"]) == (401, "Bearer")


async def test_lists_are_paid_from_the_allowance(world: Database, rucio: ServedRucio) -> None:
    issuer = Issuer()
    async with connected(world, rucio, issuer, objects_per_minute=1_250) as client:
        bearer = {"authorization": f"Bearer {issuer.token()}"}
        answers = [(await client.get(f"{SMALL}/RECO.R.txt", headers=bearer)).status_code for _ in range(2)]

    assert answers == [200, 429]


async def test_of_several_attempts_the_latest_is_listed(own_world: Database, rucio: ServedRucio) -> None:
    first = f"MC2025_S1:{SMALL_NAME}.SIM.1.S"
    async with own_world.transaction() as session:
        # What is called the first attempt's parameters passes for a third attempt at the events.
        await session.execute(
            update(Dataset)
            .where(Dataset.did == f"MC2025_S1:{SMALL_NAME}.SIM.1.P")
            .values(data_type="S", attempt_number=3)
        )
    async with connected(own_world, rucio) as client:
        both = (await client.get(f"{SMALL}/SIM.S.json")).json()
        one = (await client.get(f"{SMALL}/SIM.S.json?attempt=1")).json()

    assert {file["attempt"] for file in both["files"]} == {3}
    assert [dataset["did"] for dataset in one["datasets"]] == [first]

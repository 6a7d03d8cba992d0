"""Run with the Python of the real server: its own client asks everything that it is asked for here.

Arguments: the address, and `read` or `change`. Prints JSON: what each call gave, or the class it raised.
"""

import json
import sys

from rucio.client import Client
from rucio.common.exception import RucioException

url, mode = sys.argv[1:]
SCOPE = "MC2025_S1"
DATASET = "MC2025_S1.minbias-P8-spdroot4172-dev.27GeV-UU.PROD2025-013.SIM.2.S"
OPEN = "PROD2025-013.still-open"


def login(account: str, password: str) -> Client:
    user = "ddmlab" if account == "root" else account
    return Client(
        rucio_host=url,
        auth_host=url,
        account=account,
        auth_type="userpass",
        creds={"username": user, "password": password},
    )


def said(call, *arguments, **options):
    try:
        answer = call(*arguments, **options)
        if not isinstance(answer, (dict, list, str, int, bool, type(None))):
            answer = list(answer)
    except RucioException as error:
        return {"raised": type(error).__name__}
    return answer


client = login("prodman", "secret-prodman")
if mode == "read":
    dids = [{"scope": SCOPE, "name": name} for name in (DATASET, OPEN, "never-made")]
    answers = {
        "ping": said(client.ping),
        "whoami": said(client.whoami),
        "account": said(client.get_account, "voadmin"),
        "no account": said(client.get_account, "nobody"),
        "scopes": sorted(said(client.list_scopes)),
        "names": sorted(said(client.list_dids, SCOPE, [{"name": "*"}])),
        "long": said(client.list_dids, SCOPE, [{"name": "*SIM*"}], long=True),
        "containers": said(client.list_dids, SCOPE, [{"name": "*"}], did_type="container"),
        "no such name": said(client.list_dids, SCOPE, [{"name": "S?M"}]),
        "no scope": said(client.list_dids, "none", [{"name": "*"}]),
        "silently nothing": said(client.list_dids, SCOPE, [{"updated_at.gte": "2020-01-01 00:00:00"}]),
        "made since": sorted(said(client.list_dids, SCOPE, [{"created_at.gte": "2020-01-01 00:00:00"}])),
        "closed since": sorted(said(client.list_dids, SCOPE, [{"closed_at.gte": "2020-01-01 00:00:00"}])),
        "bad moment": said(client.list_dids, SCOPE, [{"created_at.gte": "soon"}]),
        "did": said(client.get_did, SCOPE, DATASET),
        "open did": said(client.get_did, SCOPE, OPEN),
        "no did": said(client.get_did, SCOPE, "never-made"),
        "metadata": said(client.get_metadata, SCOPE, DATASET),
        "no metadata": said(client.get_metadata, SCOPE, "never-made"),
        "bulk": said(client.get_metadata_bulk, dids),
        "too many": said(client.get_metadata_bulk, dids * 334),
        "rules": said(client.list_replication_rules),
        "rules of": said(client.list_replication_rules, {"account": "analyst"}),
        "rules since": said(
            client.list_replication_rules, {"updated_after": "Wed, 01 Jan 2020 00:00:00 UTC"}
        ),
        "rules later": said(
            client.list_replication_rules, {"updated_after": "Sun, 01 Jan 2090 00:00:00 UTC"}
        ),
        "rules of a did": said(client.list_did_rules, SCOPE, DATASET),
        "bad rule": said(client.get_replication_rule, "nonsense"),
        "no rule": said(client.get_replication_rule, "0" * 32),
        "rses": said(client.list_rses),
        "rse": said(client.get_rse, "JINR_EOS"),
        "no rse": said(client.get_rse, "NOWHERE"),
        "usage": said(client.get_rse_usage, "JINR_EOS"),
        "physical": said(client.get_rse_usage, "JINR_EOS", {"source": "storage"}),
        "no usage": said(client.get_rse_usage, "NOWHERE"),
        "limits": said(client.get_rse_limits, "JINR_EOS"),
        "attributes": said(client.list_rse_attributes, "JINR_EOS"),
        "replicas": said(client.list_datasets_per_rse, "PNPI_EOS"),
        "no replicas": said(client.list_datasets_per_rse, "NOWHERE"),
        "wrong password": said(login, "voadmin", "wrong"),
    }
else:
    name = "PROD2025-013.made-by-the-client"
    place = {"dids": [{"scope": SCOPE, "name": name}], "copies": 1, "rse_expression": "JINR_EOS"}
    answers = {
        "add": said(client.add_did, SCOPE, name, "DATASET", meta={"campaign": "SPD MC 2025"}),
        "add again": said(client.add_did, SCOPE, name, "DATASET"),
        "add nowhere": said(client.add_did, "none", name, "DATASET"),
        "set": said(client.set_metadata, SCOPE, name, "task_id", 999),
        "close": said(client.close, SCOPE, name),
        "close again": said(client.close, SCOPE, name),
        "rule": said(client.add_replication_rule, **place, account="prodman", activity="Production Output"),
        "rule again": said(client.add_replication_rule, **place, account="prodman"),
        "rule nowhere": said(client.add_replication_rule, **{**place, "rse_expression": "NOWHERE"}),
        "rule without quota": said(
            client.add_replication_rule,
            dids=[{"scope": SCOPE, "name": DATASET}],
            copies=1,
            rse_expression="SSAU_DISK",
            account="voadmin",
        ),
        "rule on nothing": said(
            client.add_replication_rule, **{**place, "dids": [{"scope": SCOPE, "name": "never-made"}]}
        ),
    }
    answers["delete"] = said(client.delete_replication_rule, answers["rule"][0])
    answers["deleted"] = said(client.get_replication_rule, answers["rule"][0])
    answers["delete nothing"] = said(client.delete_replication_rule, "0" * 32)
    answers["made"] = said(client.get_metadata, SCOPE, name)
print(json.dumps(answers, default=str))

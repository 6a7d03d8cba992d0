"""Run with the Python of the real server's environment: fills a Rucio from a seed through its own client.

Arguments: the address and a file with the seed.
"""

import json
import sys
import zlib

from rucio.client import Client

url, seed_file = sys.argv[1:]
with open(seed_file) as opened:
    seed = json.load(opened)


def login(account: str, user: str, password: str) -> Client:
    return Client(
        rucio_host=url,
        auth_host=url,
        account=account,
        auth_type="userpass",
        creds={"username": user, "password": password},
    )


def file_name(dataset: str, number: int) -> str:
    return f"{dataset}.{number:06}.{'log.tgz' if dataset.endswith('.log') else 'root'}"


root = login("root", "ddmlab", "secret")
for account in seed["accounts"]:
    root.add_account(account, "SERVICE" if account == "gateway" else "USER", f"{account}@example.org")
    root.add_identity(
        account=account,
        identity=account,
        authtype="USERPASS",
        email=f"{account}@example.org",
        password=f"secret-{account}",
        default=True,
    )
for account in ("prodman", "analyst"):
    root.add_account_attribute(account, "admin", "True")
for scope, account in seed["scopes"].items():
    root.add_scope(account, scope)
for one in seed["storages"]:
    root.add_rse(
        one["name"],
        deterministic=one["is_deterministic"],
        volatile=one["is_volatile"],
        rse_type=one["rse_type"],
        availability_read=one["can_read"],
        availability_write=one["can_write"],
        availability_delete=one["can_delete"],
    )
    root.add_protocol(
        one["name"],
        {
            "hostname": "storage.example.org",
            "scheme": "mock",
            "port": 1094,
            "prefix": f"/{one['name']}/",
            "impl": "rucio.rse.protocols.mock.Default",
            "domains": {
                "lan": {"read": 1, "write": 1, "delete": 1},
                "wan": {"read": 1, "write": 1, "delete": 1},
            },
        },
    )
    # XRootD has paths from the root of the storage, which begin with a second slash.
    for scheme, port, impl, slash in (("root", 1094, "xrootd", "//"), ("davs", 443, "webdav", "/")):
        root.add_protocol(
            one["name"],
            {
                "hostname": "storage.example.org",
                "scheme": scheme,
                "port": port,
                "prefix": f"{slash}{one['name']}/",
                "impl": f"rucio.rse.protocols.{impl}.Default",
                "domains": {
                    "lan": {"read": 2, "write": 2, "delete": 2},
                    "wan": {"read": 2, "write": 2, "delete": 2},
                },
            },
        )
for one in seed["totals"]:
    root.set_rse_usage(
        one["rse_name"], source="storage", used=one["used_bytes"], free=one["free_bytes"], files=None
    )
    root.set_rse_limits(one["rse_name"], "MinFreeSpace", 10**13)
for one in seed["quotas"]:
    root.set_local_account_limit(one["account"], one["rse_name"], one["limit_bytes"])
owners = {account: login(account, account, f"secret-{account}") for account in ("prodman", "analyst")}
for one in seed["datasets"]:
    scope, name = one["did"].split(":")
    files = [
        {
            "scope": scope,
            "name": file_name(name, number),
            "bytes": seed["file_bytes"],
            "adler32": f"{zlib.adler32(file_name(name, number).encode()):08x}",
            "meta": {"events": seed["events_per_file"]} if one["events"] else {},
        }
        for number in range(1, one["files"] + 1)
    ]
    meta = {} if one["task_id"] is None else {"task_id": one["task_id"]}
    owners[one["account"]].add_did(scope, name, "DATASET", meta=meta, dids=files, rse=one["home"])
    owners[one["account"]].close(scope, name)
for one in seed["rules"]:
    scope, name = one["did"].split(":")
    root.add_replication_rule(
        dids=[{"scope": scope, "name": name}],
        copies=1,
        rse_expression=one["rse_expression"],
        account=one["account"],
        activity=one["activity"],
    )
scope, name = seed["open"].split(":")
owners["prodman"].add_dataset(scope, name)
container = seed["container"].split(":")[1]
owners["prodman"].add_container(scope, container)
owners["prodman"].attach_dids(scope, container, [{"scope": scope, "name": name}])

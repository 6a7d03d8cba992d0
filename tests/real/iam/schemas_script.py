"""Run beside scim2-server: write the schemas of SCIM with INDIGO IAM's extensions, and the resource types.

Two departures let the server hold what IAM gives: memberships are part of the user's own entry, and a member
that an extension has is optional.
"""

import json
import sys
from pathlib import Path

from scim2_models import Group, User

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"


def attribute(name, kind="string", parts=None, many=True):
    described = {
        "name": name,
        "type": kind,
        "multiValued": parts is not None and many,
        "description": name,
        "required": False,
        "mutability": "readWrite",
        "returned": "default",
    }
    if kind == "string":
        described |= {"caseExact": True, "uniqueness": "none"}
    if parts is not None:
        described |= {
            "type": "complex",
            "subAttributes": [one if isinstance(one, dict) else attribute(one) for one in parts],
        }
    return described


def schema(name, *attributes):
    return {
        "schemas": [SCHEMA],
        "id": f"urn:indigo-dc:scim:schemas:{name}",
        "name": name,
        "description": name,
        "attributes": list(attributes),
    }


def resource_type(name, core, extension):
    return {
        "schemas": [RESOURCE_TYPE],
        "id": name,
        "name": name,
        "endpoint": f"/{name}s",
        "description": name,
        "schema": core,
        "schemaExtensions": [{"schema": extension["id"], "required": False}],
    }


def core(model):
    found = model.to_schema().model_dump(by_alias=True)
    for one in found["attributes"]:
        if one["name"] == "groups":
            for each in (one, *one["subAttributes"]):
                each["mutability"] = "readWrite"
    return found


user = schema(
    "IndigoUser",
    attribute("oidcIds", parts=["issuer", "subject"]),
    attribute("sshKeys", parts=["display", "value", "fingerprint"]),
    attribute("certificates", parts=["subjectDn", "issuerDn", attribute("hasProxyCertificate", "boolean")]),
    attribute("serviceAccount", "boolean"),
    attribute("endTime", "dateTime"),
)
group = schema(
    "IndigoGroup",
    attribute("description"),
    attribute("parentGroup", parts=["display", "value"], many=False),
)
cores = [core(User), core(Group)]
folder = Path(sys.argv[1])
(folder / "schemas.json").write_text(json.dumps([*cores, user, group]))
types = [resource_type("User", cores[0]["id"], user), resource_type("Group", cores[1]["id"], group)]
(folder / "types.json").write_text(json.dumps(types))

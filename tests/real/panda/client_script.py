"""Use the real panda-client against the server that the environment names; print what it returns, as JSON.

Its library reads addresses from the environment at import and the token at each call; it prints a lot, so the
results come last, on a line of their own.
"""

import json
import sys

from pandaclient import Client

parameters = json.loads(sys.argv[1])
done = int(sys.argv[2])
results = {}
results["submitted"] = Client.insertTaskParams(parameters, properErrorCode=True)
results["status"] = Client.getTaskStatus(done)
results["missing"] = Client.getTaskStatus(999_999)
results["killed"] = Client.killTask(done)
results["details"] = Client.get_task_details_json(done)
results["jobs"] = Client.getPandaIDsWithTaskID(done)
print("\n" + json.dumps(results, default=str))

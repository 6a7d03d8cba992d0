"""One query from the request to the site, as the README promises it."""

from tests.support.asking import Asker


async def test_one_query_joins_request_task_datasets_sites_and_person(ask: Asker) -> None:
    data = await ask(
        """
        {
          request(name: "PROD2025-013") {
            ... on Request {
              intent execution jobs
              requester { username groups { name } }
              steps {
                key execution
                attempts { key task { jediTaskId status jobsFinished source isStale } }
              }
            }
          }
        }
        """
    )

    assert data["request"] == {
        "intent": "ACCEPTED",
        "execution": "PARTIAL",
        "jobs": 10000,
        "requester": {"username": "prodman", "groups": [{"name": "spd"}, {"name": "spd/production"}]},
        "steps": [
            {
                "key": "PROD2025-013.SIM",
                "execution": "COMPLETE",
                "attempts": [
                    {
                        "key": "PROD2025-013.SIM.2",
                        "task": {
                            "jediTaskId": 362,
                            "status": "done",
                            "jobsFinished": 10000,
                            "source": "PANDA",
                            "isStale": False,
                        },
                    }
                ],
            },
            {
                "key": "PROD2025-013.RECO",
                "execution": "PARTIAL",
                "attempts": [
                    {
                        "key": "PROD2025-013.RECO.1",
                        "task": {
                            "jediTaskId": 363,
                            "status": "finished",
                            "jobsFinished": 9992,
                            "source": "PANDA",
                            "isStale": False,
                        },
                    }
                ],
            },
        ],
    }


async def test_seeds_that_are_partly_shared_are_shown_in_one_piece(ask: Asker) -> None:
    data = await ask(
        """
        {
          request(name: "PROD2025-012") {
            ... on Request { seeds seedRanges { seedFirst seedLast exemptReason } }
          }
        }
        """
    )

    assert data["request"] == {
        "seeds": "1-10000",
        "seedRanges": [
            {"seedFirst": 1, "seedLast": 1250, "exemptReason": "overlaps PROD2025-011"},
            {"seedFirst": 1251, "seedLast": 10000, "exemptReason": None},
        ],
    }

"""The real JEDI takes what was submitted through the real server's API to its end."""

from tests.real.panda.api import PandaApi
from tests.real.panda.jedi import RealPanda, reconstruction, simulation

MANAGER = "Production Manager"


def test_a_simulation_and_its_reconstruction_are_done(real_panda: RealPanda) -> None:
    api = PandaApi.of(real_panda, MANAGER)
    sim = api.submit(simulation(14))
    reco = api.submit(reconstruction(14), parent=sim)

    real_panda.run_until(reco, "done")

    assert real_panda.states(sim) == ["defined", "ready", "running", "prepared", "done"]
    assert real_panda.states(reco)[0] == "pending"
    assert real_panda.states(reco)[-5:] == ["defined", "ready", "running", "prepared", "done"]
    assert real_panda.schema_errors() == []


def test_a_job_that_failed_is_tried_again(real_panda: RealPanda) -> None:
    api = PandaApi.of(real_panda, MANAGER)
    sim = api.submit(simulation(15))

    real_panda.run_until(
        sim, "done", fails=lambda job: job["attemptNr"] == 1 and ".S.020003." in job["outFiles"]
    )

    jobs = api.jobs(sim)
    assert sorted(job["jobStatus"] for job in jobs) == ["failed", *["finished"] * 3]
    task = api.task(sim)
    assert (task["nFiles"], task["nFilesFinished"], task["nFilesFailed"]) == (3, 3, 0)

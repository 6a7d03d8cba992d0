"""The need of a production is known before it is submitted, or openly unknown."""

import pytest

from gateway.domain.forecast import Estimate, Forecast, NoHistory, TaskUse, forecast
from gateway.domain.names import RECO, SIM

GB = 10**9

# 27 GeV, Pythia 8, spdroot 4.1.7.2 (CHEP 2025 talk, task monitor).
SIM_TASKS = (
    TaskUse(356, 1250, 2_295_550_000_000),
    TaskUse(358, 10_000, 18_360_800_000_000),
    TaskUse(362, 10_000, 18_357_950_000_000),
    TaskUse(364, 10_000, 18_358_860_000_000),
)
RECO_TASKS = (
    TaskUse(357, 1250, 2_319_570_000_000),
    TaskUse(359, 9993, 18_546_740_000_000),
    TaskUse(363, 9992, 18_536_200_000_000),
)


def test_ten_thousand_more_jobs_of_the_talk_need_what_they_needed() -> None:
    sim = forecast(SIM, 10_000, SIM_TASKS)
    reco = forecast(RECO, 10_000, RECO_TASKS)

    assert isinstance(sim, Forecast)
    assert isinstance(reco, Forecast)
    assert sim.size_bytes == Estimate(18_359_411_200_000, 18_357_950_000_000, 18_364_400_000_000)
    assert sim.task_ids == (356, 358, 362, 364)
    assert round(sim.size_bytes.expected / 10**12, 2) == 18.36
    assert round((sim.size_bytes + reco.size_bytes).expected / 10**12, 1) == 36.9
    assert f"{sim.size_bytes.spread:.3%}" == "0.035%"


def test_time_is_forecast_from_the_tasks_that_recorded_it() -> None:
    history = (
        TaskUse(1, 100, 100 * GB, core_seconds=360_000, wall_seconds=86_400),
        TaskUse(2, 300, 300 * GB, core_seconds=2_160_000, wall_seconds=518_400),
        TaskUse(3, 100, 100 * GB),
    )

    need = forecast(SIM, 200, history)

    assert need == Forecast(
        step=SIM,
        jobs=200,
        size_bytes=Estimate(200 * GB, 200 * GB, 200 * GB),
        core_hours=Estimate(350.0, 200.0, 400.0),
        days=Estimate(3.5, 2.0, 4.0),
        task_ids=(1, 2, 3),
    )


def test_time_nobody_recorded_stays_unknown() -> None:
    need = forecast(SIM, 10, SIM_TASKS)

    assert isinstance(need, Forecast)
    assert (need.core_hours, need.days) == (None, None)


@pytest.mark.parametrize("history", [(), (TaskUse(351, 0, 0),)])
def test_without_a_finished_job_there_is_no_history(history: tuple[TaskUse, ...]) -> None:
    assert forecast(RECO, 5, history) == NoHistory(RECO, 5)


def test_an_amount_of_nothing_has_no_spread() -> None:
    assert Estimate(0, 0, 0).spread == 0

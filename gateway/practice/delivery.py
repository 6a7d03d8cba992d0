"""What tasks of the practice grid write into its Rucio: datasets that fill, close, and travel elsewhere.

Which datasets a task writes is in its parameters, as PanDA's clients send them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.practice.panda_tasks import FINAL, Parameters, TwinTask, first_number
from gateway.practice.productions import HOME, numbers_of
from gateway.practice.rucio_catalogue import Row, RucioCatalogue, RucioError

# Bytes of one file by the kind of its dataset, the averages of the talk's productions.
FILE_BYTES: Final = {"S": 1_826_000_000, "P": 9_200_000, "R": 1_855_000_000, "log": 500_000}
_USUAL_BYTES: Final = 1_000_000_000
# Reconstructed data is copied to this storage; so many files of it arrive in a practice minute.
SECOND: Final = "PNPI_EOS"
_ARRIVE: Final = 40


@dataclass(slots=True)
class Delivery:
    """Carries files from tasks to the catalogue; `account` owns what it makes."""

    catalogue: RucioCatalogue
    account: str = "prodman"
    tasks: Mapping[int, TwinTask] = field(default_factory=dict)

    def publish(self, task: TwinTask) -> None:
        """Have in the catalogue what the task has finished by now; a task that is over closes its own."""
        if task.files_finished == 0 or task.started is None:
            return
        for did in outputs_in(task.parameters):
            scope, name = did
            if did not in self.catalogue.dids:
                self._begin(task, scope, name)
            row = self.catalogue.dids[did]
            kind, per_job = name.rpartition(".")[2], task.parameters.get("nEventsPerJob")
            files = task.files_finished
            if not row["is_open"]:
                if (row["length"] or 0) >= files:
                    continue
                self.catalogue.reopen(scope, name)
            events = files * per_job if isinstance(per_job, int) and kind != "log" else 0
            self.catalogue.contents[did] = files, files * FILE_BYTES.get(kind, _USUAL_BYTES), events
            self.catalogue.arrive(scope, name, HOME, files=files)
            if task.status in FINAL:
                self.catalogue.close(scope, name)
                if kind == "R":
                    self._send(scope, name)

    def travel(self, minutes: float) -> None:
        """Let files arrive where rules want them, for so many practice minutes."""
        files = round(minutes * _ARRIVE)
        for rule in list(self.catalogue.rules.values()):
            place, rse = (rule["scope"], rule["name"]), rule["rse_expression"]
            row = self.catalogue.dids.get(place)
            if row is None or row["is_open"] or rule["state"] != "REPLICATING":
                continue
            there = rule["locks_ok_cnt"] + files
            self.catalogue.arrive(*place, rse, files=min(there, row["length"] or 0))

    def inputs(self, task: TwinTask) -> int | None:
        """How many files the datasets have that the task reads; None when it reads none that is there."""
        said = task.parameters.get("dsForIN")
        read = [_did(one) for one in said.split(",")] if isinstance(said, str) else []
        known = [did for did in read if did in self.catalogue.dids]
        if not known:
            return None
        return sum(
            self.catalogue.contents.get(did, (self.catalogue.dids[did]["length"] or 0, 0, 0))[0]
            for did in known
        )

    def numbers(self, row: Row) -> Sequence[str]:
        """The numbers in the names of a dataset's files, which its task's jobs had."""
        numbers = self._numbers(row)
        task = self.tasks.get(row["task_id"])
        if task is None or "MIDDLENAME" not in str(task.parameters.get("jobParameters")):
            return [f"{number:06}" for number in numbers]
        # The number of what was read, and then JEDI's own, which counts jobs.
        return [f"{number:06}.{place:06}" for place, number in enumerate(numbers, 1)]

    def _numbers(self, row: Row) -> Sequence[int]:
        if found := numbers_of(f"{row['scope']}:{row['name']}"):
            return found
        task = self.tasks.get(row["task_id"])
        if task is None:
            return ()
        said = task.parameters.get("dsForIN")
        if isinstance(said, str):
            read = self.catalogue.dids.get(_did(said.split(",")[0]))
            given: Sequence[int] = () if read is None else self._numbers(read)
        else:
            first = first_number(task.parameters)
            given = range(first, first + task.files)
        return [
            number for number, state in zip(given, task.file_states(), strict=False) if state == "finished"
        ]

    def _begin(self, task: TwinTask, scope: str, name: str) -> None:
        self.catalogue.scopes.setdefault(scope, self.account)
        self.catalogue.add_did(scope, name, kind="DATASET", account=self.account, task_id=task.task_id)
        self.catalogue.put(scope, name, HOME, files=0)
        self._rule(scope, name, HOME)

    def _send(self, scope: str, name: str) -> None:
        self._rule(scope, name, SECOND)

    def _rule(self, scope: str, name: str, rse: str) -> None:
        try:
            self.catalogue.add_rule(
                scope, name, account=self.account, rse_expression=rse, activity="Production Output"
            )
        except RucioError as refused:
            # No room left, or there already: then it stays where it is, as at a real one.
            if refused.word not in {"InsufficientAccountLimit", "DuplicateRule"}:
                raise


def outputs_in(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """The datasets that a task writes, as scope and name: outputs first, then the log."""
    said = parameters.get("jobParameters")
    for one in [*(said if isinstance(said, list) else []), parameters.get("log")]:
        if isinstance(one, dict) and one.get("param_type") in {"output", "log"}:
            dataset = one.get("dataset")
            if isinstance(dataset, str) and ":" in dataset:
                yield _did(dataset)


def _did(dataset: str) -> tuple[str, str]:
    scope, _, name = dataset.rstrip("/").partition(":")
    return scope, name

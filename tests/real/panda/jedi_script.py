"""JEDI of panda-server, one pass whenever a line is read; runs with the server's Python.

In production its agents are processes that look for work by themselves, every few seconds to minutes. Here
the same agents are asked one after another in one thread, so that a test knows what has happened.
"""

import json
import os
import sys
import sysconfig
import traceback

import psycopg2
import stand_ins
from storage import Storage

stand_ins.install()
# PanDA prints; the answers keep the standard output for themselves.
ANSWERS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
# JEDI imports from inside these two as if they were packages of their own.
SITE_PACKAGES = sysconfig.get_path("purelib")
sys.path += [os.path.join(SITE_PACKAGES, name) for name in ("pandacommon", "pandaserver")]

from pandajedi.jedicore.JediTaskBuffer import JediTaskBuffer
from pandajedi.jedicore.ThreadUtils import ListWithLock, ThreadPool
from pandajedi.jediorder.ContentsFeeder import ContentsFeederThread
from pandajedi.jediorder.JobGenerator import JobGeneratorThread
from pandajedi.jediorder.PostProcessor import (
    PostProcessor,
    PostProcessorThread,
)
from pandajedi.jediorder.TaskCommando import TaskCommandoThread
from pandajedi.jediorder.TaskRefiner import (
    TaskRefiner,
    TaskRefinerThread,
)
from pandajedi.jediorder.TaskSetupper import TaskSetupper
from pandaserver.brokerage.SiteMapper import SiteMapper
from pandaserver.config import panda_config
from pandaserver.dataservice.adder_gen import AdderGen
from pandaserver.taskbuffer.DataCarousel import DataCarouselInterface
from pandaserver.taskbuffer.WrappedCursor import WrappedCursor

VO, LABEL = "spd", "managed"
PID = f"test-{os.getpid()}"
MOST_FILES = 5000

# JEDI leaves a task alone for minutes after it was touched; the tests have no minutes.
LET_TIME_PASS = """
UPDATE doma_panda.jedi_tasks SET
    modificationTime = LEAST(modificationTime, (now() AT TIME ZONE 'UTC') - interval '10 minutes'),
    assessmentTime = NULL, lockedBy = NULL, lockedTime = NULL
"""

# PostgreSQL before 16 wants a name for each subquery. panda-server 1.0.4 has one statement without, and then
# no retry is executed.
NAMELESS = ") /* JediDBProxy.get_task_failure_metrics */"
NAMED = f") jobs {NAMELESS[2:]}"
change_schema = WrappedCursor.change_schema
WrappedCursor.change_schema = lambda self, sql: change_schema(self, sql).replace(NAMELESS, NAMED)


class Agents:
    """The agents of JEDI, and the daemon that takes in what jobs report."""

    def __init__(self):
        self.connection = psycopg2.connect(
            host=panda_config.dbhost,
            port=panda_config.dbport,
            user=panda_config.dbuser,
            password=panda_config.dbpasswd,
            dbname=panda_config.dbname,
        )
        self.connection.autocommit = True
        self.tasks = JediTaskBuffer(None, nDBConnection=2)
        self.storage = Storage(self.connection)

    def execute(self, statement):
        with self.connection.cursor() as cursor:
            cursor.execute(statement)

    def take_commands(self):
        """Do what people asked for: kill, finish, retry, pause, resume."""
        found = ListWithLock(self.tasks.getTasksToExecCommand_JEDI(VO, LABEL))
        TaskCommandoThread(found, ThreadPool(), self.tasks, self.storage, PID).runImpl()

    def refine(self):
        """Make tasks of what was submitted."""
        refiner = TaskRefiner(None, self.tasks, self.storage, [VO], [LABEL])
        refiner.initializeMods(self.tasks, self.storage)
        found = ListWithLock(self.tasks.getTasksToRefine_JEDI(VO, LABEL))
        queues, carousel = self.tasks.getWorkQueueMap(), DataCarouselInterface(self.tasks)
        TaskRefinerThread(found, ThreadPool(), self.tasks, self.storage, refiner, queues, carousel).runImpl()

    def feed(self):
        """Look up the input files of tasks."""
        found = ListWithLock(self.tasks.getDatasetsToFeedContents_JEDI(VO, LABEL))
        ContentsFeederThread(found, ThreadPool(), self.tasks, self.storage, PID).runImpl()

    def generate(self):
        """Choose sites and make jobs."""
        queues = self.tasks.getWorkQueueMap()
        for queue in queues.getAlignedQueueList(VO, LABEL):
            found = self.tasks.getTasksToBeProcessed_JEDI(PID, VO, queue, LABEL, None, nFiles=MOST_FILES)
            setupper = TaskSetupper(VO, LABEL)
            setupper.initializeMods(self.tasks, self.storage)
            JobGeneratorThread(
                *(ListWithLock(found or []), ThreadPool(), self.tasks, self.storage),
                *(self.tasks.get_site_mapper(), True, setupper, PID, queue, PID, None, None, None, False),
                self.tasks.load_resource_types(),
            ).runImpl()

    def take_in(self):
        """Take in what jobs reported at their end."""
        sites = SiteMapper(self.tasks)
        found = self.tasks.listJobOutputReport(
            only_unlocked=True, time_limit=10, limit=MOST_FILES, grace_period=0
        )
        for job, state, attempt, _moment in found or []:
            if self.tasks.lockJobOutputReport(panda_id=job, attempt_nr=attempt, pid=PID, time_limit=10):
                AdderGen(
                    *(self.tasks, job, state, attempt),
                    ignore_tmp_error=False,
                    siteMapper=sites,
                    pid=PID,
                    prelock_pid=PID,
                    lock_offset=9,
                ).run()

    def wake(self):
        """Let tasks go on that wait for something."""
        self.tasks.reactivatePendingTasks_JEDI(VO, LABEL, 0, None)

    def finish(self):
        """End the tasks whose jobs are over."""
        processor = PostProcessor(None, self.tasks, self.storage, [VO], [LABEL])
        processor.initializeMods(self.tasks, self.storage)
        self.tasks.prepareTasksToBeFinished_JEDI(VO, LABEL, pid=PID)
        found = ListWithLock(self.tasks.getTasksToBeFinished_JEDI(VO, LABEL, PID))
        PostProcessorThread(found, ThreadPool(), self.tasks, self.storage, processor).runImpl()

    def make_a_pass(self):
        self.take_in()
        for agent in (self.take_commands, self.wake, self.refine, self.feed, self.generate, self.finish):
            self.execute(LET_TIME_PASS)
            agent()


def main():
    agents = Agents()
    ANSWERS.write(json.dumps(None) + "\n")
    for _line in sys.stdin:
        try:
            agents.make_a_pass()
            said = None
        except Exception:  # noqa: BLE001 - the test is told, whatever it was
            said = traceback.format_exc()
        ANSWERS.write(json.dumps(said) + "\n")
    # JEDI's threads would keep the process alive.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

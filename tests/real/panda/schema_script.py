"""Print the tables that PanDA's API needs, from the server's spec classes; runs with the server's Python.

panda-server comes without a schema. Its spec classes name the columns; types are guessed from the names,
which is enough for a test of the API and for none of truncation, partitions or speed. The few tables without
a class, and columns used beyond the classes, were read out of the statements of panda-server 1.0.4.
"""

import re

import stand_ins

stand_ins.install()

from pandaserver.taskbuffer.FileSpec import FileSpec  # noqa: E402 - after the stand-ins
from pandaserver.taskbuffer.JediDatasetSpec import JediDatasetSpec  # noqa: E402 - after the stand-ins
from pandaserver.taskbuffer.JediFileSpec import JediFileSpec  # noqa: E402 - after the stand-ins
from pandaserver.taskbuffer.JediTaskSpec import JediTaskSpec  # noqa: E402 - after the stand-ins
from pandaserver.taskbuffer.JobSpec import JobSpec  # noqa: E402 - after the stand-ins

MOMENT = re.compile(r"(time|date)$|^ttcPredictionDate$", re.IGNORECASE)
NUMBER = re.compile(
    r"id$|^n[A-Z]|count$|priority$|size$|attempt|^max|^min|errorcode$|seconds|walltime|cputime|bytes|chars|^rate"
    r"|^avg|^hs06|corecount|^gco2|intensity$|^diskio$|^goal$|progress|failurerate|^numthrottled$|^ramcount"
    r"|^relocationflag$|^ipconnectivity$|^processingcount|efficiency$|^transexitcode|leak|rescuetime|jobduration",
    re.IGNORECASE,
)
# Names that the patterns above take for something else: texts that end in "id", durations that end in "time".
TEXTS = frozenset(
    {
        "prodUserID",
        "pilotID",
        "schedulerID",
        "batchID",
        "GUID",
        "VOMSRole",
        "ticketID",
        "harvesterID",
        "nucleus",
    }
    | {"jobExecutionID_", "destinationDBlock", "maxAttemptText"}
)
NUMBERS = frozenset(
    {"cpuConsumptionTime", "cpuTime", "wallTime", "walltime", "baseWalltime", "commandToPilotTime"}
)

TABLES = {
    "DOMA_PANDA.JEDI_Tasks": JediTaskSpec.attributes,
    "DOMA_PANDA.JEDI_Datasets": JediDatasetSpec._attributes,
    "DOMA_PANDA.JEDI_Dataset_Contents": JediFileSpec._attributes,
    **{
        f"DOMA_PANDA.{name}": JobSpec._attributes for name in ("jobsDefined4", "jobsActive4", "jobsArchived4")
    },
    "DOMA_PANDAARCH.jobsArchived": JobSpec._attributes,
    "DOMA_PANDA.filesTable4": (*FileSpec._attributes, "modificationTime"),
    "DOMA_PANDAARCH.filesTable_arch": (*FileSpec._attributes, "modificationTime"),
}
SMALL = """
CREATE TABLE DOMA_DEFT.T_TASK (taskid bigint PRIMARY KEY, status text, submit_time timestamp, vo text,
    prodSourceLabel text, userName text, taskName text, jedi_task_parameters text, priority bigint,
    current_priority bigint, parent_tid bigint, start_time timestamp, timestamp timestamp);
CREATE TABLE DOMA_DEFT.PRODSYS_COMM (COMM_TASK bigint, COMM_OWNER text, COMM_CMD text, COMM_COMMENT text,
    COMM_PARAMETERS text, COMM_TS timestamp);
CREATE TABLE DOMA_PANDA.JEDI_TaskParams (jediTaskID bigint PRIMARY KEY, taskParams text);
CREATE TABLE DOMA_PANDA.JEDI_JobParams_Template (jediTaskID bigint, jobParamsTemplate text);
CREATE TABLE DOMA_PANDA.jobParamsTable (PandaID bigint, modificationTime timestamp, jobParameters text);
CREATE TABLE DOMA_PANDA.metaTable (PandaID bigint, modificationTime timestamp, metaData text);
CREATE TABLE DOMA_PANDAARCH.jobParamsTable_arch (PandaID bigint, modificationTime timestamp,
    jobParameters text);
CREATE TABLE DOMA_PANDAARCH.metaTable_arch (PandaID bigint, modificationTime timestamp, metaData text);
CREATE TABLE DOMA_PANDA.config (app text, component text, key text, value text, value_json jsonb, type text,
    vo text);
CREATE TABLE DOMA_PANDAMETA.users (ID bigint, name text, dn text, email text, location text, status text,
    jobid bigint, lastmod timestamp, firstjob timestamp, latestjob timestamp, cachetime timestamp,
    ncurrent bigint);
CREATE SEQUENCE DOMA_PANDAMETA.USERS_ID_SEQ;
CREATE INDEX ON DOMA_PANDA.jobsDefined4 (PandaID);
CREATE INDEX ON DOMA_PANDA.jobsActive4 (PandaID);
CREATE INDEX ON DOMA_PANDA.jobsArchived4 (PandaID);
CREATE SEQUENCE DOMA_DEFT.PRODSYS2_TASK_ID_SEQ;
CREATE SEQUENCE DOMA_PANDA.JEDI_DATASETS_ID_SEQ;
CREATE SEQUENCE DOMA_PANDA.JEDI_DATASET_CONT_FILEID_SEQ;
CREATE SEQUENCE DOMA_PANDA.JOBSDEFINED4_PANDAID_SEQ;
CREATE SEQUENCE DOMA_PANDA.FILESTABLE4_ROW_ID_SEQ;
"""


def type_of(column):
    if column in TEXTS:
        return "text"
    if column in NUMBERS:
        return "bigint"
    if MOMENT.search(column):
        return "timestamp"
    return "bigint" if NUMBER.search(column) else "text"


def main():
    for schema in ("DOMA_PANDA", "DOMA_PANDAARCH", "DOMA_PANDAMETA", "DOMA_DEFT"):
        print(f"CREATE SCHEMA {schema};")
    for table, columns in TABLES.items():
        print(f"CREATE TABLE {table} ({', '.join(f'{column} {type_of(column)}' for column in columns)});")
    print(SMALL)


if __name__ == "__main__":
    main()

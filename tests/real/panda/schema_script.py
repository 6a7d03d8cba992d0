"""Print the tables that PanDA needs, from the server's spec classes; runs with the server's Python.

panda-server comes without a schema. Its spec classes name the columns; types are guessed from the names,
which is enough for a test of the API and for none of truncation, partitions or speed. The few tables without
a class, and columns used beyond the classes, were read out of the statements of panda-server 1.0.4.
"""

import re

import jedi_tables
import stand_ins

stand_ins.install()

from pandaserver.taskbuffer.DatasetSpec import DatasetSpec
from pandaserver.taskbuffer.FileSpec import FileSpec
from pandaserver.taskbuffer.JediDatasetSpec import JediDatasetSpec
from pandaserver.taskbuffer.JediFileSpec import JediFileSpec
from pandaserver.taskbuffer.JediTaskSpec import JediTaskSpec
from pandaserver.taskbuffer.JobSpec import JobSpec
from pandaserver.taskbuffer.WorkerSpec import WorkerSpec

MOMENT = re.compile(r"(time|date|expiration)$|^ttc(Requested|Predicted)$", re.IGNORECASE)
NUMBER = re.compile(
    r"id$|(?-i:^n[A-Z])|count$|priority$|size$|attempt|^max|^min|errorcode$|seconds|walltime|cputime|bytes|chars|^rate"
    r"|^avg|^hs06|corecount|^gco2|intensity$|^diskio$|^goal$|progress|failurerate|^numthrottled$|^ramcount"
    r"|event$|^eventservice$|^lumiblocknr$|^keeptrack$|files$|^transferstatus$|^cpuconversion$|rchar$|wchar$"
    r"|^relocationflag$|^processingcount|efficiency$|^transexitcode|leak|rescuetime|jobduration",
    re.IGNORECASE,
)
# Texts that the pattern above takes for numbers, most of them because they end in "id".
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
    }
    | {"jobExecutionID_", "destinationDBlock", "maxAttemptText", "grid"}
)
DURATION = re.compile(r"(walltime|cputime|consumptiontime|pilottime)$", re.IGNORECASE)

TABLES = {
    "DOMA_PANDA.JEDI_Tasks": JediTaskSpec.attributes,
    "DOMA_PANDA.JEDI_Datasets": JediDatasetSpec._attributes,
    "DOMA_PANDA.JEDI_Dataset_Contents": (*JediFileSpec._attributes, "jobsetID"),
    **{
        f"DOMA_PANDA.{name}": JobSpec._attributes for name in ("jobsDefined4", "jobsActive4", "jobsArchived4")
    },
    "DOMA_PANDA.Datasets": DatasetSpec._attributes,
    "DOMA_PANDA.Harvester_Workers": WorkerSpec._attributes,
    "DOMA_PANDAARCH.jobsArchived": JobSpec._attributes,
    "DOMA_PANDA.filesTable4": (*FileSpec._attributes, "modificationTime"),
    "DOMA_PANDAARCH.filesTable_arch": (*FileSpec._attributes, "modificationTime"),
}
SMALL = """
CREATE TABLE DOMA_DEFT.T_TASK (taskid bigint PRIMARY KEY, status text, submit_time timestamp, vo text,
    prodSourceLabel text, userName text, taskName text, jedi_task_parameters text, priority bigint,
    current_priority bigint, parent_tid bigint, start_time timestamp, end_time timestamp,
    timestamp timestamp, total_req_jobs bigint, total_done_jobs bigint, total_events bigint,
    total_input_events bigint, campaign text);
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
CREATE SEQUENCE DOMA_DEFT.PRODSYS2_TASK_ID_SEQ;
CREATE SEQUENCE DOMA_PANDA.JEDI_DATASETS_ID_SEQ;
CREATE SEQUENCE DOMA_PANDA.JEDI_DATASET_CONT_FILEID_SEQ;
CREATE SEQUENCE DOMA_PANDA.JOBSDEFINED4_PANDAID_SEQ;
CREATE SEQUENCE DOMA_PANDA.FILESTABLE4_ROW_ID_SEQ;
"""


def type_of(column):
    if column in TEXTS or column.endswith("Unit"):
        return "text"
    if DURATION.search(column):
        return "bigint"
    if MOMENT.search(column):
        return "timestamp"
    return "bigint" if NUMBER.search(column) else "text"


def split(column):
    return column.partition(":")


def main():
    for schema in ("DOMA_PANDA", "DOMA_PANDAARCH", "DOMA_PANDAMETA", "DOMA_DEFT"):
        print(f"CREATE SCHEMA {schema};")
    for table, columns in TABLES.items():
        print(f"CREATE TABLE {table} ({', '.join(f'{column} {type_of(column)}' for column in columns)});")
    print(SMALL)
    for table, columns in jedi_tables.COLUMNS.items():
        typed = [(name, kind or type_of(name)) for name, _, kind in map(split, columns.split())]
        print(f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in typed)});")
    for index in jedi_tables.INDEXES:
        print(f"CREATE INDEX ON {index};")
    for sequence in jedi_tables.SEQUENCES:
        print(f"CREATE SEQUENCE {sequence};")
    for statement in jedi_tables.rows():
        print(statement)


if __name__ == "__main__":
    main()

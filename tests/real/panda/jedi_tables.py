"""The tables that JEDI and pilots need beyond the server's spec classes, and the four queues of the tests.

Columns were read out of the statements of panda-server 1.0.4. A column is a name whose type is guessed as for
the spec classes, or a name with its type after a colon.
"""

COLUMNS = {
    "DOMA_PANDA.JEDI_AUX_Status_MinTaskID": "status min_jediTaskID",
    "DOMA_PANDA.JEDI_Output_Template": (
        "outTempID jediTaskID datasetID fileNameTemplate maxSerialNr:bigint serialNr:bigint sourceName"
        " streamName outType"
    ),
    "DOMA_PANDA.JEDI_Job_Retry_History": "jediTaskID oldPandaID newPandaID originPandaID relationType",
    "DOMA_PANDA.JEDI_Process_Lock": (
        "vo prodSourceLabel cloud workqueue_id resource_type component lockedBy lockedTime"
    ),
    "DOMA_PANDA.JEDI_Work_Queue": (
        "queue_id queue_name queue_type vo queue_share:bigint queue_order:bigint criteria variables"
        " partitionID stretchable:bigint status queue_function"
    ),
    "DOMA_PANDA.Global_Shares": (
        "name value:bigint parent prodsourcelabel workinggroup campaign processingtype transpath rtype vo"
        " queue_id throttled"
    ),
    "DOMA_PANDA.Resource_Types": (
        "resource_name mincore:bigint maxcore:bigint minrampercore:bigint maxrampercore:bigint"
    ),
    "DOMA_PANDA.Tasks_StatusLog": (
        "jediTaskID modificationTime status modificationHost attemptNr:bigint reason"
    ),
    "DOMA_PANDA.Task_Attempts": "jediTaskID attemptNr:bigint startTime endTime startStatus endStatus",
    "DOMA_PANDA.Jobs_StatusLog": (
        "PandaID modificationTime jobStatus prodSourceLabel cloud computingSite modificationHost"
        " modiftime_extended:timestamptz"
    ),
    "DOMA_PANDA.Job_Output_Report": (
        "PandaID prodSourceLabel jobStatus attemptNr:bigint data timeStamp:timestamp lockedBy lockedTime"
    ),
    "DOMA_PANDA.Site": "site_name role tier_level",
    "DOMA_PANDA.Panda_Site": "panda_site_name site_name",
    "DOMA_PANDA.SchedConfig_JSON": "panda_queue data:json last_update:timestamp",
    "DOMA_PANDA.DDM_Endpoint": (
        "ddm_endpoint_name ddm_spacetoken_name is_tape blacklisted blacklisted_read blacklisted_write"
        " detailed_status space_free:bigint space_expired:bigint space_min_free:bigint"
        " space_unavailable:bigint"
    ),
    "DOMA_PANDA.Panda_DDM_Relation": (
        "panda_site_name ddm_endpoint_name is_local default_read default_write roles order_read:bigint"
        " order_write:bigint scope"
    ),
    "DOMA_PANDA.Harvester_Slots": "pandaQueueName gshare resourcetype numslots:bigint expirationTime",
    "DOMA_PANDA.JEDI_Dataset_Locality": "jediTaskID datasetID rse timestamp:timestamp",
    "DOMA_PANDA.JEDI_Events": (
        "jediTaskID datasetID PandaID fileID attemptNr:bigint status:bigint job_processID def_min_eventID"
        " def_max_eventID processed_upto_eventID event_offset:bigint is_jumbo:bigint"
    ),
    "DOMA_PANDA.SQL_Queue": "topic PandaID jediTaskID creationTime data execution_order:bigint",
    "DOMA_PANDA.Harvester_Rel_Jobs_Workers": "harvesterID workerID PandaID lastUpdate:timestamp",
    "DOMA_PANDA.Job_Metrics": "jediTaskID PandaID creationTime modificationTime data",
    "DOMA_PANDA.Task_Metrics": "jediTaskID creationTime modificationTime data",
    "DOMA_PANDA.Worker_Node": (
        "site panda_queue host_name cpu_model cpu_model_normalized n_logical_cpus n_sockets cores_per_socket"
        " threads_per_core:bigint cpu_architecture cpu_architecture_level clock_speed total_memory"
        " total_local_disk last_seen:timestamp"
    ),
    "DOMA_PANDA.CPU_Benchmarks": "site cpu_type_normalized smt_enabled:bigint ncores score_per_core",
    "DOMA_PANDA.JobsDebug": "PandaID stdOut",
    "DOMA_PANDA.Secrets": "owner data updated_at:timestamp",
    "DOMA_PANDA.RetryErrors": (
        "retryerror_id errorsource errorcode:bigint errordiag parameters architecture release workqueue_id"
        " retryaction:bigint active expiration_date"
    ),
    "DOMA_PANDA.RetryActions": "retryaction_id retry_action active",
    "DOMA_PANDA.Error_Classification": "id error_source error_code:bigint error_diag error_class active",
    "DOMA_PANDA.Carbon_Region_Emissions": "timestamp:timestamp region value:bigint",
    **dict.fromkeys(
        ("DOMA_PANDA.Jobs_Share_Stats", "DOMA_PANDA.JobsDefined_Share_Stats"),
        "gshare vo jobstatus hs:bigint njobs:bigint computingsite resource_type workqueue_id",
    ),
    "DOMA_PANDAMETA.SiteData": (
        "site flag hours:bigint getJob:bigint updateJob:bigint noJob:bigint getJobAbs:bigint"
        " updateJobAbs:bigint noJobAbs:bigint lastMod:timestamp nStart finished:bigint failed:bigint"
        " defined:bigint assigned:bigint waiting:bigint activated:bigint holding:bigint running:bigint"
        " transferring:bigint lastStart:timestamp"
    ),
}
INDEXES = (
    "DOMA_PANDA.JEDI_Tasks (jediTaskID)",
    "DOMA_PANDA.JEDI_Datasets (jediTaskID, datasetID)",
    "DOMA_PANDA.JEDI_Dataset_Contents (jediTaskID, datasetID, fileID)",
    "DOMA_PANDA.jobsDefined4 (PandaID)",
    "DOMA_PANDA.jobsActive4 (PandaID)",
    "DOMA_PANDA.jobsArchived4 (PandaID)",
    "DOMA_PANDA.filesTable4 (PandaID)",
    "DOMA_PANDA.jobParamsTable (PandaID)",
    "DOMA_PANDA.metaTable (PandaID)",
)
SEQUENCES = ("DOMA_PANDA.JEDI_OUTPUT_TEMPLATE_ID_SEQ", "DOMA_PANDA.SUBCOUNTER_SUBID_SEQ")

# JEDI finds tasks of a state only where it knows the least id among them; in production a job of the database
# keeps that table.
STATES = (
    "registered defined assigning ready pending scouting scouted running prepared done finished failed broken"
    " tobroken aborting toabort aborted finishing passed topreprocess preprocessing toretry toincexec"
    " rerefine toreassign reassigning paused throttled staging staged exhausted merging"
)
QUEUES = ("JINR_SPD", "PNPI_SPD", "SPBSU_SPD", "SSAU_SPD")


def rows():
    """Statements that fill the tables: states, one queue of work, one share, and the computing queues."""
    for state in STATES.split():
        yield f"INSERT INTO DOMA_PANDA.JEDI_AUX_Status_MinTaskID VALUES ('{state}', 1);"
    yield (
        "INSERT INTO DOMA_PANDA.JEDI_Work_Queue (queue_id, queue_name, queue_type, vo, queue_order, status)"
        " VALUES (1, 'spd', 'managed', 'spd', 1, 'active');"
    )
    yield (
        "INSERT INTO DOMA_PANDA.Global_Shares (name, value, prodsourcelabel, vo, queue_id)"
        " VALUES ('Production', 100, 'managed', 'spd', 2);"
    )
    yield "INSERT INTO DOMA_PANDA.Resource_Types VALUES ('SCORE', 1, 1, 0, NULL);"
    for queue in QUEUES:
        site = queue.removesuffix("_SPD")
        yield f"INSERT INTO DOMA_PANDA.Site VALUES ('{site}', 'testsite', '2');"
        yield f"INSERT INTO DOMA_PANDA.Panda_Site VALUES ('{queue}', '{site}');"
        yield f"""INSERT INTO DOMA_PANDA.SchedConfig_JSON VALUES ('{queue}', '{{
            "nickname": "{queue}", "cloud": "SPD", "status": "online", "type": "production", "maxrss": 8000,
            "maxtime": 345600, "corecount": 1, "corepower": 10, "catchall": "allow_no_pilot"}}');"""

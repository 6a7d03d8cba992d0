"""The data management that JEDI asks: a dataset is what the finished jobs have written into it.

It stands where JEDI's client of Rucio would, with that client's names, and says that files are at every site.
"""

MADE_FILES = """
SELECT c.lfn, c.fsize, c.guid FROM doma_panda.jedi_datasets d JOIN doma_panda.jedi_dataset_contents c
    ON c.jediTaskID = d.jediTaskID AND c.datasetID = d.datasetID
 WHERE d.type IN ('output', 'log') AND c.status = 'finished' AND d.datasetName = %s
"""
# Where there is a data management, JEDI takes the dataset of an output for a container and writes the
# files of each site into a dataset named after it and a number.
MADE_DATASETS = """
SELECT d.datasetName FROM doma_panda.jedi_datasets d JOIN doma_panda.jedi_datasets t
    ON t.jediTaskID = d.jediTaskID AND t.datasetID = d.templateID
 WHERE d.type IN ('output', 'log') AND d.nFilesFinished > 0 AND t.datasetName = %s ORDER BY d.datasetID
"""


class Storage:
    """What JEDI asks of its client of the data management, answered from PanDA's own tables."""

    def __init__(self, connection):
        self.connection = connection

    def getInterface(self, _vo, _group=None):
        return self

    def getDatasetMetaData(self, _name, ignore_missing=False):
        return {"state": "closed"}

    def expandContainer(self, name):
        return [name for (name,) in self._read(MADE_DATASETS, name)]

    def listDatasets(self, name, ignorePandaDS=True):
        return [name]

    def listDatasetReplicas(self, _name):
        return {}

    def getFilesInDataset(self, name, **_asked):
        unknown = dict.fromkeys(("checksum", "md5sum", "events", "lumiblocknr"))
        return {
            guid or lfn: {"lfn": lfn, "scope": name.partition(":")[0], "filesize": size, **unknown}
            for lfn, size, guid in self._read(MADE_FILES, name)
        }

    def getAvailableFiles(self, dataset, endpoints, *_asked, **_named):
        there = {"localdisk": list(dataset.Files), "localtape": [], "cache": [], "remote": []}
        return dict.fromkeys(endpoints, there)

    def check_endpoint(self, _name):
        return True, None

    def freezeDataset(self, _name, ignoreUnknown=False):
        return True

    def _read(self, query, name):
        with self.connection.cursor() as cursor:
            cursor.execute(query, (name,))
            return cursor.fetchall()

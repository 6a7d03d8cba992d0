"""CRIC: sites, queues, storage endpoints, services and downtimes, each read as one whole document."""

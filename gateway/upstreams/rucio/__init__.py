"""Rucio as we read it: datasets, rules, replicas, storages, use and quotas (as version 41.5.1 answers)."""

"""Inert modules in place of those that panda-server imports at its start and the API never calls.

Snakemake, iDDS, Rucio's client and polars would make the environment five times as large.
"""

import importlib.abc
import importlib.machinery
import sys
import types

ABSENT = ("snakemake", "idds", "rucio", "polars", "cwl_utils", "scipy", "fastmcp", "daemon")


class _Idle(type):
    """The type of a class whose every method does nothing."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_args, **_kwargs: None


class _Anything(types.ModuleType):
    """A module in which every name is a class that does nothing; some are caught or inherited from."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _Idle(name, (Exception,), {})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, _path=None, _target=None):
        if name.partition(".")[0] in ABSENT:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _Anything(spec.name)

    def exec_module(self, module):
        pass


def install():
    """Put the stand-ins behind everything that is really installed."""
    sys.meta_path.append(_Finder())

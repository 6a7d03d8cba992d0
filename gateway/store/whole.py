"""Sums and products of whole numbers that no value, however absurd, can make fail.

SQLite ends a statement whose sum leaves 64 bits, PostgreSQL one whose product does. What fits is exact here;
what does not is a number nobody believes, and comes out about right.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class whole_sum(GenericFunction[int]):  # noqa: N801 - a function of SQL
    """The sum of whole numbers; None of none."""

    type = BigInteger()
    inherit_cache = True


class whole_product(GenericFunction[int]):  # noqa: N801 - a function of SQL
    """The product of two whole numbers; None when one of them is."""

    type = BigInteger()
    inherit_cache = True


@compiles(whole_sum)
def _sum(element: whole_sum, compiler: SQLCompiler, **how: Any) -> str:
    return f"sum({_terms(element, compiler, how)[0]})"


@compiles(whole_sum, "sqlite")
def _sum_of_parts(element: whole_sum, compiler: SQLCompiler, **how: Any) -> str:
    # Halves cannot overflow, and unlike sum() itself the arithmetic of SQLite goes on in floating point.
    (term,) = _terms(element, compiler, how)
    return f"(sum(({term}) >> 32) * 4294967296 + sum(({term}) & 4294967295))"


@compiles(whole_product)
def _product(element: whole_product, compiler: SQLCompiler, **how: Any) -> str:
    left, right = _terms(element, compiler, how)
    return f"(CAST({left} AS NUMERIC) * {right})"


@compiles(whole_product, "sqlite")
def _bounded_product(element: whole_product, compiler: SQLCompiler, **how: Any) -> str:
    left, right = _terms(element, compiler, how)
    return f"CAST(({left}) * ({right}) AS INTEGER)"


def _terms(element: GenericFunction[int], compiler: SQLCompiler, how: dict[str, Any]) -> list[str]:
    terms: list[ColumnElement[Any]] = list(element.clauses)
    return [compiler.process(term, **how) for term in terms]

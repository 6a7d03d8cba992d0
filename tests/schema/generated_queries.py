"""Queries made up from the schema by a seed: selections, aliases, fragments, directives, variables, filters.

Each is valid; most find something, because names and ids are taken from the data.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

# Deep enough for a list in a list in a list with links; more would mostly meet the limit of cost.
MAX_DEPTH = 5


@dataclass(frozen=True)
class Known:
    """Values that the data has: texts and numbers by the name of an argument or field, and global ids."""

    values: Mapping[str, Sequence[object]]
    ids: Sequence[str]


@dataclass
class Made:
    """A query with its variables."""

    document: str
    variables: dict[str, object]


@dataclass
class Generator:
    """Makes one query."""

    schema: GraphQLSchema
    known: Known
    random: random.Random
    variables: dict[str, object] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)

    def make(self) -> Made:
        """Return a query that was not made before by this seed."""
        root = self.schema.query_type
        assert root is not None
        names = [name for name in root.fields if not name.startswith("__")]
        fields = " ".join(
            self._field(root.fields[name], name, 0, alias=f"r{place}")
            for place, name in enumerate(self.random.choices(names, k=self.random.randint(1, 2)))
        )
        head = f"query Q({', '.join(self.declared)})" if self.declared else "query Q"
        return Made("\n".join([f"{head} {{ {fields} }}", *self.fragments]), self.variables)

    def _field(self, field_: GraphQLField, name: str, depth: int, *, alias: str = "") -> str:
        text = f"{alias}: {name}" if alias else name
        given = [
            f"{argument_name}: {value}"
            for argument_name, argument in field_.args.items()
            if (value := self._argument(argument_name, argument, name)) is not None
        ]
        if given:
            text += f"({', '.join(given)})"
        text += self._directive()
        type_ = get_named_type(field_.type)
        return text if is_leaf_type(type_) else f"{text} {{ {self._selection(type_, depth + 1)} }}"

    def _selection(self, type_: object, depth: int) -> str:
        match type_:
            case GraphQLUnionType() | GraphQLInterfaceType():
                possible = list(self.schema.get_possible_types(type_))
                chosen = self.random.sample(possible, min(len(possible), 4))
                # Fields of one name may be of different types there: each type has names of its own.
                parts = [
                    f"... on {each.name} {{ {self._fields(each, depth, own=f'_{each.name}')} }}"
                    for each in chosen
                ]
                return " ".join(["__typename", *parts])
            case GraphQLObjectType():
                return self._fields(type_, depth)
        raise AssertionError(type_)

    def _fields(self, type_: GraphQLObjectType, depth: int, *, own: str = "") -> str:
        leaves = [name for name, each in type_.fields.items() if is_leaf_type(get_named_type(each.type))]
        others = [name for name in type_.fields if name not in leaves]
        is_page = "pageInfo" in type_.fields
        chosen = self.random.sample(leaves, min(len(leaves), self.random.randint(1, 6)))
        if depth < MAX_DEPTH or is_page:
            chosen += self.random.sample(
                others, min(len(others), self.random.randint(1, 3 if is_page else 2))
            )
        self.random.shuffle(chosen)
        parts = [
            self._field(
                type_.fields[name],
                name,
                depth,
                alias=f"{name}_{own}" if own or self.random.random() < 0.15 else "",
            )
            for name in chosen
        ]
        if self.random.random() < 0.2 or not parts:
            parts.append("__typename")
        plain = [name for name in leaves if not type_.fields[name].args]
        if self.random.random() < 0.15 and plain and not own:
            # The same leaf once more, in an inline fragment: the two are one field.
            parts.append(f"...{self._directive()} {{ {self.random.choice(plain)} }}")
        text = " ".join(parts)
        if self.random.random() < 0.15:
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {type_.name} {{ {text} }}")
            return f"...{name}{self._directive()}" + (" __typename" if self.random.random() < 0.5 else "")
        return text

    def _directive(self) -> str:
        if self.random.random() > 0.06:
            return ""
        name, value = self.random.choice(["skip", "include"]), self.random.random() < 0.5
        if self.random.random() < 0.5:
            return f" @{name}(if: {str(value).lower()})"
        return f" @{name}(if: ${self._variable('Boolean!', value)})"

    def _variable(self, type_: str, value: object) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = value
        self.declared.append(f"${name}: {type_}")
        return name

    def _argument(self, name: str, argument: GraphQLArgument, field_name: str) -> str | None:
        if name in {"first", "last"}:
            # Always, because of what a page costs otherwise; sometimes both, which is refused.
            if name == "first" or self.random.random() < 0.02:
                return self._text(argument, self.random.randint(0, 4))
            return None
        if not is_required_argument(argument) and self.random.random() > 0.3:
            return None
        match name:
            case "after" | "before":
                return self._text(argument, "bm9uZQ") if self.random.random() < 0.1 else None
            case "id":
                return self._text(argument, self.random.choice([*self.known.ids, "bm9uZQ"]))
            case "ids":
                return self._text(argument, self.random.sample(list(self.known.ids), 3))
            case "text":
                return self._text(argument, self.random.choice(["PROD", "SIM", "user", "x"]))
        key = f"{field_name}.{name}" if f"{field_name}.{name}" in self.known.values else name
        return self._text(argument, self._value(argument.type, key, 0))

    def _text(self, argument: GraphQLArgument, value: object) -> str:
        """Return a value as a variable or in place."""
        if self.random.random() < 0.5:
            return f"${self._variable(str(argument.type), value)}"
        return _literal(argument.type, value)

    def _value(self, type_: object, name: str, depth: int) -> object:
        match type_:
            case GraphQLNonNull():
                return self._value(type_.of_type, name, depth)
            case GraphQLList():
                return [self._value(type_.of_type, name, depth) for _ in range(self.random.randint(1, 2))]
            case GraphQLEnumType():
                return self.random.choice(list(type_.values))
            case GraphQLInputObjectType():
                names = list(type_.fields)
                if depth >= 3:
                    names = [each for each in names if not _is_input(type_.fields[each].type)] or names[:1]
                required = [each for each in names if isinstance(type_.fields[each].type, GraphQLNonNull)]
                chosen = required or self.random.sample(names, 1)
                if required and self.random.random() < 0.7:
                    chosen = [*required, *(each for each in names if each not in required)]
                here = name if _compares(type_) else ""
                return {
                    each: self._value(type_.fields[each].type, here or each, depth + 1) for each in chosen
                }
        known = self.known.values.get(name)
        match str(type_):
            case "Boolean":
                return self.random.random() < 0.5
            case "Int" | "BigInt":
                numbers = [each for each in known or () if isinstance(each, int)]
                return self.random.choice([*numbers, 0, 1, 3, 10_000])
            case "Float":
                return self.random.choice([0.0, 10.0, 27.0, 200.0])
            case "DateTime":
                return self.random.choice(["2025-01-01", "2026-03-01T12:00:00Z"])
            case _:
                texts = [each for each in known or () if isinstance(each, str)]
                return self.random.choice([*texts, *texts, "A", "SIM", "done"])


def _is_input(type_: object) -> bool:
    named = get_named_type(type_)  # type: ignore[call-overload]
    return isinstance(named, GraphQLInputObjectType) and not _compares(named)


def _compares(type_: GraphQLInputObjectType) -> bool:
    return "isNull" in type_.fields


def _literal(type_: object, value: object) -> str:
    match type_, value:
        case GraphQLNonNull(), _:
            return _literal(type_.of_type, value)
        case GraphQLList(), list():
            return f"[{', '.join(_literal(type_.of_type, each) for each in value)}]"
        case GraphQLInputObjectType(), dict():
            fields = (f"{name}: {_literal(type_.fields[name].type, each)}" for name, each in value.items())
            return f"{{{', '.join(fields)}}}"
        case GraphQLEnumType(), _:
            return str(value)
        case _, bool():
            return str(value).lower()
        case _, str():
            return f'"{value}"'
        case _:
            return str(value)

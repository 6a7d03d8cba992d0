"""How much one GraphQL document may ask for: each number with its reason, and the refusals that name them.

The numbers bound the work before and during execution; how long an execution may take is not decided here.
"""

from dataclasses import dataclass

from gateway.errors import LimitError
from gateway.schema.measures import Measure
from gateway.schema.outline import Outline


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one document; times are from one core of a shared 2-core machine, graphql-core 3.3.2."""

    # Reading text costs about 0.3 ms per KiB at worst, so this is refused or read within 5 ms. The standard
    # introspection query has 1.5 KiB, the largest page of ours about 4.
    document_bytes: int = 16 * 1024

    # Parsing costs 5 us and validation up to 8 us per token: 20 ms in the worst honest case. The
    # introspection query has 163 tokens, one request end to end about 300.
    tokens: int = 1_500

    # Comments cost as much to read as tokens but say nothing to us.
    comments: int = 200

    # The rules about variables and fragments walk the fragments once for each operation. Only files of saved
    # queries hold several operations, and rarely more than a handful.
    operations: int = 10

    # Comparing overlapping fields grows with the square of the fragments: 400 of them cost 2.8 s. A page
    # built from one fragment per component has 10 to 25.
    fragments: int = 40

    # Each is evaluated again for every object. Conditions on a page's columns need one per column.
    directives: int = 50

    # From a request down to the queues of the sites of its datasets, over connections, are 17 levels.
    depth: int = 20

    # An alias asks for the same thing once more. Side-by-side comparisons use one per column.
    aliases: int = 30

    # Root fields are independent queries; a dashboard shows about ten panels.
    root_fields: int = 20

    # Fields after all fragments are spread. The widest page of ours selects about 250; with this a bomb of
    # doubling fragments is refused without being walked.
    fields: int = 1_000

    # Equal response names in one selection set are compared pairwise; components that share a page repeat
    # `id` and `name`, each once.
    repeats: int = 30

    # One page of a connection, and one list of ids: a longer answer keeps everybody else waiting.
    page_size: int = 1_000

    # Objects that the document may return, estimated from page sizes and usual lengths of lists. Field by
    # field one costs 0.1 ms, so this is 5 s of one core; a page of 50 requests down to their datasets is
    # estimated at 10,000 to 30,000, and GitHub allows 500,000.
    cost: int = 50_000

    # Filters combine with and/or/not, two levels for each; people stop reading after five.
    value_depth: int = 16

    # An unknown field of an input object is reported together with the whole object: 600 of them cost 340 ms.
    # The largest filter has about 20.
    object_fields: int = 50

    # Values in the variables: a list of a thousand ids and everything else twice over.
    values: int = 5_000

    # Introspection is free of depth and cost because the standard query is deep and lists everything. That
    # query has no aliases, and with this few nobody can ask for everything many times.
    introspection_aliases: int = 5

    # Comparisons of overlapping fields, as graphql-core counts them, at about 1.5 us each. Twenty-five
    # components that all select the same nested fields need 5,250.
    comparisons: int = 6_000

    # Problems reported in one answer; each may print a part of the document again.
    problems: int = 20


def refuse_text(text: str, limits: Limits) -> None:
    """Raise LimitError if a document is too long to be read; nothing else of it is looked at."""
    # Every character takes at least one byte, so most long texts need not be encoded to be refused.
    size_bytes = len(text) if len(text) > limits.document_bytes else len(text.encode(errors="replace"))
    _refuse("DOCUMENT_BYTES", "the document has {found} bytes", size_bytes, limits.document_bytes)


def refuse_outline(outline: Outline, limits: Limits) -> None:
    """Raise LimitError if anything that is counted over the whole document is above its limit."""
    _refuse("OPERATIONS", "the document has {found} operations", len(outline.operations), limits.operations)
    _refuse("FRAGMENTS", "the document has {found} fragments", outline.fragment_count, limits.fragments)
    _refuse("DIRECTIVES", "the document has {found} directives", outline.directive_count, limits.directives)
    _refuse(
        "REPEATS", "one name is selected {found} times at one place", outline.most_repeats, limits.repeats
    )
    _refuse("VALUE_DEPTH", "a value is nested {found} levels deep", outline.deepest_value, limits.value_depth)
    _refuse(
        "OBJECT_FIELDS",
        "an input object has {found} fields",
        outline.most_object_fields,
        limits.object_fields,
    )


def refuse_measure(measure: Measure, limits: Limits) -> None:
    """Raise LimitError if an operation is above a limit; pure introspection has its own limit on aliases."""
    _refuse("FIELDS", "the operation selects {found} fields", measure.fields, limits.fields)
    _refuse("ROOT_FIELDS", "the operation has {found} root fields", measure.root_fields, limits.root_fields)
    if not measure.selects_data:
        aliases = limits.introspection_aliases
        _refuse("ALIASES", "the introspection has {found} aliases", measure.aliases, aliases)
        return
    _refuse("ALIASES", "the operation has {found} aliases", measure.aliases, limits.aliases)
    _refuse("DEPTH", "the operation is {found} levels deep", measure.depth, limits.depth)
    at = measure.largest_page_at
    _refuse(
        "PAGE_SIZE",
        f"the field '{at}' asks for {{found}} objects at once",
        measure.largest_page,
        limits.page_size,
    )
    _refuse("COST", "the operation may return {found} objects", measure.objects, limits.cost)


def _refuse(counted: str, sentence: str, found: int, limit: int) -> None:
    if found > limit:
        raise LimitError(
            counted, f"{sentence.format(found=found)}; the limit is {limit}", found=found, limit=limit
        )

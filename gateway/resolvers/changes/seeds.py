"""Seeds of a request that is made or edited: what was asked for, or the next free ones."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.domain.definitions import Definition
from gateway.domain.seeds import SeedRange
from gateway.resolvers.changes.change import Change
from gateway.store.seed_ledger import drop, reserve, reserve_next_for_each

TEST_REASON = "the request is a test"


async def give_seeds(
    change: Change, names: Sequence[str], definition: Definition, *, reuse_reason: str | None
) -> Mapping[str, Definition]:
    """Reserve for each request the seeds that the definition names, or as many free ones as it needs.

    Returns the definition with them, by name. Raises SeedOverlapError when some are taken and nobody said why
    they are to be used again.
    """
    reason = TEST_REASON if definition.is_test else reuse_reason
    key = definition.physics_key
    if not definition.seeds:
        ranges = await reserve_next_for_each(
            change.session,
            key,
            definition.jobs,
            request_names=names,
            at=change.now,
            exempt_reason=TEST_REASON if definition.is_test else None,
        )
        return {name: replace(definition, seeds=(seeds,)) for name, seeds in zip(names, ranges, strict=True)}
    for name in names:
        for held in definition.seeds:
            await reserve(change.session, key, held, request_name=name, at=change.now, exempt_reason=reason)
    return dict.fromkeys(names, definition)


async def move_seeds(
    change: Change,
    name: str,
    before: Definition,
    after: Definition,
    *,
    reuse_reason: str | None,
    kept_reason: str | None,
    asks_for_seeds: bool,
) -> Definition:
    """Bring the ledger to an edited definition; return it with its seeds.

    Seeds that the editor did not name stay while they fit in number and physics; where there are fewer jobs
    they are cut at the end, else the next free ones are taken. `kept_reason` is why the present ones are
    exempt; it holds for as long as they are kept.
    """
    is_same_space = before.physics_key == after.physics_key and before.is_test == after.is_test
    if not asks_for_seeds:
        wanted = _fitting(before.seeds, after.jobs) if is_same_space else ()
        after = replace(after, seeds=wanted)
        if is_same_space and wanted == before.seeds and reuse_reason is None:
            return after
        reuse_reason = reuse_reason or (kept_reason if wanted else None)
    await drop(change.session, name)
    return (await give_seeds(change, [name], after, reuse_reason=reuse_reason))[name]


def _fitting(seeds: tuple[SeedRange, ...], jobs: int) -> tuple[SeedRange, ...]:
    """The seeds if they are as many as the jobs, the first of a single longer range, else none."""
    if sum(held.count for held in seeds) == jobs:
        return seeds
    if len(seeds) == 1 and seeds[0].count > jobs:
        return (SeedRange(seeds[0].first, seeds[0].first + jobs - 1),)
    return ()

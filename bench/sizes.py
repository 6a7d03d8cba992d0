"""How many bytes a row of each table takes, measured: `python -m bench.sizes --scale 100`.

On PostgreSQL, of a database that was filled and vacuumed: with its indexes, and the part of them.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from sqlalchemy import text

from bench.worlds import worlds
from gateway.store.database import Database

# Tables with fewer rows say nothing about a row: a page has 8 KiB whatever is in it.
FEWEST_ROWS = 200
SIZES = """
SELECT c.relname, c.reltuples::bigint, pg_total_relation_size(c.oid), pg_indexes_size(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.reltuples >= :fewest ORDER BY 3 DESC
"""


async def sizes(url: str) -> None:
    """Print the sizes of a database."""
    database = Database(url)
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))
        found = await connection.execute(text(SIZES), {"fewest": FEWEST_ROWS})
        print(f"{'table':<24}{'rows':>10}{'bytes a row':>13}{'of indexes':>12}")
        for name, rows, whole, indexes in found:
            print(f"{name:<24}{rows:>10,}{whole / rows:>13,.0f}{indexes / rows:>12,.0f}")
        whole = (await connection.execute(text("SELECT pg_database_size(current_database())"))).scalar_one()
    await database.close()
    print(f"the whole database: {whole / 1024**2:,.0f} MiB")


def main() -> None:
    """Build a world, and measure it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=100, help="how many times the talk's productions")
    scale = parser.parse_args().scale
    with tempfile.TemporaryDirectory() as folder, worlds(["postgresql"], [scale], Path(folder)) as built:
        for world in built:
            print(f"the talk's productions times {scale}, built in {world.build_s:.0f} s")
            asyncio.run(sizes(world.url))


if __name__ == "__main__":
    main()

# Each driver connects without a password, asks who it is and adds up a few numbers with a parameter.
import asyncio
import os

import asyncpg
import pg8000
import psycopg2

address = dict(host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user="whoever", database="shop")


def by_cursor(driver):
    connection = driver.connect(**address)
    cursor = connection.cursor()
    cursor.execute("SELECT current_user::text, sum(n)::int FROM generate_series(1, %s) n", (100,))
    print(driver.__name__, driver.__version__.split()[0], *cursor.fetchone())
    connection.close()


async def by_asyncpg():
    connection = await asyncpg.connect(**address)
    row = await connection.fetchrow("SELECT current_user::text, sum(n)::int FROM generate_series(1, $1::int) n", 100)
    print("asyncpg", asyncpg.__version__, *row)
    await connection.close()


by_cursor(psycopg2)
asyncio.run(by_asyncpg())
by_cursor(pg8000)

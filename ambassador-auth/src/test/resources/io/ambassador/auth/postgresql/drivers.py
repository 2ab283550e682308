# Each driver connects without a password, asks who it is and adds up a few numbers with a parameter.
import asyncio
import os

import asyncpg
import pg8000
import psycopg2

address = dict(host=os.environ["PGHOST"], port=int(os.environ["PGPORT"]), user="whoever", database="shop")


def by_cursor(name, connection, style):
    cursor = connection.cursor()
    cursor.execute("SELECT current_user::text, sum(n)::int FROM generate_series(1, %s) n" % style, (100,))
    print(name, *cursor.fetchone())
    connection.close()


async def by_asyncpg():
    connection = await asyncpg.connect(**address)
    row = await connection.fetchrow("SELECT current_user::text, sum(n)::int FROM generate_series(1, $1::int) n", 100)
    print("asyncpg", *row)
    await connection.close()


by_cursor("psycopg2", psycopg2.connect(**address), "%s")
asyncio.run(by_asyncpg())
by_cursor("pg8000", pg8000.connect(**address), "%s")

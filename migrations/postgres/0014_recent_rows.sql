-- SQLite alone has a table to change: Postgres logs the rows of a batch, not the pages that they are on.
SELECT 1;

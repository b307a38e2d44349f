-- Postgres alone has an index to change: here the table is its own.
SELECT 1;

-- Of SQLite alone; the versions of both databases are numbered alike.
SELECT 1;

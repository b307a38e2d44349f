//! Postgres and SQLite homes of the trees, search keys and issuances

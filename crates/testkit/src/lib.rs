//! Test fixtures: Postgres, test keys

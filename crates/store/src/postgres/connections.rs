//! How statements reach Postgres: on connections that keep what they prepared, or through a pooler that gives
//! connections out per transaction. There the next statement may reach another server process: every statement
//! is part of a transaction, and none has a name that would outlive it.

use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use sqlx::error::BoxDynError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgQueryResult, PgRow, PgStatement,
    PgTypeInfo,
};
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Execute, Executor, Postgres, Row as _, SqlStr, Transaction,
};

use crate::{Options, Timeouts};

type Step = Either<PgQueryResult, PgRow>;

/// A pool of connections. A single statement can be executed on it directly.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    pool: PgPool,
    transaction_pooler: bool,
}

impl Connections {
    /// Connects at once.
    pub(super) async fn open(connect: PgConnectOptions, options: &Options) -> Result<Self, sqlx::Error> {
        let pool = pool(options, None).connect_with(connect).await?;
        Ok(Self { pool, transaction_pooler: options.transaction_pooler })
    }

    /// Connects when it is asked first, to a copy of the database whose first tree has this id and to no other.
    pub(super) fn replica(connect: PgConnectOptions, options: &Options, first_tree: Option<i64>) -> Self {
        let pool = pool(options, first_tree).connect_lazy_with(connect);
        Self { pool, transaction_pooler: options.transaction_pooler }
    }

    /// A connection for several reads.
    pub(crate) async fn acquire(&self) -> Result<Box<Connection>, sqlx::Error> {
        if self.transaction_pooler {
            return self.begin().await;
        }
        Ok(Box::new(Connection { held: Held::Plain(self.pool.acquire().await?), names_statements: true }))
    }

    /// A transaction; rolled back unless it is committed.
    pub(crate) async fn begin(&self) -> Result<Box<Connection>, sqlx::Error> {
        let held = Held::Transaction(self.pool.begin().await?);
        Ok(Box::new(Connection { held, names_statements: !self.transaction_pooler }))
    }

    /// Outside of any transaction, unprepared.
    pub(super) async fn command(&self, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(statement).execute(&self.pool).await.map(drop)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn all_in_a_transaction<'q, E: Execute<'q, Postgres> + 'q>(
        &self,
        query: E,
    ) -> Result<Vec<Step>, sqlx::Error> {
        let mut transaction = self.begin().await?;
        let steps = (&mut *transaction).fetch_many(query).try_collect().await?;
        transaction.commit().await?;
        Ok(steps)
    }
}

/// What is set on a connection stays on it, which a transaction pooler gives to others.
fn pool(options: &Options, first_tree: Option<i64>) -> PgPoolOptions {
    let settings = (!options.transaction_pooler).then(|| settings(&options.timeouts));
    PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move {
                if let Some(settings) = settings {
                    connection.execute(AssertSqlSafe(settings)).await?;
                }
                match first_tree {
                    Some(tree_id) => is_copy(connection, tree_id).await,
                    None => Ok(()),
                }
            })
        })
}

/// Connects once, to see whether it is a copy of the database with that first tree.
pub(super) async fn look(connect: &PgConnectOptions, first_tree: Option<i64>) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect_with(connect).await?;
    match first_tree {
        Some(tree_id) => is_copy(&mut connection, tree_id).await?,
        None => connection.ping().await?,
    }
    connection.close().await
}

/// Tree ids are random, so that two databases do not have the same.
async fn is_copy(connection: &mut PgConnection, tree_id: i64) -> Result<(), sqlx::Error> {
    let first = connection.fetch_optional("SELECT tree_id FROM trees ORDER BY tree LIMIT 1").await?;
    let found = first.map(|row| row.try_get::<i64, _>(0)).transpose()?;
    if found.is_some_and(|found| found != tree_id) {
        return Err(sqlx::Error::Configuration("it is a copy of another database".into()));
    }
    Ok(())
}

/// 0 is Postgres' word for none.
fn settings(timeouts: &Timeouts) -> String {
    let millis = |timeout: Option<Duration>| timeout.unwrap_or_default().as_millis();
    format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
        millis(timeouts.statement),
        millis(timeouts.lock),
        millis(timeouts.idle_in_transaction),
    )
}

/// Runs migrations on a connection of their own, without the time limits of requests.
pub(super) async fn migrate(connect: PgConnectOptions, migrator: Migrator) -> Result<(), MigrateError> {
    let pool = PgPoolOptions::new().max_connections(1).after_connect(|connection, _| {
        Box::pin(async move { connection.execute("SET lock_timeout = '2s'").await.map(drop) })
    });
    let pool = pool.connect_with(connect).await?;
    let migrated = migrator.run(&pool).await;
    pool.close().await;
    migrated
}

/// A connection that is ours for now.
#[derive(Debug)]
pub(crate) struct Connection {
    held: Held,
    names_statements: bool,
}

#[derive(Debug)]
enum Held {
    Plain(PoolConnection<Postgres>),
    Transaction(Transaction<'static, Postgres>),
}

impl Connection {
    /// Ends the transaction.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        match self.held {
            Held::Plain(_) => Ok(()),
            Held::Transaction(transaction) => transaction.commit().await,
        }
    }

    fn inner(&mut self) -> &mut PgConnection {
        match &mut self.held {
            Held::Plain(connection) => connection,
            Held::Transaction(transaction) => transaction,
        }
    }
}

/// A query whose statement has no name.
struct Unnamed<E>(E);

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Unnamed<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.0.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.names_statements {
            self.inner().fetch_many(query)
        } else {
            self.inner().fetch_many(Unnamed(query))
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if self.names_statements {
            self.inner().fetch_optional(query)
        } else {
            self.inner().fetch_optional(Unnamed(query))
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.inner().prepare_with(sql, parameters)
    }
}

impl<'c> Executor<'c> for &'c Connections {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if !self.transaction_pooler {
            return self.pool.fetch_many(query);
        }
        let steps = self.all_in_a_transaction(query);
        stream::once(steps).map_ok(|steps| stream::iter(steps).map(Ok)).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        if !self.transaction_pooler {
            return self.pool.fetch_optional(query);
        }
        let steps = self.all_in_a_transaction(query);
        steps.map(|steps| Ok(steps?.into_iter().find_map(Either::right))).boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, sqlx::Error>>
    where
        'c: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;

    #[tokio::test]
    async fn who_hangs_within_a_transaction_loses_it() {
        let server = sigstead_testkit::Postgres::start();
        let connect = PgConnectOptions::from_str(&server.new_database()).unwrap();
        let timeouts = Timeouts {
            idle_in_transaction: Some(Duration::from_millis(200)),
            statement: Some(Duration::from_millis(300)),
            lock: None,
        };
        let connections =
            Connections::open(connect, &Options { timeouts, ..Options::default() }).await.unwrap();
        let mut hanging = connections.begin().await.unwrap();
        (&mut *hanging).execute("CREATE TABLE t (n int)").await.unwrap();
        tokio::time::sleep(Duration::from_millis(600)).await;
        assert!((&mut *hanging).execute("SELECT 1").await.is_err());
        assert!((&connections).execute("SELECT * FROM t").await.is_err(), "it was rolled back");
        let slow = (&connections).execute("SELECT pg_sleep(20)").await.unwrap_err();
        assert_eq!(slow.as_database_error().unwrap().code().unwrap(), "57014");
    }
}

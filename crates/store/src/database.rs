use std::collections::BTreeSet;
use std::ops::Range;

use bytes::Bytes;
use sigstead_merkle::{Hash, TileCoord};

use crate::postgres::Postgres;
use crate::replica::Replica;
use crate::search::Posting;
use crate::sqlite::Sqlite;
use crate::tree_store::{Bundle, Edge, StoredEntry, TreeStore};
use crate::{
    Batch, Committed, Head, ImportedShard, Intent, Issuance, IssuanceCounts, IssuanceQuery, NewTree, Options,
    RecordedIssuance, Schema, SearchKey, SearchTerm, StoreError, TermPattern, Tree, TreeKey, TreeKind,
    WitnessedHead,
};

/// One of the two engines. Clones share its connections.
#[derive(Debug, Clone)]
pub enum Database {
    /// Any number of servers.
    Postgres(Postgres),
    /// One process, one file.
    Sqlite(Sqlite),
}

/// Calls the same method on whichever engine it is.
macro_rules! either {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match $self {
            Self::Postgres(postgres) => postgres.$method($($argument),*).await,
            Self::Sqlite(sqlite) => sqlite.$method($($argument),*).await,
        }
    };
}

impl Database {
    /// Connects to `postgres://…`, or opens `sqlite:PATH`, making the file (0600) if it is not there.
    ///
    /// # Errors
    /// When the URL is neither, or the database cannot be reached.
    pub async fn open(url: &str, options: &Options) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Postgres::open(url, options).await.map(Self::Postgres);
        }
        match url.strip_prefix("sqlite:") {
            Some(path) => Sqlite::open(path, options).await.map(Self::Sqlite),
            None => Err(StoreError::Unavailable(sqlx::Error::Configuration(
                "the database must be postgres://… or sqlite:PATH".into(),
            ))),
        }
    }

    /// Searches, and reads what never changes, from a copy of the Postgres database that may be a little behind;
    /// what that does not have, it asks the database for.
    ///
    /// # Errors
    /// When the copy is another database's, or this is no Postgres.
    pub async fn with_replica(self, url: &str, options: &Options) -> Result<Self, StoreError> {
        match self {
            Self::Postgres(postgres) => postgres.with_replica(url, options).await.map(Self::Postgres),
            Self::Sqlite(_) => {
                Err(StoreError::Unavailable(sqlx::Error::Configuration("only Postgres has replicas".into())))
            }
        }
    }

    pub(crate) fn replica(&self) -> Option<&Replica> {
        match self {
            Self::Postgres(postgres) => postgres.replica(),
            Self::Sqlite(_) => None,
        }
    }

    /// Which version of the schema the database has, and what it lacks.
    ///
    /// # Errors
    /// When the database fails, or what it has is not what this program knows under that version.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        either!(self.schema())
    }

    /// Brings the schema up to date; servers that start at the same time wait for each other.
    ///
    /// # Errors
    /// When a migration fails, or the database is newer than this program.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        either!(self.migrate())
    }

    /// Writes a copy of a SQLite database into a new file, while servers go on; false for Postgres, which has its own tools.
    ///
    /// # Errors
    /// When the file is there already, or cannot be written.
    pub async fn copy_to(&self, path: &str) -> Result<bool, StoreError> {
        match self {
            Self::Postgres(_) => Ok(false),
            Self::Sqlite(sqlite) => sqlite.copy_to(path).await.map(|()| true),
        }
    }

    /// The active tree of a kind; made from `new` if there is none. Of several servers that try at once, one makes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_active_tree(&self, new: &NewTree) -> Result<Tree, StoreError> {
        either!(self.open_active_tree(new))
    }

    /// Every tree of a kind, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn trees(&self, kind: TreeKind) -> Result<Vec<Tree>, StoreError> {
        either!(self.trees(kind))
    }

    /// Stops a tree from taking entries, for good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn freeze(&self, tree: TreeKey) -> Result<(), StoreError> {
        either!(self.freeze(tree))
    }

    /// Freezes the active tree of a kind and makes `new` the active one, in one transaction: servers that
    /// find theirs frozen find the next.
    ///
    /// # Errors
    /// When the database fails, or another server rotates at this moment.
    pub async fn rotate(&self, new: &NewTree) -> Result<(), StoreError> {
        either!(self.rotate(new))
    }

    /// Makes an import, which is complete at `size`, a frozen shard; false if it is not of that size, or the log
    /// takes entries of its own already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_import(
        &self,
        tree: TreeKey,
        size: u64,
        shard: &ImportedShard,
    ) -> Result<bool, StoreError> {
        either!(self.finish_import(tree, size, shard))
    }

    /// What is kept of an imported shard; `None` for others.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn imported_shard(&self, tree: TreeKey) -> Result<Option<ImportedShard>, StoreError> {
        either!(self.imported_shard(tree))
    }

    /// What this witness has seen of a log.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn witnessed(&self, origin: &str) -> Result<Option<WitnessedHead>, StoreError> {
        either!(self.witnessed(origin))
    }

    /// Moves on from what this witness has seen; false if another server moved meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn witness(
        &self,
        origin: &str,
        seen: Option<&WitnessedHead>,
        now: &WitnessedHead,
    ) -> Result<bool, StoreError> {
        either!(self.witness(origin, seen, now))
    }

    /// The stored texts of a field that match, in their order, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search_terms(
        &self,
        field: i16,
        pattern: TermPattern<'_>,
        limit: u32,
    ) -> Result<Vec<SearchTerm>, StoreError> {
        if let Some(replica) = self.replica()
            && let Some(found) = replica.answer(replica.postgres.search_terms(field, pattern, limit).await)
        {
            return Ok(found);
        }
        either!(self.search_terms(field, pattern, limit))
    }

    pub(crate) async fn postings(
        &self,
        tree: TreeKey,
        keys: &BTreeSet<SearchKey>,
        window: &Range<u64>,
    ) -> Result<Vec<Posting>, StoreError> {
        either!(self.postings(tree, keys, window))
    }

    /// An attestation by its key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attestation(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        if let Some(replica) = self.replica()
            && let Some(Some(found)) = replica.answer(replica.postgres.attestation(key).await)
        {
            return Ok(Some(found));
        }
        either!(self.attestation(key))
    }

    /// Keeps certificates that CT entries refer to; those that are there already stay.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_ct_issuers(&self, issuers: &[(Hash, Bytes)]) -> Result<(), StoreError> {
        either!(self.put_ct_issuers(issuers))
    }

    /// A certificate that CT entries refer to, by the SHA-256 of its DER.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ct_issuer(&self, fingerprint: &Hash) -> Result<Option<Bytes>, StoreError> {
        either!(self.ct_issuer(fingerprint))
    }

    /// Adds to the CA's audit trail, all of it in one transaction.
    ///
    /// # Errors
    /// When the database fails; then nothing of an intent may be signed, and no certificate of an
    /// issuance may leave.
    pub async fn record_issuances(
        &self,
        intents: &[&Intent],
        issuances: &[&Issuance],
    ) -> Result<(), StoreError> {
        either!(self.record_issuances(intents, issuances))
    }

    /// Lines of the CA's audit trail, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn issuances(
        &self,
        query: &IssuanceQuery,
        limit: u32,
    ) -> Result<Vec<RecordedIssuance>, StoreError> {
        either!(self.issuances(query, limit))
    }

    /// How many certificates were to be issued, and what became of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn issuance_counts(&self) -> Result<IssuanceCounts, StoreError> {
        either!(self.issuance_counts())
    }

    /// The first entry of a tree that a sink was not told of yet. A sink that is new begins at `size`, the end;
    /// one that knows other trees begins at the start of this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn event_cursor(&self, tree: TreeKey, sink: &str, size: u64) -> Result<u64, StoreError> {
        either!(self.event_cursor(tree, sink, size))
    }

    /// Moves a cursor; false if another server moved it meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn advance_event_cursor(
        &self,
        tree: TreeKey,
        sink: &str,
        step: (u64, u64),
    ) -> Result<bool, StoreError> {
        either!(self.advance_event_cursor(tree, sink, step))
    }

    /// Answers a trivial query, for readiness checks.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        either!(self.ping())
    }

    /// Ends the connections, after the work that is under way on them; there is none after.
    pub async fn close(&self) {
        either!(self.close());
    }
}

impl TreeStore for Database {
    async fn append(&self, tree: TreeKey, batch: &Batch) -> Result<Committed, StoreError> {
        either!(self.append(tree, batch))
    }

    async fn head(&self, tree: TreeKey) -> Result<Head, StoreError> {
        either!(self.head(tree))
    }

    async fn edge(&self, tree: TreeKey) -> Result<Edge, StoreError> {
        either!(self.edge(tree))
    }

    async fn tile(&self, tree: TreeKey, at: TileCoord) -> Result<Option<Bytes>, StoreError> {
        either!(self.tile(tree, at))
    }

    async fn tile_roots(
        &self,
        tree: TreeKey,
        level: u8,
        from: u64,
        count: u64,
    ) -> Result<Vec<Hash>, StoreError> {
        either!(self.tile_roots(tree, level, from, count))
    }

    async fn entries(&self, tree: TreeKey, from: u64, count: u64) -> Result<Vec<StoredEntry>, StoreError> {
        if let Some(replica) = self.replica()
            && let Some(found) = replica.answer(replica.postgres.entries(tree, from, count).await)
            && found.len() as u64 == count
        {
            return Ok(found);
        }
        either!(self.entries(tree, from, count))
    }

    async fn bundle(&self, tree: TreeKey, n: u64) -> Result<Option<Bundle>, StoreError> {
        if let Some(replica) = self.replica()
            && let Some(Some(found)) = replica.answer(replica.postgres.bundle(tree, n).await)
        {
            return Ok(Some(found));
        }
        either!(self.bundle(tree, n))
    }

    async fn seal(&self, tree: TreeKey) -> Result<u64, StoreError> {
        either!(self.seal(tree))
    }

    async fn keep_checkpoint(&self, tree: TreeKey, size: u64, note: &str) -> Result<(), StoreError> {
        either!(self.keep_checkpoint(tree, size, note))
    }

    async fn kept_checkpoint(&self, tree: TreeKey, size: u64) -> Result<Option<String>, StoreError> {
        either!(self.kept_checkpoint(tree, size))
    }

    async fn remember_key(&self, tree: TreeKey, fingerprint: &Hash) -> Result<Hash, StoreError> {
        either!(self.remember_key(tree, fingerprint))
    }

    async fn find_leaf(&self, tree: TreeKey, hash: &Hash) -> Result<Option<u64>, StoreError> {
        if let Some(replica) = self.replica()
            && let Some(Some(found)) = replica.answer(replica.postgres.find_leaf(tree, hash).await)
        {
            return Ok(Some(found));
        }
        either!(self.find_leaf(tree, hash))
    }
}

//! What both engines read with the same SQL. Appending is each engine's own.

use bytes::Bytes;

use crate::StoreError;
use crate::codec::decode_sizes;
use crate::tree_store::{BUNDLE_WIDTH, StoredEntry};

/// How often a reader looks again when another server sealed what it was about to read.
pub(crate) const LOOKS: usize = 10;

/// A row of `leaf_batches`, as read.
pub(crate) struct StoredBatch {
    pub(crate) first_index: u64,
    pub(crate) entries: Vec<StoredEntry>,
}

impl StoredBatch {
    pub(crate) fn new(
        first_index: u64,
        timestamp_ms: u64,
        sizes: &[u8],
        records: Vec<u8>,
    ) -> Result<Self, StoreError> {
        let sizes = decode_sizes(sizes)?;
        let timestamps = vec![timestamp_ms; sizes.len()];
        Ok(Self { first_index, entries: cut(records.into(), &sizes, &timestamps)? })
    }
}

/// Cuts concatenated records apart; the pieces share the memory.
pub(crate) fn cut(
    mut records: Bytes,
    sizes: &[usize],
    timestamps: &[u64],
) -> Result<Vec<StoredEntry>, StoreError> {
    let total = sizes.iter().try_fold(0usize, |total, size| total.checked_add(*size));
    if total != Some(records.len()) || sizes.len() != timestamps.len() {
        return Err(StoreError::corrupt("records that do not add up"));
    }
    let pieces = sizes.iter().zip(timestamps);
    Ok(pieces
        .map(|(size, timestamp_ms)| StoredEntry {
            record: records.split_to(*size),
            timestamp_ms: *timestamp_ms,
        })
        .collect())
}

/// The entries of `batches` that lie in `[from, to)`, without gaps from `from` on.
pub(crate) fn select(batches: Vec<StoredBatch>, from: u64, to: u64) -> Vec<StoredEntry> {
    let mut next = from;
    let numbered = batches.into_iter().flat_map(|batch| (batch.first_index..).zip(batch.entries));
    numbered
        .filter(|(index, _)| {
            let wanted = *index == next && *index < to;
            next += u64::from(wanted);
            wanted
        })
        .map(|(_, entry)| entry)
        .collect()
}

/// The bundle that holds an index, and where in it.
pub(crate) const fn bundle_of(index: u64) -> (u64, u64) {
    (index / BUNDLE_WIDTH, index % BUNDLE_WIDTH)
}

/// Queries over one connection, for the engine named by its connection type.
macro_rules! reads {
    ($connection:ty) => {
        use std::ops::Range;

        use bytes::Bytes;
        use sigstead_merkle::{Hash, TILE_WIDTH, TileCoord};
        use sqlx::Row as _;

        use crate::batch::Assigned;
        use crate::codec::{decode_frontier, decode_hash, decode_hashes, prefix, signed, unsigned};
        use crate::plan::offset_in_tile;
        use crate::bundle_codec::Sealed;
        use crate::reads::{LOOKS, StoredBatch, bundle_of, select};
        use crate::tree::Head;
        use crate::tree_store::{BUNDLE_WIDTH, Bundle, Edge, StoredEntry};
        use crate::{StoreError, TreeKey};

        pub(super) async fn head(connection: &mut $connection, tree: TreeKey) -> Result<Head, StoreError> {
            let row = sqlx::query("SELECT size, frontier, last_timestamp_ms FROM trees WHERE tree = $1")
                .bind(tree.0)
                .fetch_optional(connection)
                .await?
                .ok_or(StoreError::UnknownTree)?;
            let frontier: Vec<u8> = row.try_get(1)?;
            Ok(Head {
                frontier: decode_frontier(row.try_get(0)?, &frontier)?,
                last_timestamp_ms: unsigned(row.try_get(2)?)?,
            })
        }

        pub(super) async fn edge(connection: &mut $connection, tree: TreeKey) -> Result<Edge, StoreError> {
            for _ in 0..LOOKS {
                let head = head(&mut *connection, tree).await?;
                if let Some(leaf_hashes) = edge_hashes(&mut *connection, tree, head.size()).await? {
                    return Ok(Edge { head, leaf_hashes });
                }
            }
            Err(StoreError::corrupt("the leaf hashes of the tree's edge are missing"))
        }

        /// The leaf hashes past the last full tile of a tree with `size` leaves; `None` if they were
        /// sealed away meanwhile.
        pub(super) async fn edge_hashes(
            connection: &mut $connection,
            tree: TreeKey,
            size: u64,
        ) -> Result<Option<Vec<Hash>>, StoreError> {
            let begin = size - size % TILE_WIDTH;
            let hashes: Vec<Hash> = numbered_hashes(connection, tree, begin, size).await?.into_iter().map(|(_, hash)| hash).collect();
            Ok((hashes.len() as u64 == size - begin).then_some(hashes))
        }

        /// The leaf hashes with indexes in `[from, to)` that are not sealed, in order.
        async fn numbered_hashes(
            connection: &mut $connection,
            tree: TreeKey,
            from: u64,
            to: u64,
        ) -> Result<Vec<(u64, Hash)>, StoreError> {
            let rows = sqlx::query(
                "SELECT first_index, leaf_hashes FROM leaf_batches \
                 WHERE tree = $1 AND first_index < $3 AND first_index >= COALESCE( \
                   (SELECT MAX(first_index) FROM leaf_batches WHERE tree = $1 AND first_index <= $2), 0) \
                 ORDER BY first_index",
            )
            .bind(tree.0)
            .bind(signed(from))
            .bind(signed(to))
            .fetch_all(connection)
            .await?;
            let mut numbered = Vec::new();
            for row in rows {
                let hashes: Vec<u8> = row.try_get(1)?;
                numbered.extend((unsigned(row.try_get(0)?)?..).zip(decode_hashes(&hashes)?));
            }
            numbered.retain(|(index, _)| (from..to).contains(index));
            Ok(numbered)
        }

        /// The batches that overlap `[from, to)`, in order.
        pub(super) async fn batches(
            connection: &mut $connection,
            tree: TreeKey,
            from: u64,
            to: u64,
        ) -> Result<Vec<StoredBatch>, StoreError> {
            let rows = sqlx::query(
                "SELECT first_index, timestamp_ms, sizes, records FROM leaf_batches \
                 WHERE tree = $1 AND first_index < $3 AND first_index >= COALESCE( \
                   (SELECT MAX(first_index) FROM leaf_batches WHERE tree = $1 AND first_index <= $2), 0) \
                 ORDER BY first_index",
            )
            .bind(tree.0)
            .bind(signed(from))
            .bind(signed(to))
            .fetch_all(connection)
            .await?;
            rows.iter()
                .map(|row| {
                    let sizes: Vec<u8> = row.try_get(2)?;
                    StoredBatch::new(unsigned(row.try_get(0)?)?, unsigned(row.try_get(1)?)?, &sizes, row.try_get(3)?)
                })
                .collect()
        }

        pub(super) async fn tile(
            connection: &mut $connection,
            tree: TreeKey,
            at: TileCoord,
        ) -> Result<Option<Bytes>, StoreError> {
            let row = sqlx::query("SELECT data FROM hash_tiles WHERE tree = $1 AND level = $2 AND n = $3")
                .bind(tree.0)
                .bind(i32::from(at.level))
                .bind(signed(at.n))
                .fetch_optional(connection)
                .await?;
            Ok(row.map(|row| row.try_get::<Vec<u8>, _>(0)).transpose()?.map(Bytes::from))
        }

        pub(super) async fn tile_roots(
            connection: &mut $connection,
            tree: TreeKey,
            level: i32,
            from: u64,
            to: u64,
        ) -> Result<Vec<Hash>, StoreError> {
            let rows = sqlx::query(
                "SELECT root FROM hash_tiles WHERE tree = $1 AND level = $2 AND n >= $3 AND n < $4 ORDER BY n",
            )
            .bind(tree.0)
            .bind(level)
            .bind(signed(from))
            .bind(signed(to))
            .fetch_all(connection)
            .await?;
            rows.iter().map(|row| decode_hash(&row.try_get::<Vec<u8>, _>(0)?)).collect()
        }

        pub(super) async fn bundle(
            connection: &mut $connection,
            tree: TreeKey,
            n: u64,
        ) -> Result<Option<Bundle>, StoreError> {
            let row = sqlx::query("SELECT data FROM entry_bundles WHERE tree = $1 AND n = $2")
                .bind(tree.0)
                .bind(signed(n))
                .fetch_optional(connection)
                .await?;
            Ok(row.map(|row| row.try_get::<Vec<u8>, _>(0)).transpose()?.map(|gzip| Bundle { gzip: gzip.into() }))
        }

        /// Some entries of a sealed bundle, by their positions in it, and those beside them in its parts.
        async fn sealed_entries(
            connection: &mut $connection,
            tree: TreeKey,
            n: u64,
            wanted: &Range<usize>,
        ) -> Result<Option<(usize, Vec<StoredEntry>)>, StoreError> {
            let row = sqlx::query("SELECT sizes, timestamps, parts FROM entry_bundles WHERE tree = $1 AND n = $2")
                .bind(tree.0)
                .bind(signed(n))
                .fetch_optional(&mut *connection)
                .await?;
            let Some(row) = row else { return Ok(None) };
            let (sizes, timestamps, parts): (Vec<u8>, Vec<u8>, Vec<u8>) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            let sealed = Sealed::new(&sizes, &timestamps, &parts)?;
            let stretch = sealed.stretch(wanted);
            // SQL counts from 1.
            let (begin, length) = stretch.bytes.as_ref().map_or((1, i32::MAX), |bytes| {
                let number = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
                (number(bytes.start + 1), number(bytes.len()))
            });
            let row = sqlx::query("SELECT substr(data, $3, $4) FROM entry_bundles WHERE tree = $1 AND n = $2")
                .bind(tree.0)
                .bind(signed(n))
                .bind(begin)
                .bind(length)
                .fetch_one(connection)
                .await?;
            let packed: Vec<u8> = row.try_get(0)?;
            Ok(Some((stretch.entries.start, sealed.unpack(&stretch, &packed)?)))
        }

        pub(super) async fn entries(
            connection: &mut $connection,
            tree: TreeKey,
            from: u64,
            count: u64,
        ) -> Result<Vec<StoredEntry>, StoreError> {
            let to = from.saturating_add(count).min(head(&mut *connection, tree).await?.size());
            let mut found = Vec::new();
            let mut next = from;
            let mut looks = 0;
            while next < to {
                let (n, within) = bundle_of(next);
                let end = to.min((n + 1) * BUNDLE_WIDTH);
                let (begin, length) = (within as usize, (end - next) as usize);
                let more = match sealed_entries(&mut *connection, tree, n, &(begin..begin + length)).await? {
                    Some((first, entries)) => entries.into_iter().skip(begin - first).take(length).collect(),
                    None => select(batches(&mut *connection, tree, next, end).await?, next, end),
                };
                // Sealed between the two looks: look again.
                looks = if more.is_empty() { looks + 1 } else { 0 };
                if looks > LOOKS {
                    return Err(StoreError::corrupt(format!("entry {next} is missing")));
                }
                next += more.len() as u64;
                found.extend(more);
            }
            Ok(found)
        }

        pub(super) async fn find_leaf(
            connection: &mut $connection,
            tree: TreeKey,
            hash: &Hash,
        ) -> Result<Option<u64>, StoreError> {
            let rows = sqlx::query("SELECT idx FROM leaf_lookup WHERE prefix = $1 AND tree = $2 ORDER BY idx")
                .bind(prefix(hash))
                .bind(tree.0)
                .fetch_all(&mut *connection)
                .await?;
            for row in rows {
                let index = unsigned(row.try_get(0)?)?;
                if leaf_hash_at(&mut *connection, tree, index).await? == Some(*hash) {
                    return Ok(Some(index));
                }
            }
            Ok(None)
        }

        pub(super) async fn leaf_hash_at(
            connection: &mut $connection,
            tree: TreeKey,
            index: u64,
        ) -> Result<Option<Hash>, StoreError> {
            for _ in 0..LOOKS {
                let in_tile = sqlx::query(
                    "SELECT substr(data, $3, 32) FROM hash_tiles WHERE tree = $1 AND level = 0 AND n = $2",
                )
                .bind(tree.0)
                .bind(signed(index / TILE_WIDTH))
                .bind(offset_in_tile(index))
                .fetch_optional(&mut *connection)
                .await?;
                if let Some(row) = in_tile {
                    return decode_hash(&row.try_get::<Vec<u8>, _>(0)?).map(Some);
                }
                if let Some((_, hash)) = numbered_hashes(&mut *connection, tree, index, index + 1).await?.pop() {
                    return Ok(Some(hash));
                }
                if index >= head(&mut *connection, tree).await?.size() {
                    return Ok(None);
                }
            }
            Err(StoreError::corrupt(format!("the leaf hash of entry {index} is missing")))
        }

        /// Index and time of an entry that is known to exist.
        pub(super) async fn assigned_at(
            connection: &mut $connection,
            tree: TreeKey,
            index: u64,
        ) -> Result<Assigned, StoreError> {
            let entry = entries(connection, tree, index, 1).await?.pop();
            let entry = entry.ok_or_else(|| StoreError::corrupt(format!("entry {index} is missing")))?;
            Ok(Assigned { index, timestamp_ms: entry.timestamp_ms })
        }
    };
}
pub(crate) use reads;

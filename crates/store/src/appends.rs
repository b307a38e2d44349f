//! The append transaction, step by step, for both engines; only batch look-ups and batch inserts are each engine's own.

/// The steps over one connection. The engine provides `with_prefix`, `identified` and `bind_lists`; `$insert` has the batch's
/// row in `$1` to `$7`, the next head in `$8` to `$10`, its postings in `$11`, lists from `$12` on, and returns a row if the head was the one before.
macro_rules! appends {
    ($connection:ty, $lock:literal, $insert:literal) => {
        use std::collections::HashMap;

        use sigstead_merkle::{Hash, TILE_WIDTH};
        use sqlx::Row as _;

        use crate::batch::{LeafSource, Proposal};
        use crate::codec::{decode_frontier, prefix, signed, unsigned};
        use crate::plan::{BatchRow, Existing, FullTile, Plan, full_tile};
        use crate::tree::Head;
        use crate::{StoreError, TreeKey, TreeState};

        /// The row lock that orders every append to the tree, from any server.
        async fn lock_head(connection: &mut $connection, tree: TreeKey) -> Result<Head, StoreError> {
            let row = sqlx::query($lock)
                .bind(tree.0)
                .fetch_optional(connection)
                .await?
                .ok_or(StoreError::UnknownTree)?;
            if TreeState::from_name(row.try_get(0)?)? != TreeState::Active {
                return Err(StoreError::Frozen);
            }
            let frontier: Vec<u8> = row.try_get(2)?;
            Ok(Head {
                frontier: decode_frontier(row.try_get(1)?, &frontier)?,
                last_timestamp_ms: unsigned(row.try_get(3)?)?,
            })
        }

        /// The proposals that are in the tree already, by identity.
        async fn find_existing(
            connection: &mut $connection,
            tree: TreeKey,
            proposals: &[Proposal],
        ) -> Result<HashMap<Hash, Existing>, StoreError> {
            let (mut by_leaf, mut by_identity) = (HashMap::new(), Vec::new());
            for proposal in proposals {
                match &proposal.leaf {
                    LeafSource::Fixed(leaf) => drop(by_leaf.insert(prefix(&leaf.hash), leaf.hash)),
                    LeafSource::Sequenced { identity, .. } => by_identity.push(*identity),
                }
            }
            let mut candidates = identified(&mut *connection, tree, &by_identity).await?;
            for index in with_prefix(&mut *connection, tree, by_leaf.keys().copied().collect()).await? {
                // The prefix only points; all 256 bits decide.
                if let Some(hash) = leaf_hash_at(&mut *connection, tree, index).await? {
                    candidates.push((hash, index));
                }
            }
            let mut existing = HashMap::new();
            for (identity, index) in candidates {
                let leaf_hash = leaf_hash_at(&mut *connection, tree, index).await?;
                let leaf_hash = leaf_hash
                    .ok_or_else(|| StoreError::corrupt(format!("entry {index} has no leaf hash")))?;
                let assigned = assigned_at(&mut *connection, tree, index).await?;
                existing.insert(identity, Existing { assigned, leaf_hash });
            }
            Ok(existing)
        }

        async fn write(connection: &mut $connection, tree: TreeKey, plan: &Plan) -> Result<(), StoreError> {
            let Some(row) = &plan.batch_row else { return Ok(()) };
            // The head is guarded by its old size, although its row is locked: two roots for one size must not be possible.
            if !insert_batch(&mut *connection, tree, row, plan).await? {
                return Err(StoreError::corrupt("the head moved under its lock"));
            }
            for attestation in &plan.attestations {
                sqlx::query("INSERT INTO attestations (key, data) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                    .bind(&attestation.key)
                    .bind(attestation.data.to_vec())
                    .execute(&mut *connection)
                    .await?;
            }
            if plan.fills_a_tile() {
                insert_tiles(connection, tree, plan).await?;
            }
            Ok(())
        }

        /// The batch, what is looked up of it, and the tree's new head; whether the head was the one before. One call:
        /// each is a way to the server and back, or a turn of the connection's thread, while the tree is locked.
        async fn insert_batch(
            connection: &mut $connection,
            tree: TreeKey,
            row: &BatchRow,
            plan: &Plan,
        ) -> Result<bool, StoreError> {
            let head = &plan.committed.head;
            let insert = sqlx::query($insert)
                .bind(tree.0)
                .bind(signed(row.first_index))
                .bind(i32::try_from(row.count).unwrap_or(i32::MAX))
                .bind(signed(row.timestamp_ms))
                .bind(&row.leaf_hashes)
                .bind(&row.sizes)
                .bind(&row.records)
                .bind(signed(head.size()))
                .bind(head.frontier.hashes().concat())
                .bind(signed(head.last_timestamp_ms))
                .bind(&row.postings);
            let updated = bind_lists(insert, plan).fetch_all(connection).await?;
            Ok(updated.len() == 1)
        }

        /// The tiles that this batch completes, level by level.
        async fn insert_tiles(
            connection: &mut $connection,
            tree: TreeKey,
            plan: &Plan,
        ) -> Result<(), StoreError> {
            let edge = edge_hashes(&mut *connection, tree, plan.committed.before.size()).await?;
            let edge =
                edge.ok_or_else(|| StoreError::corrupt("the leaf hashes of the tree's edge are missing"))?;
            let mut full = plan.leaf_tiles(&edge);
            while let Some(last) = full.last() {
                let level = last.level;
                let firsts: Vec<u64> =
                    full.iter().map(|tile| tile.n).filter(|n| n % TILE_WIDTH == TILE_WIDTH - 1).collect();
                insert_tile_rows(&mut *connection, tree, &full).await?;
                full = Vec::new();
                for last_child in firsts {
                    let n = last_child / TILE_WIDTH;
                    let roots =
                        tile_roots(&mut *connection, tree, level, n * TILE_WIDTH, last_child + 1).await?;
                    if roots.len() as u64 != TILE_WIDTH {
                        return Err(StoreError::corrupt(format!(
                            "tiles below tile {n} of level {} are missing",
                            level + 1
                        )));
                    }
                    full.push(full_tile(level + 1, n, &roots));
                }
            }
            Ok(())
        }

        async fn insert_tile_rows(
            connection: &mut $connection,
            tree: TreeKey,
            tiles: &[FullTile],
        ) -> Result<(), StoreError> {
            for tile in tiles {
                sqlx::query(
                    "INSERT INTO hash_tiles (tree, level, n, root, data) VALUES ($1, $2, $3, $4, $5)",
                )
                .bind(tree.0)
                .bind(tile.level)
                .bind(signed(tile.n))
                .bind(tile.root.to_vec())
                .bind(&tile.data)
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        }
    };
}
pub(crate) use appends;

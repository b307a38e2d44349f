use std::sync::Arc;

use sigstead_clock::Clock;
use sigstead_store::{
    Batch, Database, ImportedShard, NewTree, Proposal, Tree, TreeKind, TreeState, TreeStore as _,
};

use super::received::Received;
use super::{ImportError, OfferedShard, Source};

/// Is told how many entries of the shard are here.
pub type Progress<'a> = dyn Fn(u64) + Send + Sync + 'a;

/// Entries between two looks for bundles that can be sealed.
const SEAL_EVERY: u64 = 8192;

/// Brings one shard here, or the rest of it. Shards come oldest first, before the log takes entries of its own:
/// indexes count through all of them, and each SET is over its entry's index. The order is what makes it safe:
///
/// # Errors
/// When anything is not what was signed, the shard is not the next one, or the source or the database fails.
pub async fn bring(
    database: &Database,
    source: &mut Source,
    shard: &OfferedShard,
    clock: &dyn Clock,
    progress: &Progress<'_>,
) -> Result<(), ImportError> {
    // 1. The shard gets a tree that nobody serves; one that is there is gone on with. If we die here or later,
    //    the next run finds the tree and how far it is.
    check_order(database, shard).await?;
    let new = NewTree {
        tree_id: shard.tree_id,
        kind: TreeKind::RekorV1Import,
        origin: shard.checkpoint.origin.clone(),
        created_ms: clock.now().millis(),
    };
    let tree = database.open_active_tree(&new).await?;
    if tree.tree_id != shard.tree_id {
        let begun =
            format!("the import of shard {} was begun and is not complete: finish it first", tree.tree_id);
        return Err(ImportError::Order(begun));
    }
    // 2. Batches of checked entries, one transaction each.
    let mut size = database.head(tree.key).await?.size();
    while size < shard.checkpoint.size {
        progress(size);
        let entries = source.next(shard, size).await?;
        let before = size;
        size = append(database, &tree, shard, entries, size).await?;
        if before / SEAL_EVERY != size / SEAL_EVERY {
            database.seal(tree.key).await?;
        }
    }
    database.seal(tree.key).await?;
    // 3. Only a tree with the root that was signed becomes a shard.
    finish(database, &tree, shard).await?;
    progress(size);
    Ok(())
}

async fn append(
    database: &Database,
    tree: &Tree,
    shard: &OfferedShard,
    entries: Vec<Received>,
    size: u64,
) -> Result<u64, ImportError> {
    let newest = entries.iter().map(Received::integrated_time).max().unwrap_or_default();
    let shard = Arc::new(shard.clone());
    let checked = Arc::clone(&shard);
    // Thousands of signatures: they must not hold up what else this process does.
    let proposals = tokio::task::spawn_blocking(move || {
        let indexed = (size..).zip(&entries);
        indexed.map(|(index, entry)| entry.check(&checked, index)).collect::<Result<Vec<Proposal>, _>>()
    });
    let proposals = proposals.await.map_err(ImportError::source)??;
    let batch = Batch { proposals, timestamp_ms: newest.saturating_mul(1000), since: None };
    let committed = database.append(tree.key, &batch).await?;
    match (size..).zip(&committed.outcomes).find(|(index, outcome)| outcome.assigned.index != *index) {
        None => Ok(committed.head.size()),
        Some((index, outcome)) => {
            let (first, again) = (shard.first_index + outcome.assigned.index, shard.first_index + index);
            Err(ImportError::entry(
                again,
                format!("it is entry {first} once more, and a tree has each entry once"),
            ))
        }
    }
}

/// Indexes must be what they were there.
async fn check_order(database: &Database, shard: &OfferedShard) -> Result<(), ImportError> {
    let mut before = 0;
    for tree in database.trees(TreeKind::RekorV1).await? {
        if tree.state == TreeState::Active {
            let why = "this log has entries of its own, whose indexes an import would move: import into a database \
                       whose log was never started";
            return Err(ImportError::Order(why.to_owned()));
        }
        if tree.tree_id == shard.tree_id {
            return Err(ImportError::Order(format!("shard {} is here already", shard.tree_id)));
        }
        before += database.head(tree.key).await?.size();
    }
    if before != shard.first_index {
        return Err(ImportError::Order(format!(
            "shard {} begins at index {}, and the shards that are here hold {before} entries: import those before it first",
            shard.tree_id, shard.first_index
        )));
    }
    Ok(())
}

async fn finish(database: &Database, tree: &Tree, shard: &OfferedShard) -> Result<(), ImportError> {
    let head = database.head(tree.key).await?;
    let (size, root) = (shard.checkpoint.size, shard.checkpoint.root);
    if (head.size(), head.root()) != (size, root) {
        return Err(ImportError::shard(
            shard.tree_id,
            format!(
                "its {} entries have the root {}, but {size} entries with the root {} were signed",
                head.size(),
                hex::encode(head.root()),
                hex::encode(root)
            ),
        ));
    }
    let kept =
        ImportedShard { public_key: shard.public_key.spki_der().to_vec(), checkpoint: shard.note.clone() };
    if database.finish_import(tree.key, size, &kept).await? {
        return Ok(());
    }
    Err(ImportError::Order("the log was started, or another import ended, while this one ran".to_owned()))
}

use sigstead_clock::Clock;
use sigstead_crypto::random_bytes;
use sigstead_store::{Database, NewTree, Tree, TreeKind};

use crate::AppendError;

/// The tree of a kind that takes entries; made if there is none, with a random public id from which
/// `origin` names it.
///
/// # Errors
/// When the database fails, or the system has no randomness to give.
pub async fn open_active_tree(
    database: &Database,
    kind: TreeKind,
    origin: impl FnOnce(i64) -> String,
    clock: &dyn Clock,
) -> Result<Tree, AppendError> {
    Ok(database.open_active_tree(&new_tree(kind, origin, clock)?).await?)
}

/// Freezes the tree of a kind that takes entries, and makes the next.
///
/// # Errors
/// When the database fails, or the system has no randomness to give.
pub async fn rotate_tree(
    database: &Database,
    kind: TreeKind,
    origin: impl FnOnce(i64) -> String,
    clock: &dyn Clock,
) -> Result<(), AppendError> {
    Ok(database.rotate(&new_tree(kind, origin, clock)?).await?)
}

fn new_tree(
    kind: TreeKind,
    origin: impl FnOnce(i64) -> String,
    clock: &dyn Clock,
) -> Result<NewTree, AppendError> {
    // Positive, and never zero: both are invalid ids.
    let tree_id = (i64::from_be_bytes(random_bytes()?) & i64::MAX).max(1);
    Ok(NewTree { tree_id, kind, origin: origin(tree_id), created_ms: clock.now().millis() })
}

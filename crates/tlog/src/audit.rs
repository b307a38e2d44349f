use sigstead_merkle::{Frontier, Hash, TILE_WIDTH, TileCoord};
use sigstead_store::{Assigned, BUNDLE_WIDTH, StoreError, StoredEntry, Tree, TreeStore};

use crate::SignedHead;

/// How a log type hashes a stored record; `None` for a record that is not one of its own.
pub type LeafHasher = fn(&StoredEntry, Assigned) -> Option<Hash>;

/// At most so many differences are listed; the rest is counted.
const LISTED: usize = 100;

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Entries that were hashed again.
    pub entries: u64,
    /// Full tiles that were derived again.
    pub tiles: u64,
    /// The root that the entries lead to.
    pub root: Hash,
    /// Entries that were signed for and are not here.
    pub lost: u64,
    /// What does not agree, the first hundred.
    pub differences: Vec<String>,
    /// How many did not agree.
    pub difference_count: u64,
}

impl AuditReport {
    /// Whether everything agrees.
    pub const fn is_clean(&self) -> bool {
        self.difference_count == 0
    }

    fn differs(&mut self, what: String) {
        self.difference_count += 1;
        if self.differences.len() < LISTED {
            self.differences.push(what);
        }
    }
}

/// Derives a whole tree again from its stored records: leaf hashes, tiles, frontier, look-ups, times; and compares it
/// with `signed`, heads that are known to have been signed.
///
/// # Errors
/// When the database fails; what it holds wrongly is reported, not an error.
pub async fn audit<S: TreeStore>(
    store: &S,
    tree: &Tree,
    hash: LeafHasher,
    signed: &[SignedHead],
) -> Result<AuditReport, StoreError> {
    let head = store.head(tree.key).await?;
    let mut report = AuditReport::default();
    let mut frontier = Frontier::new();
    let mut levels: Vec<Level> = Vec::new();
    let mut last_timestamp_ms = 0;
    while frontier.size() < head.size() {
        let from = frontier.size();
        let run = match store.entries(tree.key, from, BUNDLE_WIDTH.min(head.size() - from)).await {
            Ok(run) if !run.is_empty() => run,
            Ok(_) => return Ok(broken_off(report, from, "is missing")),
            Err(StoreError::Corrupt(why)) => return Ok(broken_off(report, from, &why)),
            Err(error) => return Err(error),
        };
        for entry in run {
            let assigned = Assigned { index: frontier.size(), timestamp_ms: entry.timestamp_ms };
            if assigned.timestamp_ms < last_timestamp_ms {
                report.differs(format!("entry {}: its time is before the one before it", assigned.index));
            }
            last_timestamp_ms = assigned.timestamp_ms;
            let Some(leaf) = hash(&entry, assigned) else {
                return Ok(broken_off(report, assigned.index, "is not a record of this log"));
            };
            check_lookup(store, tree, &leaf, assigned.index, &mut report).await?;
            frontier.push(leaf);
            report.entries += 1;
            for head in signed.iter().filter(|head| head.size == frontier.size()) {
                if head.root != frontier.root() {
                    report.differs(format!(
                        "the first {} entries are not those that were signed for",
                        head.size
                    ));
                }
            }
            push(store, tree, &mut levels, leaf, &mut report).await?;
        }
    }
    report.root = frontier.root();
    let most = signed.iter().map(|head| head.size).max().unwrap_or_default();
    report.lost = most.saturating_sub(frontier.size());
    if report.lost > 0 {
        report.differs(format!(
            "{} entries are here, and {most} were signed for: the rest is lost",
            frontier.size()
        ));
    }
    if frontier != head.frontier {
        report.differs(format!("the head's root is not that of the first {} entries", head.size()));
    }
    if last_timestamp_ms != head.last_timestamp_ms {
        report.differs("the head's time is not the newest entry's".to_owned());
    }
    Ok(report)
}

fn broken_off(mut report: AuditReport, index: u64, why: &str) -> AuditReport {
    report.differs(format!("entry {index}: {why}; the audit ends here"));
    report
}

async fn check_lookup<S: TreeStore>(
    store: &S,
    tree: &Tree,
    leaf: &Hash,
    index: u64,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    match store.find_leaf(tree.key, leaf).await {
        Ok(Some(found)) if found == index => {}
        Ok(found) => report.differs(format!("entry {index}: its leaf hash is looked up as {found:?}")),
        Err(StoreError::Corrupt(why)) => report.differs(format!("entry {index}: {why}")),
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Adds a leaf hash to the tiles, and compares each tile that it fills with the stored one.
async fn push<S: TreeStore>(
    store: &S,
    tree: &Tree,
    levels: &mut Vec<Level>,
    leaf: Hash,
    report: &mut AuditReport,
) -> Result<(), StoreError> {
    let mut hash = leaf;
    for level in 0u8.. {
        let position = usize::from(level);
        if levels.len() == position {
            levels.push(Level::default());
        }
        let Some(edge) = levels.get_mut(position) else { break };
        edge.hashes.push(hash);
        if edge.hashes.len() as u64 != TILE_WIDTH {
            break;
        }
        let stored = store.tile(tree.key, TileCoord { level, n: edge.full }).await?;
        if stored.as_deref() != Some(edge.hashes.concat().as_slice()) {
            report.differs(format!("tile {} of level {level} does not hold the hashes below it", edge.full));
        }
        report.tiles += 1;
        let mut frontier = Frontier::new();
        edge.hashes.drain(..).for_each(|hash| frontier.push(hash));
        edge.full += 1;
        hash = frontier.root();
    }
    Ok(())
}

/// The tile of one level that is being filled.
#[derive(Default)]
struct Level {
    full: u64,
    hashes: Vec<Hash>,
}

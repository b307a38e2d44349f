use super::folder::ROOT_COPY;
use super::metadata::{Hashes, Listing, length};
use super::publisher::{opened, verified};
use super::{Envelope, Folder, Metadata, Role, Root, Standing, Targets, TufError, ceremony, targets};

/// Walks a repository as a client does that trusts the oldest root in it (TUF specification §5), down to the bytes of
/// every target. Whether something has expired, the caller sees from what is returned: root, targets, snapshot, timestamp.
///
/// # Errors
/// Names the first file that a client would refuse, and why.
pub fn audit(folder: &Folder) -> Result<Vec<Standing>, TufError> {
    let root = newest_root(folder)?;
    let timestamp = folder.newest(Role::Timestamp)?.ok_or_else(|| missing(Role::Timestamp))?;
    let timestamp: Metadata<Listing> = verified(&root, Role::Timestamp, &timestamp)?;
    let snapshot: Metadata<Listing> = vouched(folder, &root, &timestamp.body, Role::Snapshot)?;
    let targets: Metadata<Targets> = vouched(folder, &root, &snapshot.body, Role::Targets)?;
    for (name, file) in &targets.body.targets {
        let path = targets::path(name, &file.hashes);
        let content = folder.read(&path)?;
        if Hashes::of(&content) != file.hashes || length(&content) != file.length {
            return Err(TufError::Damaged(path, "not the file that was signed".to_owned()));
        }
    }
    Ok(vec![Standing::of(&root), Standing::of(&targets), Standing::of(&snapshot), Standing::of(&timestamp)])
}

/// The newest root, if every root since the oldest leads to it.
fn newest_root(folder: &Folder) -> Result<Metadata<Root>, TufError> {
    let missing = || TufError::NoRoot(folder.path().to_owned());
    let versions = folder.versions(Role::Root)?;
    versions.first().ok_or_else(missing)?;
    let copy = folder.read(ROOT_COPY)?;
    let (mut current, mut is_copy) = (None, false);
    for version in versions {
        let stored = folder.version(Role::Root, version)?;
        // The copy may be of an older one, if the newest came just now: clients go on from it.
        is_copy |= stored.content == copy;
        let root = match &current {
            None => opened(&stored)?,
            Some(before) => {
                let damaged =
                    |error: TufError| TufError::Damaged(Role::Root.file_name(version), error.to_string());
                let next = Envelope::parse(&stored.content).map_err(damaged)?;
                ceremony::successor(Some(before), &next).map_err(damaged)?
            }
        };
        current = Some(root);
    }
    match is_copy {
        true => current.ok_or_else(missing),
        false => Err(TufError::Damaged(ROOT_COPY.to_owned(), "not a copy of any root".to_owned())),
    }
}

/// The file of `role` that `listing` vouches for.
fn vouched<B: serde::de::DeserializeOwned>(
    folder: &Folder,
    root: &Metadata<Root>,
    listing: &Listing,
    role: Role,
) -> Result<Metadata<B>, TufError> {
    let version = listing.version(role).ok_or_else(|| missing(role))?;
    let stored = folder.version(role, version)?;
    listing.vouches(role, version, &stored.content)?;
    verified(root, role, &stored)
}

fn missing(role: Role) -> TufError {
    TufError::Damaged(format!("{role}.json"), "missing".to_owned())
}

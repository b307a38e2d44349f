use std::collections::BTreeSet;

use sigstead_entry::Proposed;

/// What the v1 API takes: everything, unless an operator says otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surface {
    refused: BTreeSet<Operation>,
    /// Kinds of entries that may be added; `None` is all.
    kinds: Option<BTreeSet<String>>,
}

/// Operations of the v1 API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    CreateLogEntry,
    GetLogEntryByIndex,
    GetLogEntryByUuid,
    SearchLogQuery,
    GetLogInfo,
    GetLogProof,
    GetPublicKey,
    SearchIndex,
}

/// Each with Rekor's name for it, and what clients are told where it is off.
const OPERATIONS: [(Operation, &str, &str); 8] = [
    (Operation::CreateLogEntry, "createLogEntry", "Create Entry"),
    (Operation::GetLogEntryByIndex, "getLogEntryByIndex", "Get Log Entry by Index"),
    (Operation::GetLogEntryByUuid, "getLogEntryByUUID", "Get Log Entry by UUID"),
    (Operation::SearchLogQuery, "searchLogQuery", "Search Log Query"),
    (Operation::GetLogInfo, "getLogInfo", "Get Log Info"),
    (Operation::GetLogProof, "getLogProof", "Get Log Proof"),
    (Operation::GetPublicKey, "getPublicKey", "Get Public Key"),
    (Operation::SearchIndex, "searchIndex", "Search Index"),
];

impl Surface {
    /// Only these operations, by Rekor's names (its flag `--enabled_api_endpoints`).
    ///
    /// # Errors
    /// With the first name that is none.
    pub fn with_operations(mut self, enabled: &[String]) -> Result<Self, String> {
        if let Some(unknown) = enabled.iter().find(|name| OPERATIONS.iter().all(|row| row.1 != **name)) {
            return Err(unknown.clone());
        }
        let off = OPERATIONS.iter().filter(|row| enabled.iter().all(|name| name != row.1));
        self.refused.extend(off.map(|row| row.0));
        Ok(self)
    }

    /// Nothing is added any more; everything is read.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.refused.insert(Operation::CreateLogEntry);
        self
    }

    /// Only these kinds of entries may be added (Rekor's flag `--enabled_entry_types`).
    ///
    /// # Errors
    /// With the first name that is none.
    pub fn with_kinds(mut self, kinds: &[String]) -> Result<Self, String> {
        if let Some(unknown) = kinds.iter().find(|kind| !Proposed::knows(kind)) {
            return Err(unknown.clone());
        }
        self.kinds = Some(kinds.iter().cloned().collect());
        Ok(self)
    }

    /// Rekor's words for an operation that is off.
    pub(crate) fn refusal(&self, operation: Operation) -> Option<String> {
        let (_, _, name) = OPERATIONS.iter().find(|row| row.0 == operation)?;
        self.refused.contains(&operation).then(|| format!("{name} API not enabled in this Rekor instance"))
    }

    pub(crate) fn takes_kind(&self, kind: &str) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_and_kinds_are_named_as_rekor_names_them() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let surface = Surface::default().with_operations(&names(&["getLogInfo", "searchIndex"])).unwrap();
        assert_eq!(surface.refusal(Operation::GetLogInfo), None);
        let told = "Get Log Entry by UUID API not enabled in this Rekor instance";
        assert_eq!(surface.refusal(Operation::GetLogEntryByUuid).as_deref(), Some(told));
        assert_eq!(
            Surface::default().with_operations(&names(&["getEverything"])),
            Err("getEverything".to_owned())
        );
        let versioned = Surface::default().with_kinds(&names(&["dsse", "intoto:0.0.2"]));
        assert_eq!(versioned, Err("intoto:0.0.2".to_owned()));
        assert!(Surface::default().read_only().refusal(Operation::CreateLogEntry).is_some());
    }
}

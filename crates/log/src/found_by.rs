use sigstead_entry::SearchField;
use sigstead_store::{SearchKey, SearchTerm};

/// What a leaf is found by: in whole by its keys, in part through the texts of its fields.
pub(crate) fn found_by(
    values: &[String],
    fields: &[(SearchField, String)],
) -> (Vec<SearchKey>, Vec<SearchTerm>) {
    // Values have no NUL: it separates the names of fields from theirs.
    let values = values.iter().filter(|value| !value.contains('\0'));
    let named = fields.iter().map(|(field, value)| SearchKey::in_field(field.name(), value));
    let mut keys: Vec<SearchKey> = values.map(|value| SearchKey::of(value)).chain(named).collect();
    keys.sort_unstable();
    keys.dedup();
    let texts = fields.iter().filter(|(field, _)| field.is_searched_in_part());
    (keys, texts.filter_map(|(field, text)| SearchTerm::new(field.number(), text)).collect())
}

//! `.PKGINFO`, read as Rekor's library reads INI files, which is not quite how Alpine does: comments also begin within
//! lines, quotes are taken off, and of a key that stands there twice, the last value counts.

use std::collections::BTreeMap;
use std::str::SplitInclusive;

/// The values by their names; those below the heading of a section are passed over.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).split_inclusive('\n');
    let mut values = BTreeMap::new();
    let (mut in_section, mut unnamed) = (false, 0);
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(COMMENT) {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            let (name, _) = heading.rsplit_once(']').ok_or_else(|| format!("unclosed section: {line}"))?;
            if name.is_empty() {
                return Err("empty section name".to_owned());
            }
            (in_section, unnamed) = (name != DEFAULT_SECTION, 0);
            continue;
        }
        let (mut name, rest) = key(line)?;
        let value = value(rest, &mut lines)?;
        let counted;
        if name == "-" {
            unnamed += 1;
            counted = format!("#{unnamed}");
            name = &counted;
        }
        if name.is_empty() {
            return Err("error creating new key: empty key name".to_owned());
        }
        if !in_section {
            values.insert(name.to_owned(), value);
        }
    }
    Ok(values)
}

/// The key at the beginning of a line, perhaps in quotes, and what follows its delimiter.
fn key(line: &str) -> Result<(&str, &str), String> {
    let no_delimiter = || format!("key-value delimiter not found: {line}");
    let quote = match line {
        _ if line.len() > 6 && line.starts_with(QUOTES) => QUOTES,
        _ if line.starts_with('"') => "\"",
        _ if line.starts_with('`') => "`",
        _ => {
            let (name, rest) = line.split_once(DELIMITER).ok_or_else(no_delimiter)?;
            return if name.is_empty() {
                Err(format!("empty key name: {line}"))
            } else {
                Ok((name.trim(), rest))
            };
        }
    };
    let quoted = line.strip_prefix(quote).and_then(|line| line.split_once(quote));
    let (name, rest) = quoted.ok_or_else(|| format!("missing closing key quote: {line}"))?;
    let (_, rest) = rest.split_once(DELIMITER).ok_or_else(no_delimiter)?;
    Ok((name.trim(), rest))
}

/// What stands after the delimiter, and in the lines that belong to it.
fn value(rest: &str, lines: &mut SplitInclusive<'_, char>) -> Result<String, String> {
    let line = rest.trim_start();
    for quote in [QUOTES, "`"] {
        let quoted = line.strip_prefix(quote).filter(|_| quote != QUOTES || line.len() > QUOTES.len());
        if let Some(quoted) = quoted {
            return match quoted.rsplit_once(quote) {
                Some((value, _)) => Ok(value.to_owned()),
                None => quoted_lines(line, quoted, quote, lines),
            };
        }
    }
    let line = line.trim_end();
    if let Some(continued) = line.strip_suffix('\\') {
        return Ok(continued_lines(continued, lines));
    }
    let line = line.split(COMMENT).next().unwrap_or_default().trim();
    let unquoted = ['"', '\''].into_iter().find_map(|quote| {
        line.strip_prefix(quote)?.strip_suffix(quote).filter(|inner| !inner.contains(quote))
    });
    Ok(unquoted.unwrap_or(line).to_owned())
}

/// Up to the closing quote, unless a backslash behind it says that it is none.
fn quoted_lines(
    line: &str,
    begun: &str,
    quote: &str,
    lines: &mut SplitInclusive<'_, char>,
) -> Result<String, String> {
    let mut value = begun.to_owned();
    for next in lines {
        match next.rsplit_once(quote) {
            Some((last, rest)) if !rest.trim().ends_with('\\') => return Ok(value + last),
            _ => value.push_str(next),
        }
    }
    Err(format!("missing closing key quote from {line:?} to \"\""))
}

/// Up to a line without a backslash at its end, or an empty one.
fn continued_lines(begun: &str, lines: &mut SplitInclusive<'_, char>) -> String {
    let mut value = begun.to_owned();
    for next in lines {
        let next = next.trim();
        match next.strip_suffix('\\') {
            Some(continued) => value.push_str(continued),
            None => return value + next,
        }
    }
    value
}

const COMMENT: [char; 2] = ['#', ';'];
const DELIMITER: [char; 2] = ['=', ':'];
const QUOTES: &str = "\"\"\"";
const DEFAULT_SECTION: &str = "DEFAULT";

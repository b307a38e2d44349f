use serde_json::Value;

/// Kubernetes manifests, one document each, separated by `---`. Deterministic; texts of several lines, as PEM, stay readable.
pub(super) fn yaml(documents: &[Value]) -> String {
    let documents = documents.iter().map(|document| {
        let mut text = String::new();
        block(document, 0, &mut text);
        text.trim_start_matches('\n').to_owned()
    });
    documents.collect::<Vec<_>>().join("---\n")
}

/// What stands after `key:` or `-`, from the space or line break on.
fn block(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            text.push('\n');
            for (key, value) in fields {
                text.push_str(&format!("{:indent$}{}:", "", scalar(key)));
                block(value, indent + STEP, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            for item in items {
                text.push_str(&format!("{:indent$}-", ""));
                block(item, indent + STEP, text);
            }
        }
        Value::String(lines) if is_literal(lines) => {
            text.push_str(" |\n");
            for line in lines.lines() {
                text.push_str(&format!("{:indent$}{line}\n", ""));
            }
        }
        Value::String(line) => text.push_str(&format!(" {}\n", scalar(line))),
        other => text.push_str(&format!(" {other}\n")),
    }
}

const STEP: usize = 2;

/// Whether it can stand as a block of lines: whole lines, none of which YAML would read in another way.
fn is_literal(text: &str) -> bool {
    let is_plain = |line: &str| {
        !line.is_empty() && !line.starts_with(' ') && line.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    };
    text.ends_with('\n') && text.split_terminator('\n').all(is_plain)
}

/// Bare if it can be nothing but a text, else as JSON writes it, which YAML reads too.
fn scalar(text: &str) -> String {
    let is_bare = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./-".contains(&byte))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_bare { text.to_owned() } else { Value::from(text).to_string() }
}

/// What some version of YAML reads as something else than a text.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

//! Canonical JSON as OLPC defined it: what TUF's signatures are over (TUF specification §4.2.1).

use serde_json::{Number, Value};

/// Fields in the order of their names' bytes, whole numbers only, nothing escaped but quotes and backslashes. `None`
/// for other numbers.
pub fn encode(signed: &Value) -> Option<Vec<u8>> {
    let mut text = String::new();
    write_canonical(signed, &mut text)?;
    Some(text.into_bytes())
}

// serde_json nests 128 deep at most, so this does too.
fn write_canonical(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&whole(number)?.to_string()),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (position, item) in items.iter().enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                write_canonical(item, out)?;
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            // serde_json's map is in the order of its keys' bytes, which is OLPC's.
            for (position, (key, value)) in fields.iter().enumerate() {
                out.push_str(if position > 0 { "," } else { "" });
                write_string(key, out);
                out.push(':');
                write_canonical(value, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// `1.0` and `1e3` are whole too.
fn whole(number: &Number) -> Option<i64> {
    let float = || number.as_f64().filter(|float| float.fract() == 0.0).map(|float| format!("{float:.0}"));
    number.as_i64().or_else(|| float()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn json_value() -> impl Strategy<Value = Value> {
        // Control characters are not escaped, so only without them is it JSON again.
        let text = "[^\\p{Cc}]{0,8}";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(text, inner, 0..6).prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn says_the_same_however_it_was_written(value in json_value()) {
            let form = encode(&value).unwrap();
            prop_assert_eq!(&serde_json::from_slice::<Value>(&form).unwrap(), &value);
            let pretty: Value = serde_json::from_str(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
            prop_assert_eq!(encode(&pretty).unwrap(), form);
        }
    }

    #[test]
    fn as_olpc_writes_it() {
        let value = json!({ "b": [1.0, -2, 1e3, null, true], "a": "\"\\\n\u{e9}/", "B": {} });
        let expected = "{\"B\":{},\"a\":\"\\\"\\\\\n\u{e9}/\",\"b\":[1,-2,1000,null,true]}";
        assert_eq!(encode(&value).unwrap(), expected.as_bytes());
        assert_eq!(encode(&json!([1.5])), None);
        assert_eq!(encode(&json!([u64::MAX])), None);
        assert_eq!(encode(&json!([1e300])), None);
    }
}

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sigstead_merkle::Hash;

/// Most hashes in a consistency proof: a tree has at most 2⁶³ leaves.
const MAX_PROOF: usize = 63;

/// The body of add-checkpoint: `old N`, the hashes of a consistency proof, an empty line, a checkpoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    /// The size that the log believes to have been seen.
    pub(super) old: u64,
    pub(super) proof: Vec<Hash>,
    /// A signed note.
    pub(super) note: &'a str,
}

impl<'a> Request<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, &'static str> {
        let (head, note) = text.split_once("\n\n").ok_or("there is no empty line before the checkpoint")?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old "));
        let old = old.filter(|old| is_decimal(old)).and_then(|old| old.parse().ok());
        let old = old.ok_or("the first line is not \"old\" and a size")?;
        let proof: Vec<Hash> = lines.take(MAX_PROOF + 1).map(hash).collect::<Result<_, _>>()?;
        if proof.len() > MAX_PROOF {
            return Err("the proof has too many hashes");
        }
        Ok(Self { old, proof, note })
    }
}

/// Without a sign or zeros before it.
fn is_decimal(text: &str) -> bool {
    text == "0" || (text.bytes().all(|digit| digit.is_ascii_digit()) && !text.starts_with('0'))
}

fn hash(line: &str) -> Result<Hash, &'static str> {
    let hash = BASE64_STANDARD.decode(line).ok().and_then(|hash| hash.try_into().ok());
    hash.ok_or("a line of the proof is not a hash in base64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let hash = BASE64_STANDARD.encode([7; 32]);
        let text = format!("old 12\n{hash}\n{hash}\n\norigin\n13\nroot\n\n\u{2014} name line\n");
        let request = Request::parse(&text).unwrap();
        assert_eq!((request.old, request.proof.len()), (12, 2));
        assert!(request.note.starts_with("origin\n13\nroot\n\n"));
        assert_eq!(Request::parse("old 0\n\nnote").unwrap().proof, [] as [Hash; 0]);
        for wrong in [
            "",
            "old 1",
            "old 01\n\nnote",
            "old +1\n\nnote",
            "new 1\n\nnote",
            "old 1\nAAAA\n\nnote",
            "\n\nnote",
        ] {
            assert!(Request::parse(wrong).is_err(), "{wrong}");
        }
        let long = format!("old 1\n{}\nnote", format!("{hash}\n").repeat(64));
        assert_eq!(Request::parse(&long), Err("the proof has too many hashes"));
    }
}

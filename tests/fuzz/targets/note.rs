//! Signed notes and the checkpoints in them: what is read is written the same way.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_crypto::note::Note;
use sigstead_merkle::Checkpoint;

fuzz_target!(|text: &str| {
    if let Ok(note) = Note::parse(text)
        && let Ok(checkpoint) = Checkpoint::parse(&note.text)
    {
        assert!(note.text.starts_with(&checkpoint.to_text()));
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(Checkpoint::parse(&checkpoint.to_text()), Ok(checkpoint));
    }
});

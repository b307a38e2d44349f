//! The generated code is what the generator makes of `proto`.

#[path = "../../examples/generate.rs"]
#[expect(dead_code, reason = "the example's main is not called here")]
mod generator;

use std::path::Path;

#[test]
fn nobody_forgot_to_generate() {
    let folder = tempfile::tempdir().unwrap();
    generator::generate(folder.path()).unwrap();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/generated");
    for file in std::fs::read_dir(&committed).unwrap() {
        let file = file.unwrap();
        let fresh = std::fs::read(folder.path().join(file.file_name())).unwrap();
        let hint = "run: cargo run -p sigstead-proto --example generate";
        assert!(std::fs::read(file.path()).unwrap() == fresh, "{}: {hint}", file.path().display());
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        std::fs::read_dir(&committed).unwrap().count()
    );
}

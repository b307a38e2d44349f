//! Fulcio's issuer configuration, in YAML and JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sigstead_identity::FulcioConfig;

fuzz_target!(|text: &str| {
    if let Ok(config) = FulcioConfig::parse(text) {
        assert!(config.issuers().count() > 0);
    }
});

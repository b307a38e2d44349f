/// Tells dashboards, under the names that they ask for, which version this is.
pub(crate) fn tell_version(sections: &[&str]) {
    let originals = sections.iter().flat_map(|section| match *section {
        "ca" => ["fulcio_build_info"].as_slice(),
        "log" => &["rekor_build_info", "rekor_v2_build_info"],
        "tsa" => &["timestamp_authority_build_info"],
        _ => &[],
    });
    for name in originals.chain(&["sigstead_build_info"]) {
        metrics::gauge!(*name, "version" => env!("CARGO_PKG_VERSION")).set(1);
    }
}

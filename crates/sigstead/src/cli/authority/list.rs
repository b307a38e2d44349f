use std::process::ExitCode;

use comfy_table::Table;
use comfy_table::presets::NOTHING;

use super::{Role, now, rfc3339};
use crate::cli::ServiceArguments;
use crate::config::Config;
use crate::console;
use crate::wire::{NamedAuthority, authorities};

/// Prints the authorities, oldest first.
pub(super) fn list(role: Role, arguments: &ServiceArguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &arguments.overrides)?;
    let now = now();
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["NAME", "STATE", "SINCE", "UNTIL", "SUBJECT", "FOR"]);
    for one in authorities(&role.source(&config)?)? {
        let subject = one.chain.first().and_then(sigstead_x509::Certificate::common_name);
        let until = one.term.last(&one.chain).map(rfc3339);
        let issuers = one.token_issuers.join(" ");
        table.add_row([
            one.name.clone(),
            state(&one, now).to_owned(),
            rfc3339(one.term.since),
            until.unwrap_or_default(),
            subject.unwrap_or_default(),
            if issuers.is_empty() { "everybody".to_owned() } else { issuers },
        ]);
    }
    console::line(table);
    Ok(ExitCode::SUCCESS)
}

fn state(one: &NamedAuthority, now: i64) -> &'static str {
    if one.term.has_ended(&one.chain, now) {
        "ended"
    } else if one.key.is_none() {
        "believed"
    } else if one.term.signs(&one.chain, now) {
        "may sign"
    } else {
        "to come"
    }
}

//! Postgres' own programs for copies of a database. Passwords go by the environment, where no list of processes shows them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use sigstead_crypto::Secret;
use url::Url;

/// Writes the database into `file`, of one moment, while servers go on.
pub(super) fn dump(database: &Secret<String>, file: &Path) -> anyhow::Result<()> {
    run("pg_dump", &["--format=custom", "--no-owner", "--no-privileges", "--file"], file, database)
}

/// Brings `file` back into an empty database, whole or not at all.
pub(super) fn restore(database: &Secret<String>, file: &Path) -> anyhow::Result<()> {
    let flags = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"];
    run("pg_restore", &flags, file, database)
}

fn run(program: &str, flags: &[&str], file: &Path, database: &Secret<String>) -> anyhow::Result<()> {
    let mut url = Url::parse(database.expose()).context("the database's URL")?;
    let password = url.password().map(str::to_owned);
    let mut command = Command::new(program);
    if let Some(password) = password {
        let decoded = percent_decoded(&password);
        url.set_password(None).ok().context("the database's URL takes no password")?;
        command.env("PGPASSWORD", decoded);
    }
    let told =
        command.args(flags).arg(file).arg("--dbname").arg(url.as_str()).output().with_context(|| {
            format!("cannot run {program}\n  hint: it comes with Postgres' client programs")
        })?;
    if !told.status.success() {
        bail!("{program}: {}", String::from_utf8_lossy(&told.stderr).trim());
    }
    Ok(())
}

/// A password as it stands in a URL, as it is.
fn percent_decoded(text: &str) -> String {
    let form = format!("p={}", text.replace('+', "%2B"));
    let decoded = url::form_urlencoded::parse(form.as_bytes()).next();
    decoded.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

//! Postgres' own programs for copies of a database. Passwords go by the environment, where no list of processes shows them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use sigstead_store::{DatabaseTls, DatabaseTlsMode};
use url::Url;

use crate::config::Config;

/// Writes the database into `file`, of one moment, while servers go on.
pub(super) fn dump(config: &Config, file: &Path) -> anyhow::Result<()> {
    run("pg_dump", &["--format=custom", "--no-owner", "--no-privileges", "--file"], file, config)
}

/// Brings `file` back into an empty database, whole or not at all.
pub(super) fn restore(config: &Config, file: &Path) -> anyhow::Result<()> {
    let flags = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"];
    run("pg_restore", &flags, file, config)
}

fn run(program: &str, flags: &[&str], file: &Path, config: &Config) -> anyhow::Result<()> {
    let mut url = Url::parse(config.database()?.expose()).context("the database's URL")?;
    let password = url.password().map(str::to_owned);
    let mut command = Command::new(program);
    command.envs(tls(&config.database_options()?.tls));
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

/// libpq's names of what is configured; what the URL says goes before them.
fn tls(tls: &DatabaseTls) -> Vec<(&'static str, PathBuf)> {
    let DatabaseTls { mode, ca, client } = tls;
    let mode = mode.map(|mode| match mode {
        DatabaseTlsMode::Disable => "disable",
        DatabaseTlsMode::Allow => "allow",
        DatabaseTlsMode::Prefer => "prefer",
        DatabaseTlsMode::Require => "require",
        DatabaseTlsMode::VerifyCa => "verify-ca",
        DatabaseTlsMode::VerifyFull => "verify-full",
    });
    let mut variables = Vec::new();
    variables.extend(mode.map(|mode| ("PGSSLMODE", mode.into())));
    variables.extend(ca.clone().map(|ca| ("PGSSLROOTCERT", ca)));
    if let Some((certificate, key)) = client {
        variables.extend([("PGSSLCERT", certificate.clone()), ("PGSSLKEY", key.clone())]);
    }
    variables
}

/// A password as it stands in a URL, as it is.
fn percent_decoded(text: &str) -> String {
    // In a form, both would mean something else.
    let form = format!("p={}", text.replace('+', "%2B").replace('&', "%26"));
    let decoded = url::form_urlencoded::parse(form.as_bytes()).next();
    decoded.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_what_they_were() {
        let url = Url::parse("postgres://u:a%26b&c+d%3D=%C3%A9@h/d").unwrap();
        assert_eq!(percent_decoded(url.password().unwrap()), "a&b&c+d==é");
    }
}

//! GitHub Actions: which claim goes into which extension (Fulcio's OID registry).

use crate::TokenError;
use crate::claims::Claims;
use crate::uri_name::joined;

const BASE: &str = "https://github.com";

/// The workflow's URI, the certificate's name.
pub(crate) fn workflow(claims: Claims<'_>) -> Result<String, TokenError> {
    joined(BASE, claims.text("job_workflow_ref")?)
}

/// Extensions 2 to 6, the first generation, and 9 to 22.
pub(crate) fn extensions(claims: Claims<'_>) -> Result<Vec<(u8, String)>, TokenError> {
    let plain = |claim| claims.text(claim).map(str::to_owned);
    let uri = |claim| joined(BASE, claims.text(claim)?);
    let run = format!(
        "{}/actions/runs/{}/attempts/{}",
        claims.text("repository")?,
        claims.text("run_id")?,
        claims.text("run_attempt")?
    );
    Ok(vec![
        (2, plain("event_name")?),
        (3, plain("sha")?),
        (4, plain("workflow")?),
        (5, plain("repository")?),
        (6, plain("ref")?),
        (9, workflow(claims)?),
        (10, plain("job_workflow_sha")?),
        (11, plain("runner_environment")?),
        (12, uri("repository")?),
        (13, plain("sha")?),
        (14, plain("ref")?),
        (15, plain("repository_id")?),
        (16, uri("repository_owner")?),
        (17, plain("repository_owner_id")?),
        (18, uri("workflow_ref")?),
        (19, plain("workflow_sha")?),
        (20, plain("event_name")?),
        (21, joined(BASE, &run)?),
        (22, plain("repository_visibility")?),
    ])
}

//! CI systems that Fulcio knew before it had templates: GitLab, Buildkite, Codefresh.

use serde_json::Value;

use crate::TokenError;
use crate::claims::Claims;
use crate::uri_name::{joined, uri_name};

const GITLAB: &str = "https://gitlab.com";
const BUILDKITE: &str = "https://buildkite.com";
const CODEFRESH: &str = "https://g.codefresh.io";

/// The pipeline's definition, the certificate's name.
pub(crate) fn gitlab_name(claims: Claims<'_>) -> Result<String, TokenError> {
    uri_name(&format!("https://{}", claims.text("ci_config_ref_uri")?))
}

/// Extensions 9 to 22 of a GitLab pipeline.
pub(crate) fn gitlab_extensions(claims: Claims<'_>) -> Result<Vec<(u8, String)>, TokenError> {
    let text = |claim| claims.text(claim).map(str::to_owned);
    let optional = |claim| claims.text_or_empty(claim).map(str::to_owned);
    claims.text("pipeline_id")?;
    if claims.0.get("runner_id").and_then(Value::as_i64).is_none_or(|runner| runner == 0) {
        return Err(TokenError::Claim("runner_id"));
    }
    let reference = match claims.text("ref_type")? {
        "branch" => format!("refs/heads/{}", claims.text("ref")?),
        "tag" => format!("refs/tags/{}", claims.text("ref")?),
        _ => return Err(TokenError::Value { claim: "ref_type", why: "neither branch nor tag" }),
    };
    let project = claims.text("project_path")?;
    Ok(vec![
        (9, gitlab_name(claims)?),
        (10, optional("ci_config_sha")?),
        (11, text("runner_environment")?),
        (12, joined(GITLAB, project)?),
        (13, text("sha")?),
        (14, reference),
        (15, text("project_id")?),
        (16, joined(GITLAB, claims.text("namespace_path")?)?),
        (17, text("namespace_id")?),
        (18, gitlab_name(claims)?),
        (19, optional("ci_config_sha")?),
        (20, text("pipeline_source")?),
        (21, joined(GITLAB, &format!("{project}/-/jobs/{}", claims.text("job_id")?))?),
        (22, optional("project_visibility")?),
    ])
}

/// The pipeline, the certificate's name.
pub(crate) fn buildkite_name(claims: Claims<'_>) -> Result<String, TokenError> {
    let (organization, pipeline) = (claims.text("organization_slug")?, claims.text("pipeline_slug")?);
    uri_name(&format!("{BUILDKITE}/{organization}/{pipeline}"))
}

/// The pipeline by its names, which may change, and its ids, which do not.
pub(crate) fn codefresh_name(claims: Claims<'_>) -> Result<String, TokenError> {
    let path = format!(
        "{}/{}:{}/{}",
        claims.text("account_name")?,
        claims.text("pipeline_name")?,
        claims.text("account_id")?,
        claims.text("pipeline_id")?
    );
    joined(codefresh_platform(claims)?, &path)
}

/// Extensions 9 to 21 of a Codefresh workflow.
pub(crate) fn codefresh_extensions(claims: Claims<'_>) -> Result<Vec<(u8, String)>, TokenError> {
    let platform = codefresh_platform(claims)?;
    let optional = |claim| claims.text_or_empty(claim).map(str::to_owned);
    let build = joined(platform, &format!("build/{}", claims.text("workflow_id")?))?;
    let pipeline = joined(platform, &format!("api/pipelines/{}", claims.text("pipeline_id")?))?;
    Ok(vec![
        (9, build.clone()),
        (11, optional("runner_environment")?),
        (12, optional("scm_repo_url")?),
        (14, optional("scm_ref")?),
        (18, pipeline),
        (21, build),
    ])
}

fn codefresh_platform(claims: Claims<'_>) -> Result<&str, TokenError> {
    let own = claims.text_or_empty("platform_url")?;
    let platform = if own.is_empty() { CODEFRESH } else { own };
    Ok(platform.strip_suffix('/').unwrap_or(platform))
}

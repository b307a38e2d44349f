//! The claims of CI systems, as they document them.

use serde_json::{Value, json};

const COMMIT: &str = "8b1a9953c4611296a827abf8c47804d7e6c4f1a2";

pub(super) fn github(sub: &str) -> Value {
    json!({
        "sub": sub,
        "repository": "example/app",
        "repository_id": "1001",
        "repository_owner": "example",
        "repository_owner_id": "2002",
        "repository_visibility": "private",
        "ref": "refs/heads/main",
        "sha": COMMIT,
        "event_name": "push",
        "workflow": "release",
        "workflow_ref": "example/app/.github/workflows/release.yml@refs/heads/main",
        "workflow_sha": COMMIT,
        "job_workflow_ref": "example/app/.github/workflows/release.yml@refs/heads/main",
        "job_workflow_sha": COMMIT,
        "runner_environment": "self-hosted",
        "run_id": "42",
        "run_attempt": "1",
    })
}

pub(super) fn gitlab(sub: &str) -> Value {
    json!({
        "sub": sub,
        "namespace_id": "2002",
        "namespace_path": "example",
        "project_id": "1001",
        "project_path": "example/app",
        "project_visibility": "private",
        "pipeline_id": "42",
        "pipeline_source": "push",
        "job_id": "43",
        "ref": "main",
        "ref_type": "branch",
        "sha": COMMIT,
        "runner_id": 1,
        "runner_environment": "self-hosted",
        "ci_config_ref_uri": "gitlab.com/example/app//.gitlab-ci.yml@refs/heads/main",
        "ci_config_sha": COMMIT,
    })
}

pub(super) fn buildkite(sub: &str) -> Value {
    json!({
        "sub": sub,
        "organization_slug": "example",
        "pipeline_slug": "app",
        "build_number": 42,
        "build_branch": "main",
        "build_commit": COMMIT,
        "build_source": "webhook",
        "job_id": "0184990a-477b-4fa8-9968-496074483cee",
        "runner_environment": "self-hosted",
    })
}

pub(super) fn codefresh(sub: &str) -> Value {
    json!({
        "sub": sub,
        "account_id": "628a80b693a15c0f9c13ab75",
        "account_name": "example",
        "pipeline_id": "65e5a53e52853dc51a5b0cc1",
        "pipeline_name": "app/release",
        "workflow_id": "64f447c02199f903000ac20",
        "scm_repo_url": "https://github.com/example/app",
        "scm_ref": "main",
        "runner_environment": "hybrid",
    })
}

//! Where log lines go and, with the feature `otlp`, spans.

use std::io::IsTerminal as _;

use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt};

use crate::cli::{Cli, LogFormat};
use crate::config::environment_variable;

type Layer = Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>;

/// What is not written yet, is when this goes.
pub(crate) struct Logging {
    #[cfg(feature = "otlp")]
    _traces: Option<crate::traces::Traces>,
}

/// Logs go to standard error: text for a terminal's reader, JSON for collectors.
pub(crate) fn start(arguments: &Cli) -> anyhow::Result<Logging> {
    let filter = EnvFilter::try_new(&arguments.log_level).unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for a terminal's reader alone (https://no-color.org), not for files and pipes.
    let is_colourful = std::io::stderr().is_terminal() && environment_variable("NO_COLOR").is_none();
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(is_colourful);
    let lines: Layer = match arguments.log_format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    };
    #[cfg(not(feature = "otlp"))]
    let (layers, logging) = (vec![lines], Logging {});
    #[cfg(feature = "otlp")]
    let (layers, logging) = with_traces(lines, arguments)?;
    tracing_subscriber::registry().with(layers).init();
    Ok(logging)
}

#[cfg(feature = "otlp")]
fn with_traces(lines: Layer, arguments: &Cli) -> anyhow::Result<(Vec<Layer>, Logging)> {
    let Some(endpoint) = &arguments.otlp_endpoint else {
        return Ok((vec![lines], Logging { _traces: None }));
    };
    let (traces, spans) = crate::traces::Traces::start(endpoint)?;
    Ok((vec![lines, spans], Logging { _traces: Some(traces) }))
}

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use sigstead_clock::SystemClock;
use sigstead_crypto::PublicKey;
use sigstead_log::import::{ImportError, OfferedShard, RekorServer, ShardFile, Source, bring, save};
use sigstead_store::{Database, TreeKind};

use super::ServiceArguments;
use super::call_arguments::CallArguments;
use crate::config::Config;
use crate::{console, wire};

/// `sigstead log import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    service: ServiceArguments,
    #[command(flatten)]
    call: CallArguments,
    /// The URL of the Rekor to read, or a file that --save wrote.
    #[arg(long, value_name = "URL|FILE")]
    from: String,
    /// Only this shard; otherwise every one that is not here yet, oldest first.
    #[arg(long, value_name = "ID")]
    tree_id: Option<i64>,
    /// Also the shard that takes entries: what comes after its checkpoint of now is left behind.
    #[arg(long)]
    with_active: bool,
    /// The key that must have signed the shard, in PEM; otherwise the source's own word is taken.
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Write the shard into this file instead of importing it.
    #[arg(long, value_name = "FILE", requires = "tree_id")]
    save: Option<PathBuf>,
}

impl Import {
    /// Brings the shards, and says what the trust root needs for them.
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let key = self.public_key.as_deref().map(wire::public_key).transpose()?;
        if !self.from.starts_with("http://") && !self.from.starts_with("https://") {
            anyhow::ensure!(self.save.is_none(), "--save needs a server to read from");
            let database = self.open().await?;
            let (file, shard) = ShardFile::open(Path::new(&self.from)).context("cannot use the file")?;
            import(&database, &mut Source::File(file), &shard, key.as_ref()).await?;
            return Ok(ExitCode::SUCCESS);
        }
        let server = RekorServer::new(&self.from, wire::http_client(&self.call.config())?)?;
        let offered = server.shards().await.with_context(|| format!("cannot read {}", self.from))?;
        if let Some(path) = &self.save {
            let shard = offered.iter().find(|shard| Some(shard.tree_id) == self.tree_id);
            let shard = shard.context("the source has no such shard")?;
            confirm(shard, key.as_ref())?;
            let bar = bar(shard);
            save(&server, shard, path, &|done| bar.set_position(done)).await?;
            bar.finish_and_clear();
            console::line(format_args!(
                "{}: shard {}, {} entries",
                path.display(),
                shard.tree_id,
                shard.checkpoint.size
            ));
            return Ok(ExitCode::SUCCESS);
        }
        let database = self.open().await?;
        let wanted = self.wanted(&database, offered).await?;
        let mut source = Source::Server(server);
        for shard in &wanted {
            import(&database, &mut source, shard, key.as_ref()).await?;
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn open(&self) -> anyhow::Result<Database> {
        wire::open_database(&Config::load(&self.service.config, &self.service.overrides)?).await
    }

    /// What was asked for and is not here yet.
    async fn wanted(
        &self,
        database: &Database,
        offered: Vec<OfferedShard>,
    ) -> anyhow::Result<Vec<OfferedShard>> {
        let here = database.trees(TreeKind::RekorV1).await?;
        let is_here = |shard: &OfferedShard| here.iter().any(|tree| tree.tree_id == shard.tree_id);
        let wanted: Vec<OfferedShard> = match self.tree_id {
            Some(tree_id) => offered.into_iter().filter(|shard| shard.tree_id == tree_id).collect(),
            None => offered
                .into_iter()
                .filter(|shard| (shard.is_frozen || self.with_active) && !is_here(shard))
                .collect(),
        };
        if wanted.is_empty() {
            bail!(
                "there is nothing to import from {}\n  hint: its shard that takes entries is imported with --with-active, once it takes no more",
                self.from
            );
        }
        Ok(wanted)
    }
}

async fn import(
    database: &Database,
    source: &mut Source,
    shard: &OfferedShard,
    key: Option<&PublicKey>,
) -> anyhow::Result<()> {
    confirm(shard, key)?;
    let bar = bar(shard);
    let brought = bring(database, source, shard, &SystemClock, &|done| show(&bar, done)).await;
    bar.finish_and_clear();
    brought.with_context(|| format!("shard {} was not imported", shard.tree_id))?;
    let OfferedShard { tree_id, checkpoint, public_key, .. } = shard;
    console::line(format_args!(
        "shard {tree_id}: {} entries, root {}: as it was signed",
        checkpoint.size,
        hex::encode(checkpoint.root)
    ));
    console::line(format_args!(
        "for the trust root, save this key and name it in sigstead.toml, with the times of the shard:\n\
         [[log.earlier]]\npublic_key = \"log-{tree_id}.pub\"\nsince = \"…\"\nuntil = \"…\"\n{}",
        public_key.to_pem().trim_end()
    ));
    Ok(())
}

/// Whose word is taken.
fn confirm(shard: &OfferedShard, key: Option<&PublicKey>) -> Result<(), ImportError> {
    let fingerprint = hex::encode(shard.public_key.fingerprint());
    match key {
        Some(key) => return shard.is_signed_by(key),
        None => console::line(format_args!(
            "shard {}: signed by the key sha256:{fingerprint}, as the source says; --public-key would hold it to that",
            shard.tree_id
        )),
    }
    Ok(())
}

fn bar(shard: &OfferedShard) -> ProgressBar {
    let bar = ProgressBar::new(shard.checkpoint.size);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} entries, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    bar
}

/// On a terminal a bar, elsewhere a line from time to time.
fn show(bar: &ProgressBar, done: u64) {
    const LINE_EVERY: u64 = 50_000;
    let before = bar.position();
    if before == 0 {
        // What an earlier run brought says nothing of how fast this one is.
        bar.reset_eta();
    }
    bar.set_position(done);
    if bar.is_hidden() && before / LINE_EVERY != done / LINE_EVERY {
        console::line(format_args!("{done} of {} entries", bar.length().unwrap_or_default()));
    }
}

//! Plays every transcript in this folder against the real bot, three ways. `UPDATE_EXPECT=1` writes what was seen
//! into the files.

#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use support::script::{Script, Way};

const WAYS: [Way; 3] = [Way::AsWritten, Way::Restarted, Way::Twice];

/// Every scenario, in order. `SCENARIO=name` plays only those whose file name contains it.
fn scenarios() -> Vec<PathBuf> {
    let wanted = std::env::var("SCENARIO").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let files = std::fs::read_dir(folder).expect("the folder of scenarios").map(|entry| entry.expect("a file").path());
    let mut files: Vec<PathBuf> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
        .filter(|file| file.to_string_lossy().contains(&wanted))
        .collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_transcript_plays_as_written_restarted_and_with_every_event_twice() {
    support::log::watch();
    let mut wrong = Vec::new();
    let files = scenarios();
    assert!(!files.is_empty(), "there are no scenarios");
    for file in &files {
        for way in WAYS {
            if let Err(error) = play(file, way).await {
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                wrong.push(format!("{name}, {way:?}: {error:#}"));
            }
        }
    }
    let errors = support::log::errors();
    assert!(wrong.is_empty(), "{} of {} plays went wrong:\n{}", wrong.len(), files.len() * 3, wrong.join("\n\n"));
    assert!(errors.is_empty(), "errors were logged:\n{}", errors.join("\n"));
}

async fn play(file: &Path, way: Way) -> Result<()> {
    let script = Script::read(file)?;
    let played = script.play(way).await?;
    if way == Way::AsWritten && std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(file, script.with_chat(&played)).context("the scenario cannot be written")?;
        return Ok(());
    }
    let expected = Script::read(file)?.chat().to_owned();
    if played != expected {
        bail!("{}", difference(&expected, &played));
    }
    Ok(())
}

/// The first lines that differ, with what stands before them.
fn difference(expected: &str, played: &str) -> String {
    let same = expected.lines().zip(played.lines()).take_while(|(ours, theirs)| ours == theirs).count();
    let some = |text: &str| text.lines().skip(same.saturating_sub(3)).take(12).collect::<Vec<_>>().join("\n");
    format!("from line {}\n--- expected\n{}\n--- seen\n{}", same + 1, some(expected), some(played))
}

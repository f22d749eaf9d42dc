//! `[[post]]`: an EHR that is told what payers decided, as files in a folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Config;

/// One target. Its owner is one practice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostConfig {
    /// The practice whose postings it gets.
    pub practice: String,
    /// Its name: in lists, work items and names of files. What waits for it is kept under it.
    pub name: String,
    /// Id of the poster plugin.
    pub poster: String,
    /// The site's own words for the poster's mapping; none: the plugin's.
    #[serde(default)]
    pub mapping: Option<PathBuf>,
    /// Where its files go, one for each batch. What takes them away is the EHR's.
    pub folder: PathBuf,
    /// Only visits of these source systems, as their adapters name them. Default: all.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Postings of one file at most. Default 500.
    #[serde(default = "postings_per_file_max")]
    pub postings_per_file_max: usize,
    /// Settings of the poster.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

const fn postings_per_file_max() -> usize {
    500
}

/// Postings of one file, whatever is configured: they are handed to a plugin as a whole.
const POSTINGS_CEILING: usize = 5_000;

impl PostConfig {
    /// Paths that are relative to the configuration's folder.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        std::iter::once(&mut self.folder).chain(self.mapping.as_mut())
    }

    /// Whether it is told of visits of a source system.
    pub fn is_for(&self, source_system: &str) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|source| source == source_system)
    }
}

impl Config {
    /// The targets of a practice.
    pub fn posts_of<'a>(&'a self, practice: &'a str) -> impl Iterator<Item = &'a PostConfig> {
        self.post.iter().filter(move |post| post.practice == practice)
    }

    /// What does not fit, of targets.
    pub(super) fn post_problems(&self, practices: &[&str], problems: &mut Vec<String>) {
        for (at, post) in self.post.iter().enumerate() {
            let key = format!("post[{at}]");
            super::listen::owner(&key, &post.practice, practices, problems);
            if !super::is_id(&post.name) {
                problems.push(format!("{key}.name: expected letters, digits and `-`"));
            }
            let same = |before: &&PostConfig| before.practice == post.practice && before.name == post.name;
            if self.post.iter().take(at).any(|before| same(&before)) {
                problems.push(format!("{key}.name: `{}` is there twice for this practice", post.name));
            }
            let arrives = self.intake.folder.iter().map(|folder| &folder.path);
            let of_house = [&self.clearinghouse.inbox, &self.clearinghouse.outbox, &self.intake.charge_entry];
            if arrives.chain(of_house).any(|path| *path == post.folder) {
                problems.push(format!("{key}.folder: something else arrives in or leaves from it; name another one"));
            }
            let others = self.post.iter().take(at).filter(|before| before.practice != post.practice);
            if others.into_iter().any(|before| before.folder == post.folder) {
                problems.push(format!("{key}.folder: another practice's files are in it; each has one owner"));
            }
            if !(1..=POSTINGS_CEILING).contains(&post.postings_per_file_max) {
                let found = post.postings_per_file_max;
                problems.push(format!("{key}.postings_per_file_max: found {found}, expected 1 to {POSTINGS_CEILING}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const GOOD: &str = r#"
        [[practice]]
        id = "one"
        profile = "one.toml"
        [[practice]]
        id = "two"
        profile = "two.toml"
        [[post]]
        practice = "one"
        name = "billing"
        poster = "csv-poster"
        folder = "post/one"
        [[post]]
        practice = "two"
        name = "billing"
        poster = "csv-poster"
        folder = "post/two"
        sources = ["SITE"]
    "#;

    fn problems(text: &str) -> Vec<String> {
        let mut config: Config = toml::from_str(text).unwrap();
        config.resolve(Path::new("/srv"));
        config.problems()
    }

    #[test]
    fn targets_belong_to_practices_and_folders_to_one() {
        assert_eq!(problems(GOOD), Vec::<String>::new());
        let config: Config = toml::from_str(GOOD).unwrap();
        let names: Vec<bool> = config.posts_of("two").map(|post| post.is_for("OTHER")).collect();
        assert_eq!(names, [false], "one target, of one source");
        for (from, to, words) in [
            ("practice = \"two\"\n        name", "practice = \"tow\"\n        name", "is no [[practice]]"),
            ("practice = \"two\"\n        name", "practice = \"one\"\n        name", "is there twice"),
            ("\"post/two\"", "\"post/one\"", "another practice's files"),
            ("\"post/two\"", "\"transport/out\"", "something else arrives"),
            ("name = \"billing\"", "name = \"../up\"", "expected letters"),
            ("sources = [\"SITE\"]", "postings_per_file_max = 0", "expected 1 to 5000"),
        ] {
            let found = problems(&GOOD.replacen(from, to, 1)).join("; ");
            let found = if found.contains(words) { found } else { problems(&GOOD.replace(from, to)).join("; ") };
            assert!(found.contains(words), "{to}: {found}");
        }
    }
}

//! The status as Prometheus text (exposition format 0.0.4).
//!
//! Names end in their unit or `_total`; labels come from closed sets (practice and plugin ids of the configuration,
//! states and kinds of this code). No patient data, and nothing that a document said.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use super::meters::{AllMeters, Meters};
use super::status::{Counts, Status};
use crate::plugin::PluginHost;

/// The whole page.
pub(super) fn text(status: &Status, not_ready: &[String], meters: &AllMeters, plugins: &PluginHost) -> String {
    let mut page = Page(String::new());
    page.head("claimhost_ready", "gauge", "1 where /readyz says ready");
    page.line("claimhost_ready", &[], if not_ready.is_empty() { 1 } else { 0 });
    page.head("claimhost_turns_total", "counter", "Turns of the pipeline that ended, well or not");
    page.line("claimhost_turns_total", &[], status.turns);
    page.head("claimhost_turn_seconds", "summary", "Time of turns");
    page.line("claimhost_turn_seconds_sum", &[], seconds(status.turn_time));
    page.line("claimhost_turn_seconds_count", &[], status.turns);
    page.head("claimhost_last_turn_seconds", "gauge", "Time of the last turn");
    page.line("claimhost_last_turn_seconds", &[], seconds(status.last_turn));
    page.head("claimhost_errors_total", "counter", "Turns that failed; each is tried again");
    page.line("claimhost_errors_total", &[], status.errors);
    page.head(
        "claimhost_plugin_faults_total",
        "counter",
        "Traps, deadlines and wrong answers of plugins since the start",
    );
    for (plugin, faults) in &status.plugin_faults {
        page.line("claimhost_plugin_faults_total", &[("plugin", plugin)], *faults);
    }
    page.plugins(plugins);
    let name = "claimhost_data_reloads_total";
    page.head(
        name,
        "counter",
        "Profiles, mappings, code tables and rule tables that changed, by whether the new one is used",
    );
    for (kind, taken, refused) in status.data_reloads.all() {
        page.line(name, &[("kind", kind), ("outcome", "activated")], taken);
        page.line(name, &[("kind", kind), ("outcome", "refused")], refused);
    }
    page.counts(status, "claimhost_documents", "status", "Documents by what became of them", |counts| {
        counts.documents.iter().map(|(name, count)| (name.as_str(), count.to_string())).collect()
    });
    page.counts(status, "claimhost_visits", "state", "Visits by state", |counts| {
        counts.visits.iter().map(|(name, count)| (name.as_str(), count.to_string())).collect()
    });
    page.counts(status, "claimhost_claims", "state", "Claims (lineages) by state", |counts| {
        counts.claims.iter().map(|(name, count)| (name.as_str(), count.to_string())).collect()
    });
    page.counts(
        status,
        "claimhost_amount_cents",
        "kind",
        "Where the money is; billed is the sum of the others",
        |counts| counts.cents.iter().map(|(name, cents)| (*name, cents.to_string())).collect(),
    );
    page.listeners(meters);
    page.pulls(meters);
    page.0
}

fn seconds(time: std::time::Duration) -> String {
    format!("{:.6}", time.as_secs_f64())
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn counts<'a>(
        &mut self,
        status: &'a Status,
        name: &str,
        label: &str,
        help: &str,
        of: impl Fn(&'a Counts) -> Vec<(&'a str, String)>,
    ) {
        self.head(name, "gauge", help);
        for (practice, counts) in &status.practices {
            for (kind, value) in of(counts) {
                self.line(name, &[("practice", practice), (label, kind)], value);
            }
        }
    }
}

impl Page {
    /// Reloads, and what is active as it is now.
    fn plugins(&mut self, plugins: &PluginHost) {
        let counters = plugins.reloads();
        let name = "claimhost_plugin_reloads_total";
        self.head(name, "counter", "Versions of plugins that became active, were refused or went, since the start");
        for (outcome, count) in [
            ("activated", &counters.activated),
            ("refused", &counters.refused),
            ("removed", &counters.removed),
            ("rolled-back", &counters.rolled_back),
        ] {
            self.line(name, &[("outcome", outcome)], count.load(Ordering::Relaxed));
        }
        // Two folders may have one id, of which one is refused: a sample is of an id, and is there once.
        let infos = plugins.list();
        let (mut active, mut refused) = (BTreeMap::new(), BTreeMap::new());
        for info in &infos {
            *active.entry((&info.id, &info.digest)).or_insert(false) |= info.error.is_none();
            *refused.entry(&info.id).or_insert(false) |= info.error.is_some() || info.candidate.is_some();
        }
        let name = "claimhost_plugin_active";
        self.head(name, "gauge", "1 where a version of the plugin is active");
        for ((id, digest), active) in active {
            self.line(name, &[("plugin", id), ("digest", digest)], u8::from(active));
        }
        let name = "claimhost_plugin_candidate_refused";
        self.head(name, "gauge", "1 where the plugin's folder holds something that was refused");
        for (id, refused) in &refused {
            self.line(name, &[("plugin", id)], u8::from(*refused));
        }
        let name = "claimhost_plugin_quarantined_practices";
        self.head(name, "gauge", "Practices that the plugin does not run for since its open failed");
        for id in refused.keys() {
            let adapter = plugins.adapter(id).map(|adapter| adapter.quarantined());
            let rules = || plugins.rules(id).map(|rules| rules.quarantined());
            let puller = || plugins.puller(id).map(|puller| puller.quarantined());
            let poster = || plugins.poster(id).map(|poster| poster.quarantined());
            let quarantined = adapter.or_else(rules).or_else(puller).or_else(poster);
            self.line(name, &[("plugin", id)], quarantined.map_or(0, |practices| practices.len()));
        }
    }

    /// What MLLP listeners and uploads have counted since the start.
    fn listeners(&mut self, meters: &AllMeters) {
        let name = "claimhost_mllp_messages_total";
        self.metered(meters, name, "outcome", "Messages by what their senders were told", |of| of.messages().collect());
        let name = "claimhost_mllp_framing_faults_total";
        self.metered(meters, name, "fault", "Bytes that are no block, by what is wrong", |of| of.faults().collect());
        let name = "claimhost_uploads_total";
        self.metered(meters, name, "outcome", "Uploads by what their senders were told", |of| of.uploads().collect());
        let help = "Uploads without a token that is known";
        self.head("claimhost_uploads_unauthorized_total", "counter", help);
        self.line("claimhost_uploads_unauthorized_total", &[], meters.unauthorized.load(Ordering::Relaxed));
        let help = "Connections closed at once: too many, or a peer that may not connect";
        self.single(meters, ("claimhost_mllp_connections_turned_away_total", "counter"), help, |of| &of.turned_away);
        let help = "Open MLLP connections";
        self.single(meters, ("claimhost_mllp_connections", "gauge"), help, |of| &of.open);
        let help = "Bytes stored for listeners and uploads";
        self.single(meters, ("claimhost_received_bytes_total", "counter"), help, |of| &of.bytes);
    }

    /// What sources that are pulled have counted since the start.
    fn pulls(&mut self, meters: &AllMeters) {
        let Some(sources) = meters.pulls.get().filter(|sources| !sources.is_empty()) else { return };
        let name = "claimhost_pull_turns_total";
        self.head(name, "counter", "Turns of pulled sources by how they ended");
        for source in sources {
            for (ended, count) in source.turns() {
                let labels = [("practice", source.practice.as_str()), ("source", &source.source), ("ended", ended)];
                self.line(name, &labels, count);
            }
        }
        for (at, (name, help)) in [
            ("claimhost_pull_requests_total", "Requests that were sent, for tokens and again too"),
            ("claimhost_pull_retries_total", "Requests that were sent again"),
            ("claimhost_pull_documents_total", "Documents that were stored"),
            ("claimhost_pull_bytes_total", "Bytes of answers"),
        ]
        .into_iter()
        .enumerate()
        {
            self.head(name, "counter", help);
            for source in sources {
                let labels = [("practice", source.practice.as_str()), ("source", &source.source)];
                self.line(name, &labels, source.counts().get(at).copied().unwrap_or(0));
            }
        }
        let name = "claimhost_pull_last_done_timestamp_seconds";
        self.head(name, "gauge", "When a turn last ended with nothing more to ask for; 0: never since the start");
        for source in sources {
            self.line(name, &[("practice", &source.practice), ("source", &source.source)], source.done_at());
        }
    }

    fn metered(
        &mut self,
        meters: &AllMeters,
        name: &str,
        label: &str,
        help: &str,
        of: impl Fn(&Meters) -> Vec<(&'static str, u64)>,
    ) {
        self.head(name, "counter", help);
        for (practice, meters) in &meters.practices {
            for (kind, count) in of(meters) {
                self.line(name, &[("practice", practice), (label, kind)], count);
            }
        }
    }

    fn single(
        &mut self,
        meters: &AllMeters,
        (name, kind): (&str, &str),
        help: &str,
        of: impl Fn(&Meters) -> &AtomicU64,
    ) {
        self.head(name, kind, help);
        for (practice, meters) in &meters.practices {
            self.line(name, &[("practice", practice)], of(meters).load(Ordering::Relaxed));
        }
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::mllp::FaultKind;
    use crate::plugin::PluginHostConfig;
    use crate::service::meters::MessageEnd;

    #[test]
    fn every_sample_has_a_type_and_names_end_in_unit_or_total() {
        let mut status = Status { turns: 3, ..Status::default() };
        let mut counts = Counts::default();
        counts.documents.insert("pending".into(), 2);
        counts.visits.insert("open".into(), 1);
        counts.claims.insert("held".into(), 4);
        counts.cents.insert("billed", -5);
        status.practices.insert("elm".into(), counts);
        status.plugin_faults.insert("hl7v2-dft".into(), 1);
        let meters = AllMeters::new(["elm"].into_iter());
        meters.of("elm").message(MessageEnd::Left);
        meters.of("elm").fault(FaultKind::CutOff);
        meters.of("elm").upload("too-large");
        let folder = tempfile::tempdir().unwrap();
        // Two folders with one id and nothing to tell them apart.
        for name in ["one", "two"] {
            let plugin = folder.path().join("plugins").join(name);
            std::fs::create_dir_all(&plugin).unwrap();
            let manifest = "id = \"twin\"\nversion = \"1.0.0\"\nkind = \"rules\"\ncontract = \"0.1.0-draft\"\n\
                            evidence = \"documented\"\n";
            std::fs::write(plugin.join("plugin.toml"), manifest).unwrap();
        }
        let config = PluginHostConfig::new(vec![folder.path().join("plugins")], folder.path().join("cache"));
        let plugins = PluginHost::open(config).unwrap();
        plugins.reloads().refused.fetch_add(1, Ordering::Relaxed);
        let page = text(&status, &["draining".to_owned()], &meters, &plugins);
        let mut series = std::collections::BTreeSet::new();
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            assert!(series.insert(line.rsplit_once(' ').unwrap().0), "twice: {line}");
            let name = line.split(['{', ' ']).next().unwrap();
            let base = name.trim_end_matches("_sum").trim_end_matches("_count");
            assert!(page.contains(&format!("# TYPE {base} ")), "{line}");
            assert!(line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(), "{line}");
        }
        for sample in [
            "claimhost_turns_total 3",
            "claimhost_ready 0",
            "claimhost_documents{practice=\"elm\",status=\"pending\"} 2",
            "claimhost_amount_cents{practice=\"elm\",kind=\"billed\"} -5",
            "claimhost_plugin_faults_total{plugin=\"hl7v2-dft\"} 1",
            "claimhost_plugin_reloads_total{outcome=\"refused\"} 1",
            "claimhost_plugin_active{plugin=\"twin\",digest=\"\"} 0",
            "claimhost_plugin_candidate_refused{plugin=\"twin\"} 1",
            "claimhost_data_reloads_total{kind=\"mapping\",outcome=\"refused\"} 0",
            "claimhost_mllp_messages_total{practice=\"elm\",outcome=\"left\"} 1",
            "claimhost_mllp_messages_total{practice=\"elm\",outcome=\"stored\"} 0",
            "claimhost_mllp_framing_faults_total{practice=\"elm\",fault=\"cut-off\"} 1",
            "claimhost_uploads_total{practice=\"elm\",outcome=\"too-large\"} 1",
            "claimhost_mllp_connections{practice=\"elm\"} 0",
        ] {
            assert!(page.lines().any(|line| line == sample), "{sample} in\n{page}");
        }
    }
}

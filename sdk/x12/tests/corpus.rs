//! Real files of many senders, when CLAIMHOST_CORPUS names a folder that holds them; skipped with a word otherwise.
//!
//! Every file must give an envelope with a typed reading, or located problems. For some files what must come out was
//! decided by reading them by eye.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use claimhost_x12::*;

fn files() -> Option<BTreeMap<String, Vec<u8>>> {
    let Some(corpus) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS is not set");
        return None;
    };
    let root = PathBuf::from(corpus).join("x12");
    let mut found = BTreeMap::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 100, "only {} files under x12", found.len());
    Some(found)
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn every_file_is_read_or_its_problems_are_located() {
    let Some(files) = files() else { return };
    for (name, bytes) in &files {
        let t = Transmission::read(bytes);
        let kinds: Vec<String> = t.transactions().map(|(_, _, t)| format!("{}:{}", t.kind, t.segment_count)).collect();
        let (mut read, mut clean, mut problems) = (0, 0, t.problems.clone());
        let mut tally = |n: usize, ok: usize, of: Vec<Problem>| {
            read += n;
            clean += ok;
            problems.extend(of.into_iter().filter(|p| p.kind != ProblemKind::WrongTransaction));
        };
        macro_rules! readings {
            ($module:ident) => {{
                let r = $module::read(bytes);
                let ok = r.transactions.iter().filter(|t| t.is_clean()).count();
                let of = r.transactions.iter().flat_map(|t| t.problems.clone()).collect();
                tally(r.transactions.len(), ok, of);
            }};
        }
        readings!(ta1);
        readings!(ack999);
        readings!(claim_ack);
        readings!(remittance);
        let claims = ClaimFrames::new(bytes).filter(|f| f.is_ok()).count();
        let errors = problems.iter().filter(|p| p.is_error()).count();
        println!(
            "{name:<95} {:<24} read {read} clean {clean} claims {claims} errors {errors} of {}",
            kinds.join(" "),
            problems.len()
        );
        for problem in problems.iter().take(6) {
            println!("    {:?} {problem}", problem.kind);
        }
        assert!(!t.interchanges.is_empty() || !t.problems.is_empty(), "{name}: neither envelope nor problem");
        assert!(t.transactions().count() > 0 || read > 0 || errors > 0, "{name}: nothing found and nothing said");
        let envelope = !kinds.is_empty()
            && kinds.iter().all(|k| k.starts_with("837:") || k.starts_with("27") || k.starts_with("83"));
        assert!(read > 0 || envelope || errors > 0, "{name}: neither a reading nor a problem");
    }
}

#[test]
fn a_fragment_has_no_isa() {
    let Some(files) = files() else { return };
    let mut seen = 0;
    for (name, bytes) in files.iter().filter(|(name, _)| name.starts_with("fragments/")) {
        seen += 1;
        let t = Transmission::read(bytes);
        assert_eq!(
            t.problems.iter().map(|p| (p.kind, p.place.offset)).collect::<Vec<_>>(),
            [(ProblemKind::NoIsa, 0)],
            "{name}"
        );
        for readings in [remittance::read(bytes).problems, ack999::read(bytes).problems] {
            assert_eq!(readings[0].kind, ProblemKind::NoIsa);
        }
        assert!(matches!(ClaimFrames::new(bytes).next(), Some(Err(p)) if p.kind == ProblemKind::NoIsa));
    }
    assert!(seen >= 3);
}

#[test] // decided by eye: transactions, claims, lines, sum of CLP03, of CLP04, of all CAS, of PLB (cents), clean
fn remittances_say_what_their_files_say() {
    let Some(files) = files() else { return };
    type Facts = (usize, usize, usize, i64, i64, i64, i64, bool);
    let expected: [(&str, Facts); 9] = [
        ("edi835__test_edi_835_files-emedny_sample.txt", (1, 3, 10, 10_250, 4_575, 5_675, 0, true)),
        ("tastypackets__835-multi-line-not-delimited.edi", (1, 3, 10, 10_250, 4_575, 5_675, 0, true)),
        ("edi835__test_edi_835_files-united_healthcare_legacy_sample.txt", (1, 2, 5, 115_752, 34_999, 80_753, 0, true)),
        ("lfh__835_005010X221A1-managed-care.835", (1, 2, 2, 200_000, 94_500, 105_500, 0, false)), // BPR16 is no date
        ("lfh__835_005010X221A1-medicare-part-a.835", (1, 2, 0, 22_636_697, 14_999_873, 7_636_824, -127, true)),
        ("pyx12__tests-835_mult_loops.txt", (1, 1, 3, 91_539, 0, 91_539, 0, true)),
        ("stupidedi__X221A1-pass-era-sample.edi", (1, 1, 5, 22_600, 13_200, 9_400, 0, true)),
        ("stupidedi__X091A1-case-1.edi", (1, 1, 0, 17_800, 2_061, 15_739, 0, true)),
        ("stupidedi__X221-case-1.edi", (1, 2, 0, 22_636_697, 14_999_873, 7_636_824, -127, true)), // prose before ISA is said of the file
    ];
    for (name, facts) in expected {
        let bytes = &files[&format!("835/{name}")];
        let all = remittance::read(bytes);
        let claims = || all.transactions.iter().flat_map(|t| &t.value.claims);
        let cas = |list: &[remittance::Cas]| list.iter().map(|c| c.amount_cents).sum::<i64>();
        let adjusted =
            claims().map(|c| cas(&c.adjustments) + c.lines.iter().map(|l| cas(&l.adjustments)).sum::<i64>()).sum();
        let plb = all
            .transactions
            .iter()
            .flat_map(|t| &t.value.provider_adjustments)
            .flat_map(|p| &p.entries)
            .map(|e| e.amount_cents)
            .sum();
        let found: Facts = (
            all.transactions.len(),
            claims().count(),
            claims().map(|c| c.lines.len()).sum(),
            claims().map(|c| c.charge_cents).sum(),
            claims().map(|c| c.paid_cents).sum(),
            adjusted,
            plb,
            all.transactions.iter().all(Parsed::is_clean),
        );
        assert_eq!(found, facts, "{name}");
        for claim in claims() {
            assert!(bytes[claim.range.start as usize..].starts_with(b"CLP"));
        }
    }
}

#[test]
fn known_facts_of_acknowledgements_and_claims() {
    let Some(files) = files() else { return };
    let accepted = claim_ack::read(&files["277ca/imsweb__277_5010-x12_277CA_accepted.txt"]);
    let ack = &accepted.transactions[0].value;
    assert_eq!(ack.stage, claim_ack::AckStage::Payer);
    let claim = ack.claims().next().unwrap().claim;
    assert_eq!((claim.claim_id.as_str(), claim.payer_claim_control()), ("5781", Some("1107000000014420")));
    assert!(!claim.statuses[0].is_rejection() && claim.statuses[0].amount_cents == Some(12_500));
    let rejected = claim_ack::read(&files["277ca/imsweb__277_5010-x12_277CA_rejected.txt"]);
    let claim = rejected.transactions[0].value.claims().next().unwrap().claim;
    assert!(claim.statuses[0].is_rejection(), "A7 beside WQ is a rejection");
    assert_eq!((claim.statuses[0].codes[0].status.as_str(), claim.statuses[0].codes[0].entity.as_str()), ("562", "85"));

    let many = ack999::read(&files["999/stupidedi__X231A1-pass-response-to-functional-group-containing-3-837s.edi"]);
    let many = &many.transactions[0].value;
    let codes: Vec<String> = many.transactions.iter().map(|t| t.code.to_string()).collect();
    assert_eq!((codes.join(""), many.group_control.as_str(), many.accepted), ("ARR".to_owned(), "17456", 1));
    assert_eq!(many.transactions[2].segment_errors[0].contexts.len(), 2);
    let old = ack999::read(&files["997/stupidedi__X230-pass-response-to-functional-group-containing-837s.edi"]);
    assert_eq!(old.transactions[0].value.transactions[1].segment_errors[0].elements[0].reference, "1028");
    let ta1 = ta1::read(&files["ta1/staedi__wiki-x12_interchange_ack.txt"]);
    assert_eq!(
        (ta1.transactions[0].value.interchange_control.as_str(), ta1.transactions[0].value.code),
        ("000000050", ta1::Ta1Code::Accepted)
    );

    for (name, claims) in [
        ("imsweb__837_5010-x12_complex.txt", 6),
        ("imsweb__837_5010-x12_multiple_gs.txt", 6),
        ("imsweb__837_5010-x12_multiple_st.txt", 4),
        ("imsweb__837_5010-x12_valid_different_separators.txt", 2),
        ("staedi__x12-sample837-original.edi", 1),
        ("staedi__x12-sample837-small.edi", 0),
        ("hccinfhir__sample_files-sample_837_11.txt", 1),
    ] {
        let bytes = &files[&format!("837p/{name}")];
        assert_eq!(ClaimFrames::new(bytes).filter(|f| f.is_ok()).count(), claims, "{name}");
    }
    let utf8 = Transmission::read(&files["mixed/ryanco__resources-example835nonasciielemsep.txt"]);
    assert_eq!(utf8.transactions().next().unwrap().2.control_number, "000000001");
}

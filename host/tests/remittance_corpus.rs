//! Real 835s of many senders: each balances, or says by how much it does not. What must come out was decided by
//! reading the files. Skipped with a word when CLAIMHOST_CORPUS does not name the folder that holds them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use claimhost::remit::{Account, claim_balance, post_claim, post_provider_adjustments, remittance_difference};
use claimhost_x12::remittance;

/// One 835: CLP04 of each claim; sum of PLB; BPR02; difference of the remittance; of each claim that is off, its
/// position and difference; whether every element could be read. Cents.
type Facts = (&'static [i64], i64, i64, i64, &'static [(usize, i64)], bool);

const PART_A: Facts = (&[13_801_840, 1_198_033], -127, 15_000_000, 0, &[], true);
const MANAGED_CARE: Facts = (&[45_000, 49_500], 0, 94_500, 0, &[], true);
const MEDICAID: Facts = (&[3_425, 0, 1_150], 0, 4_575, 0, &[], true);
// CLP04 is empty, BPR holds prose: unreadable amounts count as 0, and `is_clean` keeps it from being posted.
const PROSE: Facts = (&[0, 0], 0, 0, 0, &[(1, 545_555), (2, 424_444)], false);

const FILES: &[(&str, &[Facts])] = &[
    (
        "835/affect835__test_edi_835_files-sample_835.txt",
        &[
            (&[178, 0], 500, 178, -500, &[], false), // PLB of 5.00 that BPR02 does not know; a CAS of words
            (&[13_281, 530, 151, 151], 0, 14_113, 0, &[], false), // PLB amount inside its composite
        ],
    ),
    ("835/edi835__test_edi_835_files-emedny_sample.txt", &[MEDICAID]),
    (
        "835/edi835__test_edi_835_files-united_healthcare_legacy_sample.txt",
        &[(&[8_892, 26_107], 0, 34_999, 0, &[], true)],
    ),
    ("835/lfh__835_005010X221A1-managed-care.835", &[(&[45_000, 49_500], 0, 94_500, 0, &[], false)]), // BPR16 is no day
    ("835/lfh__835_005010X221A1-medicare-part-a.835", &[PART_A]),
    ("835/pyx12__tests-835_mult_loops.txt", &[(&[0], 0, 0, 0, &[], true)]),
    ("835/ryanco__resources-example835One.txt", &[PROSE]),
    ("835/ryanco__resources-example835SpecialCharsOne.txt", &[PROSE]),
    ("835/stupidedi__X091A1-case-1.edi", &[(&[2_061], 0, 2_061, 0, &[], true)]),
    ("835/stupidedi__X221-case-1.edi", &[PART_A]),
    ("835/stupidedi__X221-case-2.edi", &[MANAGED_CARE]),
    ("835/stupidedi__X221A1-pass-dollars-and-data-sent-separate.edi", &[MANAGED_CARE]),
    ("835/stupidedi__X221A1-pass-dollars-and-data-sent-together.edi", &[PART_A]),
    ("835/stupidedi__X221A1-pass-era-sample.edi", &[(&[13_200], 0, 13_200, 0, &[], true)]),
    ("835/tastypackets__835-multi-line-not-delimited.edi", &[MEDICAID]),
    // No ISA: delimiters unknown, nothing is read, and the file says so.
    ("fragments/edi835__test_edi_835_files-blue_cross_nc_sample.txt", &[]),
    ("fragments/imsweb__837_5010-x12_no_isa_line.txt", &[]),
    ("fragments/ryanco__resources-example835NoISA.txt", &[]),
    ("mixed/ryanco__resources-example835nonasciielemsep.txt", &[PROSE]),
];

fn corpus() -> Option<BTreeMap<String, Vec<u8>>> {
    let Some(root) = std::env::var_os("CLAIMHOST_CORPUS") else {
        println!("skipped: CLAIMHOST_CORPUS is not set");
        return None;
    };
    let root = PathBuf::from(root).join("x12");
    let mut files = BTreeMap::new();
    for folder in ["835", "fragments", "mixed"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{folder}/{}", path.file_name().unwrap().to_string_lossy());
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    Some(files)
}

#[test]
fn every_835_balances_or_says_by_how_much_it_does_not() {
    let Some(files) = corpus() else { return };
    let named: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
    assert_eq!(files.keys().collect::<Vec<_>>(), named, "the table names every file");
    for (name, expected) in FILES {
        let readings = remittance::read(&files[*name]);
        assert_eq!(readings.transactions.len(), expected.len(), "{name}");
        assert!(!expected.is_empty() || !readings.problems.is_empty(), "{name}: nothing read and nothing said");
        for (parsed, (paid, provider, payment, difference, off, clean)) in readings.transactions.iter().zip(*expected) {
            let remittance = &parsed.value;
            let claims: Vec<i64> = remittance.claims.iter().map(|claim| claim.paid_cents).collect();
            let entries = remittance.provider_adjustments.iter().flat_map(|adjustment| &adjustment.entries);
            let sums = (entries.map(|entry| entry.amount_cents).sum::<i64>(), remittance.payment.amount_cents);
            assert_eq!((claims.as_slice(), sums), (*paid, (*provider, *payment)), "{name}");
            assert_eq!(remittance_difference(remittance), *difference, "{name}");
            assert_eq!(paid.iter().sum::<i64>() - provider - payment, *difference, "{name}: the table itself");
            let balances = remittance.claims.iter().map(claim_balance).enumerate();
            let found: Vec<(usize, i64)> =
                balances.filter(|(_, b)| !b.is_balanced()).map(|(index, b)| (index + 1, b.difference())).collect();
            assert_eq!((found.as_slice(), parsed.is_clean()), (*off, *clean), "{name}");
        }
    }
}

#[test] // posted whole, whether or not it balances, cash is what the bank will see
fn cash_ends_at_bpr02_for_every_file() {
    let Some(files) = corpus() else { return };
    let mut posted = 0;
    for (name, bytes) in &files {
        for parsed in remittance::read(bytes).transactions {
            let of_claims = parsed.value.claims.iter().flat_map(|claim| match post_claim(claim) {
                Ok(claim) => claim.postings,
                Err(unapplied) => unapplied.postings,
            });
            let of_remittance = post_provider_adjustments(&parsed.value).into_iter().map(|provider| provider.posting);
            let all: Vec<_> = of_claims.chain(of_remittance).collect();
            let cash = all.iter().filter(|p| p.account == Account::Cash).map(|p| p.amount_cents).sum::<i64>();
            assert_eq!(cash, parsed.value.payment.amount_cents, "{name}");
            assert_eq!(all.iter().map(|p| p.amount_cents).sum::<i64>(), 0, "{name}");
            posted += 1;
        }
    }
    assert_eq!(posted, FILES.iter().map(|(_, facts)| facts.len()).sum::<usize>());
}

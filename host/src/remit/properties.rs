//! Properties of posting, balance, pairing and keys over random claims; then the cases a biller would name.

use std::collections::BTreeMap;

use claimhost_x12::remittance::*;
use claimhost_x12::{Place, Transmission};
use proptest::prelude::*;

use super::Payment;
use super::*;

fn cas(group: &str, reason: &str, amount_cents: i64) -> Cas {
    let group = match group {
        "CO" => GroupCode::Contractual,
        "OA" => GroupCode::Other,
        "PI" => GroupCode::PayerInitiated,
        "PR" => GroupCode::PatientResponsibility,
        other => GroupCode::Unknown(other.to_owned()),
    };
    Cas { group, reason: reason.to_owned(), amount_cents, quantity_thousandths: None, place: Place::byte(0) }
}

fn line(charge_cents: i64, adjustments: Vec<Cas>) -> ServicePayment {
    let paid_cents = charge_cents - adjustments.iter().map(|c| c.amount_cents).sum::<i64>();
    ServicePayment { charge_cents, paid_cents, adjustments, ..ServicePayment::default() }
}

/// A balanced claim of lines; without lines, `charge` is its own.
fn claim(status: &str, charge: i64, adjustments: Vec<Cas>, lines: Vec<ServicePayment>) -> ClaimPayment {
    let charge_cents = if lines.is_empty() { charge } else { lines.iter().map(|l| l.charge_cents).sum() };
    let all = adjustments.iter().chain(lines.iter().flat_map(|l| &l.adjustments)).map(|c| c.amount_cents);
    let paid_cents = charge_cents - all.sum::<i64>();
    ClaimPayment { status: status.to_owned(), charge_cents, paid_cents, adjustments, lines, ..ClaimPayment::default() }
}

fn reversal(of: &ClaimPayment) -> ClaimPayment {
    let negate = |list: &mut Vec<Cas>| list.iter_mut().for_each(|c| c.amount_cents = -c.amount_cents);
    let mut back =
        ClaimPayment { status: "22".into(), charge_cents: -of.charge_cents, paid_cents: -of.paid_cents, ..of.clone() };
    negate(&mut back.adjustments);
    for line in &mut back.lines {
        (line.charge_cents, line.paid_cents) = (-line.charge_cents, -line.paid_cents);
        negate(&mut line.adjustments);
    }
    back
}

fn payment(paid_day: i64, remittance: u64, charge: i64, paid: i64, is_reversal: bool) -> Payment {
    Payment {
        paid_day,
        charge,
        paid,
        contractual: 0,
        patient: 0,
        denied: 0,
        payer_id: "A".to_owned(),
        status: if is_reversal { "22" } else { "1" }.to_owned(),
        payer_control_number: String::new(),
        all_denied: false,
        posted: true,
        remittance,
        ordinal: 1,
    }
}

type Sums = BTreeMap<Account, i64>;

fn sums<'a>(postings: impl IntoIterator<Item = &'a Posting>) -> Sums {
    let mut sums = Sums::new();
    for posting in postings {
        *sums.entry(posting.account).or_default() += posting.amount_cents;
    }
    sums.retain(|_, amount| *amount != 0);
    sums
}

fn adjustments(pairs: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = Vec<Cas>> {
    let one = (prop::sample::select(pairs), -5_000_i64..50_000).prop_map(|((g, r), amount)| cas(g, r, amount));
    prop::collection::vec(one, 0..5)
}

const PRIMARY: &[(&str, &str)] = &[
    ("CO", "45"),
    ("CO", "253"),
    ("PR", "1"),
    ("PR", "2"),
    ("PR", "3"),
    ("PR", "96"),
    ("CO", "50"),
    ("OA", "18"),
    ("PI", "23"),
    ("XX", "45"),
];
const ANY: &[(&str, &str)] = &[("CO", "45"), ("PR", "2"), ("OA", "23"), ("CO", "97"), ("CO", "253"), ("CR", "1")];

fn claims(pairs: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = ClaimPayment> {
    let lines = prop::collection::vec((0_i64..100_000, adjustments(pairs)).prop_map(|(c, a)| line(c, a)), 0..6);
    (prop::sample::select(&["1", "2", "4", "19", "22"][..]), 0_i64..100_000, adjustments(pairs), lines)
        .prop_map(|(status, charge, adjustments, lines)| claim(status, charge, adjustments, lines))
}

proptest! {
    #[test]
    fn postings_sum_to_zero_on_every_line(claim in claims(ANY)) {
        let posted = post_claim(&claim).unwrap();
        let mut by_line: BTreeMap<u16, i64> = BTreeMap::new();
        for posting in &posted.postings {
            prop_assert_ne!(posting.amount_cents, 0);
            *by_line.entry(posting.line).or_default() += posting.amount_cents;
        }
        prop_assert!(by_line.values().all(|sum| *sum == 0), "{:?}", by_line);
        let cash = sums(&posted.postings).get(&Account::Cash).copied().unwrap_or(0);
        prop_assert_eq!((posted.paid, cash), (claim.paid_cents, claim.paid_cents));
        prop_assert!(posted.lines_denied <= posted.lines_total);
    }

    #[test] // charge = paid + contractual + patient + denied, and the payer owes nothing once it has decided
    fn a_primary_decision_takes_the_charge_apart(claim in claims(PRIMARY)) {
        let posted = post_claim(&claim).unwrap();
        prop_assert_eq!(posted.paid + posted.contractual + posted.patient + posted.denied, claim.charge_cents);
        let billed = post_charge(0, claim.charge_cents);
        let all = sums(billed.iter().chain(&posted.postings));
        prop_assert_eq!(all.get(&Account::PayerReceivable), None);
        for (account, amount) in [(Account::Contractual, posted.contractual),
            (Account::PatientReceivable, posted.patient), (Account::Denied, posted.denied),
            (Account::Charges, -claim.charge_cents)] {
            prop_assert_eq!(all.get(&account).copied().unwrap_or(0), amount, "{:?}", account);
        }
    }

    #[test]
    fn a_reversal_nets_to_zero_in_every_account(claim in claims(ANY)) {
        let (there, back) = (post_claim(&claim).unwrap(), post_claim(&reversal(&claim)).unwrap());
        prop_assert_eq!(sums(there.postings.iter().chain(&back.postings)), Sums::new());
        prop_assert_eq!((there.denied, there.lines_denied), (-back.denied, back.lines_denied));
    }

    #[test] // payers decide one after the other on what is left, any of them may deny: what is billed stays in the accounts
    fn decisions_of_all_payers_add_up_to_the_charge(
        charges in prop::collection::vec(1_i64..100_000, 1..5),
        cuts in prop::collection::vec((0_i64..=100, 0_i64..=100, 0_i64..=100), 3)
    ) {
        // What each payer finds left of a line: paid, contract, patient and denied parts of it.
        let mut postings: Vec<Posting> =
            charges.iter().enumerate().flat_map(|(at, charge)| post_charge(at as u16 + 1, *charge)).collect();
        let mut left = charges.clone();
        let mut lines: BTreeMap<u16, Vec<Decided>> = BTreeMap::new();
        let (mut paid, mut contract) = (0, 0);
        for (payer, (pays, contract_percent, share_percent)) in cuts.into_iter().enumerate() {
            let mut services = Vec::new();
            for (at, charge) in charges.iter().enumerate() {
                let pays = left[at] * pays / 100;
                let written_off = (left[at] - pays) * contract_percent / 100;
                let share = (left[at] - pays - written_off) * share_percent / 100;
                let denied = left[at] - pays - written_off - share;
                let mut adjustments = vec![cas("CO", "45", written_off), cas("PR", "2", share), cas("CO", "50", denied)];
                if payer > 0 {
                    adjustments.push(cas("OA", "23", charge - left[at]));
                }
                services.push(line(*charge, adjustments));
                lines.entry(at as u16 + 1).or_default().push(Decided { patient: share, denied, decided: left[at] });
                (paid, contract) = (paid + pays, contract + written_off);
                left[at] = share + denied;
            }
            let posted = post_claim(&claim("1", 0, vec![], services)).unwrap().postings;
            let from_receivable = |at: u16| -> i64 {
                let of_line = posted.iter().filter(|p| p.line == at && p.account == Account::PayerReceivable);
                -of_line.map(|p| p.amount_cents).sum::<i64>()
            };
            for (at, decided) in &lines {
                prop_assert_eq!(from_receivable(*at), decided[payer].decided);
            }
            postings.extend(posted);
        }
        let all = sums(&postings);
        let taken = releases(&lines);
        let (patient, denied) = taken.iter().fold((0, 0), |sum, one| (sum.0 + one.patient, sum.1 + one.denied));
        let get = |account| all.get(&account).copied().unwrap_or(0);
        prop_assert_eq!(get(Account::PayerReceivable) + patient + denied, 0, "every payer has decided");
        let (patient, denied) = (get(Account::PatientReceivable) - patient, get(Account::Denied) - denied);
        prop_assert!(patient >= 0 && denied >= 0);
        prop_assert_eq!(patient + denied, left.iter().sum::<i64>(), "what the last payer left");
        prop_assert_eq!(paid + contract + patient + denied, charges.iter().sum::<i64>());
        prop_assert_eq!((get(Account::Cash), get(Account::Contractual)), (paid, contract));
    }

    #[test] // one cent anywhere is seen, shown and kept out of the accounts; the codec's words agree with our numbers
    fn what_does_not_balance_is_unapplied(
        claim in claims(ANY), off in prop_oneof![-9_i64..0, 1_i64..9], place in 0_usize..4
    ) {
        let mut wrong = claim.clone();
        match (place, wrong.lines.first_mut()) {
            (0, _) | (_, None) => wrong.paid_cents -= off,
            (1, Some(line)) => line.paid_cents -= off,
            (2, Some(line)) => line.charge_cents += off,
            (_, Some(_)) => wrong.charge_cents += off,
        }
        let unapplied = post_claim(&wrong).unwrap_err();
        prop_assert_eq!(unapplied.difference_cents.abs(), off.abs());
        prop_assert_eq!(unapplied.difference_cents, claim_balance(&wrong).difference());
        let mut expected: Sums = [(Account::Cash, wrong.paid_cents), (Account::Unapplied, -wrong.paid_cents)].into();
        expected.retain(|_, amount| *amount != 0);
        prop_assert_eq!(sums(&unapplied.postings), expected);
        for (claim, balanced) in [(claim, true), (wrong, false)] {
            let mut remittance = Remittance::default();
            remittance.payment.amount_cents = claim.paid_cents;
            remittance.claims.push(claim);
            prop_assert_eq!(remittance.out_of_balance().is_empty(), balanced);
            prop_assert_eq!(remittance_difference(&remittance), 0);
        }
    }

    #[test]
    fn cash_ends_at_the_payment(
        list in prop::collection::vec((claims(ANY), -3_i64..3), 0..5),
        entries in prop::collection::vec(
            (prop::sample::select(&["L6", "WO", "FB", "72", "CS", "J1"][..]), -9_000_i64..9_000), 0..7),
        payment in -50_000_i64..50_000, debit in any::<bool>()
    ) {
        let mut remittance = Remittance::default();
        remittance.payment.amount_cents = payment.abs();
        remittance.payment.credit_or_debit = if debit { "D" } else { "C" }.to_owned();
        let (reference, place) = ("REF".to_owned(), Place::byte(0));
        let entries: Vec<PlbEntry> = entries.into_iter().map(|(reason, amount_cents)| PlbEntry {
            reason: reason.to_owned(), reference: reference.clone(), amount_cents, place,
        }).collect();
        let of = |interest: bool| {
            entries.iter().filter(|e| (e.reason == "L6") == interest).map(|e| e.amount_cents).sum::<i64>()
        };
        let (interest, takeback) = (of(true), of(false));
        let provider_id = String::new();
        remittance.provider_adjustments.push(ProviderAdjustment { provider_id, fiscal_period: None, entries, place });
        let mut postings = Vec::new();
        for (mut claim, off) in list {
            claim.paid_cents += off;
            let posted = post_claim(&claim);
            postings.extend(posted.map_or_else(|unapplied| unapplied.postings, |posted| posted.postings));
            remittance.claims.push(claim);
        }
        postings.extend(post_provider_adjustments(&remittance).into_iter().map(|p| p.posting));
        let sums = sums(&postings);
        let get = |account| sums.get(&account).copied().unwrap_or(0);
        prop_assert_eq!(get(Account::Cash), if debit { -payment.abs() } else { payment.abs() });
        prop_assert_eq!((get(Account::Interest), get(Account::Takeback)), (interest, takeback));
        prop_assert_eq!(postings.iter().map(|p| p.amount_cents).sum::<i64>(), 0);
    }

    #[test] // no amounts, however absurd, make it panic or post something that does not sum to zero
    fn absurd_amounts_never_post(
        amounts in prop::collection::vec(
            prop::sample::select(&[i64::MIN, i64::MAX, i64::MAX - 1, -i64::MAX, 0, 1][..]), 9)
    ) {
        let line = ServicePayment { charge_cents: amounts[0], paid_cents: amounts[1],
            adjustments: vec![cas("CO", "45", amounts[2]), cas("OA", "23", amounts[3])], ..ServicePayment::default() };
        let claim = ClaimPayment { charge_cents: amounts[4], paid_cents: amounts[5],
            adjustments: vec![cas("CO", "50", amounts[6]), cas("PR", "1", amounts[7])],
            lines: vec![line.clone(), line], ..ClaimPayment::default() };
        match post_claim(&claim) {
            Ok(posted) => prop_assert_eq!(posted.postings.iter().map(|p| i128::from(p.amount_cents)).sum::<i128>(), 0),
            Err(unapplied) => prop_assert_ne!(unapplied.difference_cents, 0),
        }
        let mut remittance = Remittance::default();
        remittance.payment.amount_cents = amounts[8];
        remittance.claims = vec![claim.clone(), claim];
        let of_remittance = post_provider_adjustments(&remittance);
        prop_assert_eq!(of_remittance.iter().map(|p| i128::from(p.posting.amount_cents)).sum::<i128>(), 0);
    }

    #[test] // any order gives the same; other remittance ids (they depend on arrival) leave the same amounts standing
    fn pairing_does_not_depend_on_order(
        list in prop::collection::vec((0_i64..3, 0_i64..3, 0_i64..2, any::<bool>(), 0_usize..2), 0..12),
        seed in any::<u64>()
    ) {
        let build = |ids: &dyn Fn(usize) -> u64| -> Vec<Payment> {
            list.iter().enumerate().map(|(index, (day, paid, patient, is_reversal, payer))| {
                let sign = if *is_reversal { -1 } else { 1 };
                Payment { patient: patient * sign, payer_id: ["A", "B"][*payer].to_owned(),
                    ..payment(*day, ids(index), 9 * sign, paid * sign, *is_reversal) }
            }).collect()
        };
        let (first, renumbered) = (build(&|index| index as u64), build(&|index| 1_000 - index as u64));
        let expected = net(&first);
        let mut shuffled = first.clone();
        shuffled.extend(first.clone()); // twice
        shuffled.sort_by_key(|p| (p.remittance + 1).wrapping_mul(seed | 1));
        prop_assert_eq!(&net(&shuffled), &expected);
        prop_assert_eq!(expected.live.len() + expected.unmatched.len() + 2 * expected.reversed.len(), first.len());
        for (original, back) in &expected.reversed {
            prop_assert_eq!((original.paid, &original.payer_id), (-back.paid, &back.payer_id));
            prop_assert_eq!((original.is_reversal(), back.is_reversal()), (false, true));
        }
        for back in &expected.unmatched {
            let fits = |o: &Payment| o.payer_id == back.payer_id && o.paid == -back.paid;
            prop_assert!(!expected.live.iter().any(fits), "both left");
        }
        let amounts = |answer: &NetPayments| {
            let live = answer.live.iter().map(|p| (p.payer_id.clone(), p.amounts()));
            live.collect::<std::collections::BTreeSet<_>>()
        };
        prop_assert_eq!(amounts(&net(&renumbered)), amounts(&expected));
    }
}

#[test]
fn account_names_are_read_back() {
    for account in Account::ALL {
        assert_eq!(Account::parse(account.as_str()), Some(account));
    }
    assert_eq!((Account::parse("Cash"), Account::parse("")), (None, None));
}

#[test] // paid with denied lines is both; a line that carries nothing is not counted
fn denials_are_counted_by_line() {
    let facts = |claim: &ClaimPayment| {
        let posted = post_claim(claim).unwrap();
        (posted.denied, posted.lines_denied, posted.lines_total, posted.all_denied)
    };
    let denied = || line(100, vec![cas("CO", "50", 100)]);
    assert_eq!(facts(&claim("1", 0, vec![], vec![line(100, vec![]), denied()])), (100, 1, 2, false));
    assert_eq!(facts(&claim("4", 0, vec![], vec![denied(), denied(), line(0, vec![])])), (200, 2, 2, true));
    assert_eq!(facts(&claim("4", 0, vec![], vec![denied(), line(100, vec![cas("PR", "1", 100)])])), (100, 1, 2, false));
    assert_eq!(
        facts(&claim("4", 0, vec![], vec![denied(), line(100, vec![cas("CO", "45", 100)])])),
        (100, 1, 2, false)
    );
    assert_eq!(facts(&claim("4", 500, vec![cas("CO", "29", 500)], vec![])), (500, 1, 1, true), "no service lines");
    assert_eq!(
        facts(&claim("4", 0, vec![cas("CO", "29", 200)], vec![line(120, vec![]), line(80, vec![])])),
        (200, 0, 2, true),
        "denied as a whole"
    );
    assert_eq!(
        facts(&claim("1", 0, vec![], vec![line(100, vec![cas("CO", "45", 100)])])),
        (0, 0, 1, false),
        "all contract is no denial"
    );
}

#[test]
fn a_predetermination_pays_nothing() {
    assert_eq!(post_claim(&claim("25", 100, vec![cas("OA", "101", 100)], vec![])), Ok(ClaimPostings::default()));
    let paid = post_claim(&claim("25", 100, vec![], vec![])).unwrap_err();
    assert_eq!(
        (paid.difference_cents, sums(&paid.postings)),
        (0, [(Account::Cash, 100), (Account::Unapplied, -100)].into())
    );
}

const STANDARD: &str = "ISA*00*          *00*          *ZZ*PAYER          *ZZ*US             *260102*0304*^*00501*000000007*0*P*:~\
GS*HP*PAYER*US*20260102*0304*7*X*005010X221A1~ST*835*0001~BPR*I*80*C*CHK************20260102~TRN*1*555*1999999999~\
N1*PR*EXAMPLE HEALTH~N1*PE*EXAMPLE CLINIC*XX*1234567893~LX*1~CLP*C1*1*100*80**12*ICN1~CAS*CO*45*20~\
SVC*HC:99213:25*100*80~SE*10*0001~GE*1*7~IEA*1*000000007~";

fn digest(bytes: &[u8]) -> [u8; 32] {
    let transmission = Transmission::read(bytes);
    assert_eq!(transmission.transactions().count(), 1);
    let digest = transmission.transactions().map(|(_, _, transaction)| content_digest(transaction)).next();
    digest.unwrap()
}

#[test] // the payer's text in another envelope is the same remittance
fn content_is_what_stands_between_st_and_se() {
    let expected = digest(STANDARD.as_bytes());
    let other = STANDARD.replace('*', "|").replace(':', ">").replace('~', "\n").replace("000000007", "000000099");
    let (padded, numbered) = (STANDARD.replace("CLP*C1*", "CLP*C1 *"), STANDARD.replace("*0001~", "*4711~"));
    let wrapped = STANDARD.replace('~', "~\r\n").replace("ICN1~", "ICN1***~").replace("HC:99213:25*", "HC:99213:25::*");
    for same in [other, padded, numbered, wrapped] {
        assert_eq!(digest(same.as_bytes()), expected, "{same}");
    }
    let accent = STANDARD.replace("CLINIC", "CL\u{cd}NIC");
    let latin: Vec<u8> = accent.chars().map(|c| c as u8).collect();
    assert_eq!(digest(accent.as_bytes()), digest(&latin), "UTF-8 and Latin-1");
    let mut seen = vec![expected];
    for (from, to) in [
        ("CO*45*20", "CO*45*21"),
        ("*80**12", "*80*12*"),
        ("99213:25", "9921:325"),
        ("99213:25", "99213^25"),
        ("TRN*1*555", "TRN*1*556"),
        ("LX*1~", "LX*1~LX*2~"),
        ("CAS*CO*45*20~", ""),
    ] {
        let changed = digest(STANDARD.replace(from, to).as_bytes());
        assert!(!seen.contains(&changed), "{from} -> {to}");
        seen.push(changed);
    }
}

#[test]
fn the_key_is_payer_and_trace_and_for_nothing_paid_the_content() {
    let read = |text: &str| claimhost_x12::remittance::read(text.as_bytes()).transactions.remove(0).value;
    let key = |text: &str, content: u8| RemittanceKey::new(&read(text), [content; 32]).to_bytes();
    let base = key(STANDARD, 1);
    assert_eq!(key(STANDARD, 2), base, "content is not in the key");
    assert_eq!(key(&STANDARD.replace("I*80*C", "I*81*C"), 1), base, "nor is the amount");
    assert_eq!(key(&STANDARD.replace("EXAMPLE HEALTH", "Example  Health"), 1), base);
    for (from, to) in [
        ("*555*", "*556*"),
        ("1999999999", "1999999998"),
        ("EXAMPLE HEALTH", "EXAMPLE HEALTH*XV*1"),
        ("*555*1", "*5551*"),
    ] {
        assert_ne!(key(&STANDARD.replace(from, to), 1), base, "{from} -> {to}");
    }
    let none = STANDARD.replace("I*80*C*CHK", "H*0*C*NON");
    assert_ne!(key(&none, 1), key(&none, 2));
    assert_ne!(key(&none, 1), key(&none.replace("*20260102~TRN", "*20260103~TRN"), 1));
    assert_ne!(key(&none, 1), base);
    let plan = read(&STANDARD.replace("EXAMPLE HEALTH~", "EXAMPLE HEALTH~REF*2U*90001~"));
    assert_eq!(RemittanceKey::new(&plan, [0; 32]).payer, "90001");
}

#[test] // original, its reversal and the same amounts again: the last one stands, in any order
fn a_correction_leaves_the_newest() {
    let at = |day, remittance, ordinal, paid: i64, is_reversal| Payment {
        ordinal,
        ..payment(day, remittance, paid.signum() * 100, paid, is_reversal)
    };
    let (first, back, again) = (at(1, 9, 1, 80, false), at(5, 3, 1, -80, true), at(5, 3, 2, 80, false));
    let stray = at(5, 3, 3, -70, true);
    let answer = net(&[again.clone(), stray.clone(), back.clone(), first.clone()]);
    assert_eq!(answer, NetPayments { live: vec![again], reversed: vec![(first, back)], unmatched: vec![stray] });
}

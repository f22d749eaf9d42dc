//! The typed readers over hand-written files of invented practices, held against what was written into them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_x12::claim_ack::{AckStage, StcAction};
use claimhost_x12::remittance::GroupCode;
use claimhost_x12::*;

const ACK: &str = include_str!("fixtures/999_mixed.edi");
const TREE: &str = include_str!("fixtures/277ca_tree.edi");
const REMITTANCE: &str = include_str!("fixtures/835_two_payments.edi");

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("{:?} {p}", p.kind)).collect::<Vec<_>>().join("\n")
}

#[test]
fn reads_ta1_and_999() {
    let ta1 = &ta1::read(ACK.as_bytes()).transactions[0];
    assert!(ta1.is_clean());
    assert_eq!(
        (ta1.value.interchange_control.as_str(), ta1.value.code, ta1.value.note.as_str()),
        ("000000041", ta1::Ta1Code::Accepted, "000")
    );
    let all = ack999::read(ACK.as_bytes());
    assert_eq!((all.transactions.len(), lines(&all.problems).as_str()), (1, ""));
    let ack = &all.transactions[0];
    assert!(ack.is_clean(), "{}", lines(&ack.problems));
    assert_eq!(
        (ack.value.group_control.as_str(), ack.value.code.to_string(), ack.value.accepted),
        ("41", "P".to_owned(), 1)
    );
    let [first, second] = &ack.value.transactions[..] else { panic!() };
    assert!(first.code.is_accepted() && first.segment_errors.is_empty());
    assert_eq!((second.transaction_control.as_str(), second.errors.join(",")), ("0042", "5,I5".to_owned()));
    let error = &second.segment_errors[0];
    assert_eq!(
        (error.segment.as_str(), error.position, error.loop_id.as_str(), error.code.as_str()),
        ("NM1", 9, "2010AA", "8")
    );
    assert_eq!((error.contexts[0].element, error.contexts[0].component), (Some(5), Some(3)));
    assert_eq!((error.contexts[1].name.as_str(), error.contexts[1].value.as_str()), ("CLM01", "HC0009"));
    let element = &error.elements[0];
    assert_eq!((element.element, element.component, element.repeat, element.code.as_str()), (9, Some(1), Some(2), "7"));
    assert_eq!(element.contexts.len(), 1);
    assert_eq!(second.segment_errors[1].position, 12);
    let silent = ACK.replace("IK5*A~\n", "").replace("SE*14*", "SE*13*");
    let ack = &ack999::read(silent.as_bytes()).transactions[0];
    assert_eq!(
        lines(&ack.problems),
        "MissingSegment AK2 (segment 6, byte 254): found AK2 without its IK5, expected IK5 (AK5 in a 997) with the acknowledgement code; take the transaction as not acknowledged; ask the sender for the file again"
    );
    assert!(!ack.value.transactions[0].code.is_accepted());
}

#[test]
fn reads_a_997_to_the_same_structs() {
    let old = ACK.replace("ST*999*", "ST*997*").replace("IK3*", "AK3*").replace("IK4*", "AK4*").replace("IK5*", "AK5*");
    let (new, old) = (ack999::read(ACK.as_bytes()), ack999::read(old.as_bytes()));
    assert_eq!(new.transactions[0].value, old.transactions[0].value);
}

#[test]
fn reads_a_277ca() {
    let all = claim_ack::read(TREE.as_bytes());
    let ack = &all.transactions[0];
    assert!(ack.is_clean(), "{}", lines(&ack.problems));
    assert_eq!(ack.problems, []);
    assert_eq!(ack.value.stage, AckStage::Clearinghouse);
    let receiver = &ack.value.receivers[0];
    assert_eq!(
        (receiver.trace.as_str(), receiver.totals.accepted_count, receiver.totals.rejected_cents),
        ("B41", Some(1), Some(17_550))
    );
    let claims: Vec<_> = ack.value.claims().collect();
    assert_eq!(claims.iter().map(|c| c.claim.claim_id.as_str()).collect::<Vec<_>>(), ["HC0001", "HC0003"]);
    let (good, bad) = (claims[0].claim, claims[1].claim);
    assert_eq!((good.payer_claim_control(), good.clearinghouse_trace()), (Some("EXH2026001"), Some("NC778899")));
    assert!(!good.statuses[0].is_rejection());
    assert_eq!(bad.statuses.len(), 2);
    let status = &bad.statuses[0];
    assert_eq!(
        (status.codes.len(), &status.action, status.amount_cents, status.is_rejection()),
        (2, &StcAction::Rejected, Some(9_550), true)
    );
    assert_eq!((status.codes[0].entity.as_str(), status.codes[1].status.as_str()), ("85", "306"));
    assert_eq!(bad.service.map(|(a, b)| (a.day, b.day)), Some((4, 5)));
    let line = &bad.lines[0];
    assert_eq!((line.line_control(), line.charge_cents, line.units_thousandths), (Some("L1"), 9_550, Some(1_000)));
    assert_eq!((line.procedure.modifiers.join(","), line.statuses.len()), ("25".to_owned(), 1));
    let file_level = TREE[..TREE.find("HL*3").unwrap()].replace("*WQ*", "*U*") + "SE*16*0901~GE*1*901~IEA*1*000000901~";
    let refused = &claim_ack::read(file_level.as_bytes()).transactions[0];
    assert!(refused.is_clean(), "{}", lines(&refused.problems));
    assert_eq!(refused.value.rejected_wholesale().map(|(trace, _)| trace).collect::<Vec<_>>(), ["B41"]);
}

#[test]
fn reads_an_835_to_the_cent() {
    let all = remittance::read(REMITTANCE.as_bytes());
    assert_eq!(all.problems, []);
    let [paid, notice] = &all.transactions[..] else { panic!() };
    assert_eq!(paid.problems, []);
    let r = &paid.value;
    assert_eq!(
        (r.payment.amount_cents, r.payment.method.as_str(), r.trace.as_str(), r.originating_supplement.as_str()),
        (11_750, "ACH", "EFT5501", "SUP1")
    );
    assert_eq!(
        (r.payer.id.as_str(), r.payer.reference("2U"), r.payee.reference("TJ")),
        ("EX001", Some("EX001"), Some("990000001"))
    );
    assert_eq!(r.payer.address, ["9 LEDGER ST", "FLOOR 2"]);
    assert_eq!((r.headers[0].claim_count, r.headers[0].charge_cents), (Some(2), Some(23_000)));
    assert_eq!(
        r.provider_adjustments[0].entries.iter().map(|e| (e.reason.as_str(), e.amount_cents)).collect::<Vec<_>>(),
        [("WO", -5_000), ("L6", -2_500)]
    );
    let [claim, reversal] = &r.claims[..] else { panic!() };
    assert_eq!(
        (claim.claim_id.as_str(), claim.charge_cents, claim.paid_cents, claim.patient_responsibility_cents),
        ("HC0001", 15_000, 10_000, Some(2_000))
    );
    assert_eq!((claim.party("74").unwrap().id.as_str(), claim.party("82").unwrap().name.as_str()), ("M0001A", "VOSS"));
    assert_eq!((claim.date("050").unwrap().day, claim.amount("AU"), claim.quantities[0].1), (6, Some(14_000), 1_500));
    assert_eq!(claim.outpatient.as_ref().unwrap().remark_codes, ["MA01", "MA07"]);
    let line = &claim.lines[0];
    assert_eq!(
        (line.paid_cents, line.paid_units_thousandths, line.billed_units_thousandths),
        (11_000, Some(1_000), Some(2_000))
    );
    assert_eq!(line.billed_procedure.as_ref().unwrap().modifiers, ["25"]);
    assert_eq!(
        (line.line_control(), line.allowed_cents(), line.remark_codes[0].1.as_str()),
        (Some("L1"), Some(14_000), "N130")
    );
    let cas: Vec<_> = line
        .adjustments
        .iter()
        .map(|c| (c.group.as_str(), c.reason.as_str(), c.amount_cents, c.quantity_thousandths))
        .collect();
    assert_eq!(cas, [("CO", "45", 2_000, Some(1_000)), ("CO", "253", 0, None), ("PR", "1", 2_000, None)]);
    assert!(REMITTANCE[claim.range.start as usize..claim.range.end as usize].starts_with("CLP*HC0001"));
    assert!(REMITTANCE[line.range.start as usize..line.range.end as usize].ends_with("LQ*HE*N130~"));
    assert!(reversal.is_reversal() && reversal.paid_cents == -5_750 && reversal.lines.is_empty());
    assert_eq!(lines(&r.out_of_balance()), "");
    // The second transaction has a bad group code and a comma in an amount: located, and the first is untouched.
    assert!(!notice.is_clean());
    assert_eq!(notice.value.claims[0].adjustments[0].group, GroupCode::Unknown("XX".to_owned()));
    insta::assert_snapshot!(lines(&notice.problems), @r"
    BadElement CAS01 (segment 48, byte 1272): found `AA`, expected CO, CR, OA, PI or PR; ask the sender to correct it; do not post from this transaction
    BadElement CAS03 (segment 48, byte 1272): found `99,9`, expected an amount below 100 billion with at most two decimals, `-` or no sign; ask the sender to correct it; do not post from this transaction
    ");
    let off = REMITTANCE.replace("CAS*PR*1*20~", "CAS*PR*1*19.99~");
    let off = remittance::read(off.as_bytes()).transactions[0].value.out_of_balance();
    assert_eq!(off.iter().map(|p| p.found.as_str()).collect::<Vec<_>>(), ["11000 cents", "10000 cents"]);
    // An amount that would overflow a sum is a bad element.
    let huge = REMITTANCE.replace("CAS*PR*1*20~", "CAS*PR*1*92233720368547758.07~");
    assert!(remittance::read(huge.as_bytes()).transactions[0].problems.iter().any(|p| p.to_string().contains("CAS03")));
}

#[test] // an 835 whose middle is gone must not pass for a clean one
fn a_truncated_transaction_is_not_clean() {
    let cut = &REMITTANCE[..REMITTANCE.find("LQ*HE").unwrap()];
    let all = remittance::read(cut.as_bytes());
    assert_eq!(all.transactions.len(), 1);
    assert!(!all.transactions[0].is_clean());
    assert_eq!(all.transactions[0].value.claims.len(), 1);
    let lost = REMITTANCE.replace("CAS*CO*45*-22.5~\n", "");
    assert!(!remittance::read(lost.as_bytes()).transactions[0].is_clean());
    let none = remittance::read(ACK.as_bytes());
    assert_eq!((none.transactions.len(), none.problems[0].kind), (0, ProblemKind::WrongTransaction));
}

#[test] // a file of several kinds is offered to every reader: none of one kind is no problem then
fn only_read_itself_asks_for_its_kind() {
    let transmission = Transmission::read(ACK.as_bytes());
    assert_eq!(remittance::read_transmission(&transmission).problems, []);
    assert_eq!(ta1::read_transmission(&transmission).problems, []);
    for problems in [
        remittance::read(ACK.as_bytes()).problems,
        claim_ack::read(ACK.as_bytes()).problems,
        ta1::read(TREE.as_bytes()).problems,
    ] {
        assert_eq!(problems.iter().map(|p| p.kind).collect::<Vec<_>>(), [ProblemKind::WrongTransaction]);
    }
}

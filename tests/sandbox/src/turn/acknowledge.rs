//! The 277CAs of a turn, once clearinghouse and payers have decided.

use super::{CLEARINGHOUSE, Decided, Turn};
use crate::answers::{claim_ack, interchange};
use crate::reader::Header;
use std::collections::BTreeMap;

impl Turn<'_> {
    /// Two 277CAs per inbound transaction: the clearinghouse's, and one of each payer that saw a claim.
    pub(super) fn acknowledge_claims(&mut self) {
        let payers = self.payers;
        for batch in std::mem::take(&mut self.batches) {
            let mut at_clearinghouse = Vec::new();
            let mut by_payer: BTreeMap<String, Vec<claim_ack::Status>> = BTreeMap::new();
            for (claim, rejection, decided) in batch.claims {
                let (icn, refused) = match decided {
                    Some(Decided::Taken(icn)) => (Some(icn), None),
                    Some(Decided::Refused(rejection)) => (None, Some(rejection)),
                    None => (None, None),
                };
                if rejection.is_some() || refused.is_some() {
                    self.summary.claims_rejected += 1;
                }
                if rejection.is_none() {
                    let status = claim_ack::Status { claim: claim.clone(), icn, rejection: refused };
                    by_payer.entry(claim.payer.clone()).or_default().push(status);
                }
                at_clearinghouse.push(claim_ack::Status { claim, icn: None, rejection });
            }
            let (name, id) = CLEARINGHOUSE;
            let source = claim_ack::Source { entity: "AY", name, id, category: "A1", status: "19" };
            self.acknowledge(&batch.header, "277ca", &source, &batch.reference, &batch.batch, &at_clearinghouse);
            for (payer, claims) in by_payer {
                let name = payers.find(&payer).map_or("", |payer| payer.name.as_str());
                let source = claim_ack::Source { entity: "PR", name, id: &payer, category: "A2", status: "20" };
                self.acknowledge(&batch.header, "277ca-payer", &source, &batch.reference, &batch.batch, &claims);
            }
        }
    }

    fn acknowledge(
        &mut self,
        header: &Header,
        kind: &str,
        source: &claim_ack::Source,
        reference: &str,
        batch: &str,
        claims: &[claim_ack::Status],
    ) {
        let envelope = self.envelope(header, source.id);
        let body = claim_ack::body(source, reference, batch, &self.date, claims);
        self.answer(kind, false, 0, false, envelope.control, interchange(&envelope, claim_ack::KIND, &[body]));
    }
}

//! 2000A: billing provider, pay-to address, pay-to plan.

use claimhost_sdk::claim::*;

use crate::reader::Reader;
use crate::{codes, parts};

pub(crate) fn loop_2000a(r: &mut Reader<'_>, to: &mut ClaimHeader) {
    if let Some(hl) = r.require("HL", &[], "HL of the billing provider (2000A)")
        && hl.text(3) != "20"
    {
        r.bad(&hl, 3, 0, "20");
    }
    let taxonomy = parts::taxonomy(r, "BI");
    if let Some(cur) = r.take("CUR") {
        r.only(&cur, &[1, 2]);
        to.extras.get_or_insert_default().currency = cur.string(2);
    }
    loop_2010aa(r, to, taxonomy);
    loop_2010ab(r, to);
    loop_2010ac(r, to);
}

fn loop_2010aa(r: &mut Reader<'_>, to: &mut ClaimHeader, taxonomy: Option<String>) {
    let Some(nm1) = r.require("NM1", &["85"], "NM1 with 85, the billing provider (2010AA)") else { return };
    let mut provider = parts::provider(r, &nm1);
    provider.taxonomy = taxonomy;
    provider.address = parts::required_address(r);
    provider.ids = parts::provider_ids(r, &["EI", "SY", "0B", "1G"], false);
    let tax = [ProviderIdKind::Employer, ProviderIdKind::SocialSecurity];
    if !provider.ids.iter().any(|id| tax.contains(&id.kind)) {
        r.missing("REF with EI or SY, the billing provider's tax id (2010AA)");
    }
    while let Some(per) = r.take("PER") {
        let contact = parts::contact(r, &per);
        provider.contacts.push(contact);
    }
    to.billing = Some(provider);
}

fn loop_2010ab(r: &mut Reader<'_>, to: &mut ClaimHeader) {
    let Some(nm1) = r.take_with("NM1", &["87"]) else { return };
    r.only(&nm1, &[1, 2]);
    r.required_code(&nm1, 2, codes::ENTITY, false);
    let address = parts::required_address(r);
    to.extras.get_or_insert_default().pay_to_address = address;
}

fn loop_2010ac(r: &mut Reader<'_>, to: &mut ClaimHeader) {
    let Some(nm1) = r.take_with("NM1", &["PE"]) else { return };
    let payer = parts::payer(r, &nm1);
    let Some(address) = payer.address else { return r.missing("N3 and N4 (2010AC)") };
    let mut plan = PayToPlan {
        name: payer.name,
        id_kind: payer.id_kind,
        id: payer.id,
        address,
        secondary_ids: Vec::new(),
        tax_id: String::new(),
    };
    while let Some(segment) = r.take_with("REF", &["2U", "FY", "NF", "EI"]) {
        let (value, _) = parts::reference(r, &segment, false);
        match r.code(&segment, 1, codes::PAYER_REF) {
            Some(PayerSecondaryKind::Employer) => plan.tax_id = value,
            Some(kind) => plan.secondary_ids.push(PayerSecondaryId { kind, value }),
            None => {}
        }
    }
    to.extras.get_or_insert_default().pay_to_plan = Some(plan);
}

//! When a loop would only repeat another, the guide wants it left out (2310B, 2310C, 2420A to 2420F).

use crate::claim::{Address, Provider, ProviderIdKind};

/// Whether `provider` says nothing that `other` does not say already: then its loop is left out.
pub(super) fn adds_nothing(provider: &Provider, other: &Provider) -> bool {
    let id_known = |kind: ProviderIdKind, value: &str| other.ids.iter().any(|id| id.kind == kind && id.value == value);
    provider.npi.is_some()
        && provider.npi == other.npi
        && provider.is_person == other.is_person
        && provider.name == other.name
        && provider.taxonomy.as_ref().is_none_or(|taxonomy| other.taxonomy.as_ref() == Some(taxonomy))
        && provider.address.as_ref().is_none_or(|address| other.address.as_ref() == Some(address))
        && provider.ids.iter().all(|id| id.payer_id.is_empty() && id_known(id.kind, &id.value))
        && provider.contacts.iter().all(|contact| other.contacts.contains(contact))
}

/// Whether anything of the address is there to be written.
pub(super) fn address_given(address: &Address) -> bool {
    ![&address.line1, &address.line2, &address.city, &address.state, &address.postal_code, &address.country]
        .iter()
        .all(|text| text.is_empty())
}

//! What few visits have: the days of a stay, and where an ambulance went.

use crate::claim::{Address, Ambulance, ClaimExtras, Dropoff};
use crate::stay::stay;

use super::{Fields, Reader};

impl<F: Fields> Reader<'_, F> {
    /// Admission and discharge (2300 DTP 435, 096), and the transport (CR1, 2310E, 2310F). None where nothing says anything.
    pub(super) fn extras(&mut self) -> Option<ClaimExtras> {
        let (admission, discharge) = (self.date("admission_date"), self.date("discharge_date"));
        let stay = stay(admission, discharge);
        let Some(ambulance) = self.ambulance() else { return stay };
        Some(ClaimExtras { ambulance: Some(ambulance), ..stay.unwrap_or_default() })
    }

    fn ambulance(&mut self) -> Option<Ambulance> {
        let pickup = self.address("pickup");
        let dropoff = Dropoff { name: self.text("dropoff_name"), address: self.address("dropoff").unwrap_or_default() };
        let ambulance = Ambulance {
            transport_reason: self.text("transport_reason"),
            miles: self.quantity("miles").unwrap_or(0),
            dropoff: (!dropoff.name.is_empty() || dropoff.address != Address::default()).then_some(dropoff),
            pickup,
            ..Ambulance::default()
        };
        (ambulance != Ambulance::default()).then_some(ambulance)
    }

    fn address(&self, of: &str) -> Option<Address> {
        let text = |part: &str| self.text(&format!("{of}_{part}"));
        let address = Address {
            line1: text("address1"),
            city: text("city"),
            state: text("state"),
            postal_code: text("postal_code").replace(['-', ' '], ""),
            ..Address::default()
        };
        (address != Address::default()).then_some(address)
    }
}

//! 835 posting ledger, reconciliation, denials.

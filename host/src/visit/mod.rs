//! Charge keys, visit assembly, amendments, splitting into claims.

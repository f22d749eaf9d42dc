//! Nothing here: the proofs are in `tests/`. They run the host in their own process, which `claimhost-tests` never does: its recount
//! of the demo stands alone.

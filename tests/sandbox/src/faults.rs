//! Named faults, and the fixed dice that decide where they strike.
//!
//! Dice are hashes of the seed and of what is judged, so the same run strikes the same claims every time.

use anyhow::{Result, bail};

/// The faults that are on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// 835s and 271s are held for two turns, or until the date is later.
    pub late: bool,
    /// Each 835 and 271 comes twice, the second in another interchange.
    pub duplicate: bool,
    /// 835 names sort first, and files appear in reverse order.
    pub out_of_order: bool,
    /// Each 835 and 271 comes cut in the middle of a segment; the whole file comes a turn later.
    pub truncated: bool,
    /// Some payments are reversed and paid again in later remittances.
    pub reversed: bool,
    /// Some interchanges are rejected the first time.
    pub ta1_reject: bool,
    /// Some transactions are rejected the first time.
    pub ack999_reject: bool,
    /// Some claims are rejected the first time.
    pub claim_reject: bool,
    /// Some questions are answered otherwise than `payers.toml` says: not found, no cover, another name.
    pub odd_cover: bool,
}

impl Faults {
    /// Turns on the fault named on the command line.
    pub fn enable(&mut self, name: &str) -> Result<()> {
        let flag = match name {
            "late" => &mut self.late,
            "duplicate" => &mut self.duplicate,
            "out-of-order" => &mut self.out_of_order,
            "truncated" => &mut self.truncated,
            "reversed" => &mut self.reversed,
            "ta1-reject" => &mut self.ta1_reject,
            "999-reject" => &mut self.ack999_reject,
            "277ca-reject" => &mut self.claim_reject,
            "271-odd" => &mut self.odd_cover,
            _ => bail!(
                "--fault: expected late, duplicate, out-of-order, truncated, reversed, ta1-reject, 999-reject, 277ca-reject or 271-odd"
            ),
        };
        *flag = true;
        Ok(())
    }
}

/// FNV-1a, 64 bits, with a final mix so that the low bits serve as dice.
pub fn hash(bytes: &[u8], seed: u64) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut h = bytes.iter().fold(start, |h, byte| (h ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    h ^= h >> 33;
    h = h.wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^ (h >> 33)
}

/// 128 bits of hash and the length: identity of a file or of a claim's content.
pub fn fingerprint(bytes: &[u8]) -> String {
    format!("{:016x}{:016x}-{}", hash(bytes, 0), hash(bytes, 1), bytes.len())
}

/// True for one in `sides` of all subjects.
pub fn strikes(seed: u64, fault: &str, subject: &str, sides: u64) -> bool {
    hash(format!("{fault}|{subject}").as_bytes(), seed).is_multiple_of(sides.max(1))
}

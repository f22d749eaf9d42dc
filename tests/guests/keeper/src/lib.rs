//! A rule set that keeps blocks of memory over its calls, which no author should do, and looks whether anything was written over them: what
//! the SDK's memory (`sdk/src/memory`) lends and takes back with each call is never what the author has. See `host/tests/plugin_rules.rs`.

use std::cell::RefCell;

use claimhost_sdk::intake::{Problem, Setup};
use claimhost_sdk::review::{ClaimInContext, ClaimPlace, Finding, Severity};
use claimhost_sdk::{Rules, RulesDescription};

/// One session, and its blocks, each filled with a mark of its own.
#[derive(Debug, Default)]
pub struct Keeper(RefCell<Vec<(Vec<u8>, u8)>>);

/// Bytes of the block of a claim: on the lists of small ones, just beyond, and large.
fn size(number: usize) -> usize {
    match number % 49 {
        0 => 300 << 10,
        1 => 64 << 10,
        _ => 1 + number * 37 % 1_025,
    }
}

/// Pages of memory that the component has.
fn pages() -> usize {
    #[cfg(target_arch = "wasm32")]
    return core::arch::wasm32::memory_size(0);
    #[cfg(not(target_arch = "wasm32"))]
    0
}

impl Keeper {
    /// Takes, resizes or lets go a block, as the number says; half way through a hundred all go. Every block is looked at first. Gives how many
    /// there are, and how many had something else in them.
    fn step(&self, number: usize) -> (usize, usize) {
        let mut kept = self.0.borrow_mut();
        let broken = kept.iter().filter(|(bytes, mark)| bytes.iter().any(|byte| byte != mark)).count();
        if number == 50 {
            kept.clear();
        }
        let at = number.checked_rem(kept.len());
        match (number % 4, at) {
            (2, Some(at)) => {
                if let Some((bytes, mark)) = kept.get_mut(at) {
                    bytes.resize(size(number), *mark);
                }
            }
            (3, Some(at)) => drop(kept.swap_remove(at)),
            _ => {
                let mark = u8::try_from(1 + number % 255).unwrap_or(1);
                kept.push((vec![mark; size(number)], mark));
            }
        }
        (kept.len(), broken)
    }
}

impl Rules for Keeper {
    fn describe() -> RulesDescription {
        RulesDescription {
            id: "keeper".to_owned(),
            title: "Keeps memory of its own".to_owned(),
            look_back_days: 0,
            rules: Vec::new(),
        }
    }

    fn open(_setup: Setup) -> Result<Self, Vec<Problem>> {
        Ok(Self::default())
    }

    fn check(&self, claim: &ClaimInContext) -> Vec<Finding> {
        let claim = &claim.claim;
        let (kept, broken) = self.step(claim.control_number.parse().unwrap_or_default());
        // Of the claim, all the text that could have been written over.
        let texts = claim.lines.iter().map(|line| line.procedure.description.as_str());
        let sum = texts.flat_map(str::bytes).fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let told = |field: &str, words: String| {
            let at = ClaimPlace { line: None, field: field.to_owned() };
            Finding { rule: String::new(), severity: Severity::Info, at, words, fix: None }
        };
        vec![
            told("kept", format!("{}: kept {kept}, broken {broken}, text {sum}", claim.control_number)),
            told("pages", pages().to_string()),
        ]
    }
}

claimhost_sdk::rules!(Keeper);

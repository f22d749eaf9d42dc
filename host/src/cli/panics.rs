//! What is said of a defect that ends a thread: where it is, never what it stumbled over. A panic's own words quote values (a
//! slice of a text names the text), and standard error is read by people who may not see patients.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;

/// Has every panic of this process told so, on standard error.
pub(super) fn keep_words_out() {
    std::panic::set_hook(Box::new(|panic| {
        // There is nobody to tell that standard error is gone.
        let _ = writeln!(std::io::stderr(), "{}", told(panic));
    }));
}

/// Thread and place; with `RUST_BACKTRACE` the functions on the way, which have no values.
fn told(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(|| "a place that is not known".to_owned(), ToString::to_string);
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("without a name");
    let mut words = format!(
        "claimhost has a defect at {place} (thread {name}). What it found there is not printed, since it may be a patient's. \
         What was committed stays; report this place, and start the command again"
    );
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        words += &format!("\n{backtrace}");
    }
    words
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    #[test]
    fn the_place_is_told_and_no_value() {
        let (sender, receiver) = mpsc::channel();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let own = std::thread::current().name() == Some("stumbles");
            let told = own.then(|| sender.send(super::told(panic)));
            if told.is_none() {
                before(panic);
            }
        }));
        let stumbles = std::thread::Builder::new().name("stumbles".to_owned());
        let ended =
            stumbles.spawn(|| panic!("byte index 3 of {:?}", "Quillfeather 19610417")).map(|thread| thread.join());
        assert!(ended.is_ok_and(|ended| ended.is_err()), "it panics");
        drop(std::panic::take_hook());
        let words = receiver.recv().unwrap_or_default();
        assert!(words.contains("panics.rs:") && words.contains("thread stumbles"), "{words}");
        assert!(!words.contains("Quillfeather") && !words.contains("19610417"), "{words}");
    }
}

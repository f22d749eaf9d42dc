//! The folders that files arrive in and leave from, on the same failing disk: a change there is counted with those of the store, and can be
//! refused, cut short, or lost with the power where no fsync has made it durable.
//!
//! The calls of the C library that change files stand here under their own names. The linker gives them to the whole process, the standard
//! library included, so that the host is the shipped one. What lies elsewhere, and all that happens while nothing is watched,
//! goes on to the C library as it came.
#![allow(unsafe_code, reason = "the C library's own calls")]

use std::collections::BTreeSet;
use std::ffi::{CStr, OsStr, c_char, c_int, c_uint, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::disk;

const EIO: c_int = 5;
const ENOSPC: c_int = 28;

/// What goes wrong with the folders, by the number of the change there (from 1), from the first to before the second.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// There is no space: a file is cut short, then refused; nothing new can be made.
    NoSpace(u64, u64),
    /// The disk fails.
    Broken(u64, u64),
}

/// A change of a folder that no fsync of it has made durable.
#[derive(Debug)]
struct Change {
    folder: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    /// From, to, and where what it took the place of is kept.
    Renamed(PathBuf, PathBuf, Option<PathBuf>),
    Linked(PathBuf),
    /// Where it was, and where it is kept.
    Removed(PathBuf, PathBuf),
}

#[derive(Debug, Default)]
struct Folders {
    /// Everything below it is watched, but for what is kept.
    root: PathBuf,
    trouble: Option<Trouble>,
    changes: u64,
    struck: bool,
    was_short: bool,
    /// Files whose bytes no fsync has made durable.
    unsynced: BTreeSet<PathBuf>,
    moved: Vec<Change>,
    kept: u64,
}

/// Whether a host is at work: what the test itself does to its folders is no change of the host's.
static WATCHES: AtomicBool = AtomicBool::new(false);

fn folders() -> MutexGuard<'static, Folders> {
    static FOLDERS: Mutex<Folders> = Mutex::new(Folders {
        root: PathBuf::new(),
        trouble: None,
        changes: 0,
        struck: false,
        was_short: false,
        unsynced: BTreeSet::new(),
        moved: Vec::new(),
        kept: 0,
    });
    FOLDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Watches `inbox` and `transport` of a folder while something is done. What happened before is durable by now.
pub fn while_watched<T>(folder: &Path, trouble: Option<Trouble>, work: impl FnOnce() -> T) -> T {
    let root = folder.canonicalize().expect("the folder of the run");
    std::fs::create_dir_all(root.join("kept")).expect("a place for what is removed");
    let kept = folders().kept;
    *folders() = Folders { root, trouble, kept, ..Folders::default() };
    WATCHES.store(true, Ordering::SeqCst);
    let done = work();
    WATCHES.store(false, Ordering::SeqCst);
    done
}

/// Whether the trouble has met a change.
pub fn has_struck() -> bool {
    folders().struck
}

/// The power is back: what no fsync has made durable is there, gone or torn, as `dice` says.
pub fn reboot(dice: &mut impl FnMut(u64) -> u64) {
    let (moved, mut unsynced) = {
        let mut folders = folders();
        (std::mem::take(&mut folders.moved), std::mem::take(&mut folders.unsynced))
    };
    for Change { what, .. } in moved.into_iter().rev() {
        if dice(2) == 0 {
            continue;
        }
        // What a later change took away is not there to be undone.
        match what {
            What::Renamed(from, to, before) if std::fs::rename(&to, &from).is_ok() => {
                if unsynced.remove(&to) {
                    unsynced.insert(from);
                }
                if let Some(before) = before {
                    std::fs::rename(before, to).expect("what was there before");
                }
            }
            What::Linked(to) => drop(std::fs::remove_file(to)),
            What::Removed(path, kept) if !path.exists() => drop(std::fs::rename(kept, path)),
            What::Renamed(..) | What::Removed(..) => {}
        }
    }
    for path in unsynced {
        let Ok(file) = std::fs::File::options().write(true).open(&path) else { continue };
        let length = file.metadata().expect("its length").len();
        match dice(3) {
            0 => {}
            1 => file.set_len(dice(length + 1)).expect("torn"),
            _ => file.set_len(0).expect("empty"),
        }
    }
}

impl Folders {
    fn is_watched(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.root);
        below.is_ok_and(|below| below.starts_with("inbox") || below.starts_with("transport"))
    }

    /// What a change meets: the error that it ends with.
    fn meet(&mut self, needs_space: bool) -> Result<(), c_int> {
        self.changes += 1;
        let met = match self.trouble {
            Some(Trouble::NoSpace(from, to)) if needs_space && (from..to).contains(&self.changes) => Err(ENOSPC),
            Some(Trouble::Broken(from, to)) if (from..to).contains(&self.changes) => Err(EIO),
            _ => Ok(()),
        };
        self.struck |= met.is_err();
        met
    }

    /// Another name for a file that is about to lose its own; none where there is no file.
    fn keep(&mut self, path: &Path) -> Option<PathBuf> {
        self.kept += 1;
        let kept = self.root.join("kept").join(self.kept.to_string());
        // Not `std::fs`: that would come here again.
        real::link(path, &kept).then_some(kept)
    }
}

/// The calls of the C library that ours stand before.
mod real {
    use super::*;

    unsafe extern "C" {
        fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    }

    /// The next definition of a name after ours.
    pub fn next(known: &OnceLock<usize>, name: &CStr) -> *const c_void {
        // `RTLD_NEXT`.
        let handle = std::ptr::without_provenance_mut(usize::MAX);
        // SAFETY: a C text, and a handle that dlsym knows.
        let find = || unsafe { dlsym(handle, name.as_ptr()) }.expose_provenance();
        let address = *known.get_or_init(find);
        assert_ne!(address, 0, "the C library has {name:?}");
        std::ptr::with_exposed_provenance(address)
    }

    macro_rules! call {
        ($name:literal, fn($($kind:ty),*) -> $answer:ty, ($($argument:expr),*)) => {{
            static KNOWN: OnceLock<usize> = OnceLock::new();
            // SAFETY: the C library's function of this name has this type; the arguments are as its caller gave them.
            unsafe {
                let at = real::next(&KNOWN, $name);
                let call = std::mem::transmute::<*const c_void, unsafe extern "C" fn($($kind),*) -> $answer>(at);
                call($($argument),*)
            }
        }};
    }
    pub(super) use call;

    pub fn link(from: &Path, to: &Path) -> bool {
        let text = |path: &Path| std::ffi::CString::new(path.as_os_str().as_bytes()).expect("no zero in a path");
        let (from, to) = (text(from), text(to));
        call!(c"link", fn(*const c_char, *const c_char) -> c_int, (from.as_ptr(), to.as_ptr())) == 0
    }
}
use real::call;

unsafe extern "C" {
    fn __errno_location() -> *mut c_int;
}

fn refuse(code: c_int) -> c_int {
    // SAFETY: the place of this thread's error number.
    unsafe { *__errno_location() = code };
    -1
}

/// What a watched change meets, with the folders to write it down in; none where nothing is watched there. The disk is asked first and let
/// go: SQLite's own writes come here while it is held.
fn met(path: Option<&Path>, needs_space: bool) -> Option<(MutexGuard<'static, Folders>, Result<(), c_int>)> {
    let path = path?;
    if !folders().is_watched(path) {
        return None;
    }
    let alive = disk::change_outside();
    let mut folders = folders();
    let met = if alive { folders.meet(needs_space) } else { Err(EIO) };
    Some((folders, met))
}

/// The path of an open file, while something is watched.
fn of_descriptor(file: c_int) -> Option<PathBuf> {
    let watches = WATCHES.load(Ordering::SeqCst);
    watches.then(|| std::fs::read_link(format!("/proc/self/fd/{file}")).ok()).flatten()
}

/// A path of the caller's as [`of_descriptor`] would give it, while something is watched.
///
/// # Safety
/// `path` is a C text.
unsafe fn named(path: *const c_char) -> Option<PathBuf> {
    if !WATCHES.load(Ordering::SeqCst) {
        return None;
    }
    // SAFETY: as above.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
    Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// # Safety
/// The C library's contract of `write`.
#[unsafe(no_mangle)]
unsafe extern "C" fn write(file: c_int, from: *const c_void, amount: usize) -> isize {
    let real = |amount| call!(c"write", fn(c_int, *const c_void, usize) -> isize, (file, from, amount));
    let path = of_descriptor(file);
    let Some((mut folders, met)) = met(path.as_deref(), true) else { return real(amount) };
    folders.unsynced.extend(path);
    match met {
        Ok(()) => real(amount),
        // What there is space for is written.
        Err(ENOSPC) if amount > 1 && !folders.was_short => {
            folders.was_short = true;
            real(amount / 2)
        }
        Err(code) => {
            refuse(code);
            -1
        }
    }
}

/// # Safety
/// The C library's contract of `fsync`.
#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(file: c_int) -> c_int {
    let path = of_descriptor(file);
    match met(path.as_deref(), false) {
        None => call!(c"fsync", fn(c_int) -> c_int, (file)),
        Some((_, Err(code))) => refuse(code),
        // The real fsync is left out: durable is what is said here.
        Some((mut folders, Ok(()))) => {
            let path = path.unwrap_or_default();
            folders.unsynced.remove(&path);
            folders.moved.retain(|change| change.folder != path);
            0
        }
    }
}

/// # Safety
/// The C library's contract of `rename`.
#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    let real = || call!(c"rename", fn(*const c_char, *const c_char) -> c_int, (from, to));
    // SAFETY: C texts, as the contract says.
    let names = unsafe { (named(from), named(to)) };
    let (Some(old), Some(new)) = names else { return real() };
    match met(Some(&new), true) {
        None => real(),
        Some((_, Err(code))) => refuse(code),
        Some((mut folders, Ok(()))) => {
            let before = folders.keep(&new);
            let answer = real();
            if answer == 0 {
                if folders.unsynced.remove(&old) {
                    folders.unsynced.insert(new.clone());
                }
                folders.moved.push(Change { folder: folder_of(&new), what: What::Renamed(old, new, before) });
            }
            answer
        }
    }
}

/// # Safety
/// The C library's contract of `linkat`.
#[unsafe(no_mangle)]
unsafe extern "C" fn linkat(
    from_folder: c_int,
    from: *const c_char,
    to_folder: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    let real = || {
        call!(
            c"linkat",
            fn(c_int, *const c_char, c_int, *const c_char, c_int) -> c_int,
            (from_folder, from, to_folder, to, flags)
        )
    };
    // SAFETY: a C text, as the contract says.
    let Some(new) = (unsafe { named(to) }) else { return real() };
    match met(Some(&new), true) {
        None => real(),
        Some((_, Err(code))) => refuse(code),
        Some((mut folders, Ok(()))) => {
            let answer = real();
            if answer == 0 {
                folders.moved.push(Change { folder: folder_of(&new), what: What::Linked(new) });
            }
            answer
        }
    }
}

/// # Safety
/// The C library's contract of `unlink`.
#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    let real = || call!(c"unlink", fn(*const c_char) -> c_int, (path));
    // SAFETY: a C text, as the contract says.
    let Some(gone) = (unsafe { named(path) }) else { return real() };
    match met(Some(&gone), false) {
        None => real(),
        Some((_, Err(code))) => refuse(code),
        Some((mut folders, Ok(()))) => {
            let kept = folders.keep(&gone);
            let answer = real();
            if let (0, Some(kept)) = (answer, kept) {
                folders.moved.push(Change { folder: folder_of(&gone), what: What::Removed(gone, kept) });
            }
            answer
        }
    }
}

/// # Safety
/// The C library's contract of `mkdir`.
#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(path: *const c_char, mode: c_uint) -> c_int {
    // SAFETY: a C text, as the contract says.
    let name = unsafe { named(path) };
    match met(name.as_deref(), true) {
        Some((_, Err(code))) => refuse(code),
        _ => call!(c"mkdir", fn(*const c_char, c_uint) -> c_int, (path, mode)),
    }
}

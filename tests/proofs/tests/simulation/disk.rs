//! A disk that fails on request, under real SQLite: a layer over its `unix` file system that counts what changes a file, keeps what no
//! fsync has made durable, and can stop, refuse, or lose and tear what was kept, as a power cut does.
//!
//! All files of the process go through it, so only one simulation runs at a time. What SQLite asks of its files:
//! <https://sqlite.org/vfs.html>.
#![allow(unsafe_code, reason = "SQLite takes a file system as a table of C functions")]

use std::collections::BTreeSet;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::size_of;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::ffi;

/// What is written at once or not at all.
const SECTOR: usize = 512;

/// What goes wrong, by the number of the change that is asked for (from 1).
#[derive(Debug, Clone, Copy, Default)]
pub struct Faults {
    /// The power goes: neither this change nor anything after it happens.
    pub dead_from: Option<u64>,
    /// The disk is full for these changes.
    pub full: Option<(u64, u64)>,
    /// The next fsync at or after this change fails, and makes nothing durable.
    pub no_sync_at: Option<u64>,
}

/// A change that no fsync has made durable.
#[derive(Debug)]
struct Pending {
    file: String,
    offset: usize,
    /// The file's length before.
    length: usize,
    /// What was there.
    before: Vec<u8>,
    /// What was written; none: the file was cut at the offset.
    wrote: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Disk {
    faults: Faults,
    changes: u64,
    dead: bool,
    pending: Vec<Pending>,
}

fn disk() -> MutexGuard<'static, Disk> {
    static DISK: Mutex<Disk> = Mutex::new(Disk {
        faults: Faults { dead_from: None, full: None, no_sync_at: None },
        changes: 0,
        dead: false,
        pending: Vec::new(),
    });
    DISK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts changes anew, with these faults from now on.
pub fn arm(faults: Faults) {
    let mut disk = disk();
    disk.faults = faults;
    disk.changes = 0;
}

/// Changes since [`arm`].
pub fn changes() -> u64 {
    disk().changes
}

/// Counts a change beside the store (`folders.rs`). False where the power is gone with it, or has gone before.
pub fn change_outside() -> bool {
    !matches!(disk().change(), Met::Dead)
}

/// The power goes now.
pub fn cut_power() {
    disk().dead = true;
}

/// Whether the power has gone.
pub fn is_dead() -> bool {
    disk().dead
}

/// The power is back: what no fsync has made durable is there, gone or torn, as `dice` (a number below its argument) says. Every
/// connection must be gone.
pub fn reboot(dice: &mut impl FnMut(u64) -> u64) {
    let mut disk = disk();
    let pending = std::mem::take(&mut disk.pending);
    *disk = Disk::default();
    drop(disk);
    let files: BTreeSet<&String> = pending.iter().map(|change| &change.file).collect();
    for file in files {
        let of_file = || pending.iter().filter(move |change| change.file == *file);
        let Ok(mut bytes) = std::fs::read(file) else { continue };
        for change in of_file().rev() {
            put(&mut bytes, change.offset, &change.before);
            bytes.resize(change.length, 0);
        }
        for change in of_file() {
            match (&change.wrote, dice(4)) {
                (_, 0) => {}
                (None, _) => bytes.truncate(change.offset),
                (Some(wrote), 1) => {
                    let sectors = dice(u64::try_from(wrote.len() / SECTOR + 1).unwrap());
                    let kept = usize::try_from(sectors).unwrap() * SECTOR;
                    put(&mut bytes, change.offset, &wrote[..kept.min(wrote.len())]);
                }
                (Some(wrote), _) => put(&mut bytes, change.offset, wrote),
            }
        }
        std::fs::write(file, bytes).expect("the file after the power cut");
        // Memory that connections shared is gone with the power.
        let shared = PathBuf::from(format!("{}-shm", file.trim_end_matches("-wal")));
        let _ = std::fs::remove_file(shared);
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, wrote: &[u8]) {
    if wrote.is_empty() {
        return;
    }
    if bytes.len() < offset + wrote.len() {
        bytes.resize(offset + wrote.len(), 0);
    }
    bytes[offset..offset + wrote.len()].copy_from_slice(wrote);
}

/// What a change meets.
enum Met {
    Fine,
    Dead,
    Full,
}

impl Disk {
    fn change(&mut self) -> Met {
        self.changes += 1;
        let at = self.changes;
        if self.faults.dead_from.is_some_and(|from| at >= from) {
            self.dead = true;
        }
        match self.faults.full {
            _ if self.dead => Met::Dead,
            Some((from, to)) if (from..to).contains(&at) => Met::Full,
            _ => Met::Fine,
        }
    }
}

/// Our file, with the real one behind it in the same memory.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// Its path, or null for one without a name. Freed when it is closed.
    name: *mut String,
}

struct Unix(*mut ffi::sqlite3_vfs);
// SAFETY: SQLite's own file system is a constant table that any thread may use.
unsafe impl Send for Unix {}
// SAFETY: as above.
unsafe impl Sync for Unix {}

static UNIX: OnceLock<Unix> = OnceLock::new();

fn unix() -> *mut ffi::sqlite3_vfs {
    UNIX.get().expect("installed").0
}

/// Puts the disk under every connection that this process opens from now on.
pub fn install() {
    UNIX.get_or_init(|| {
        // SAFETY: both calls are SQLite's documented way; the new table and its name live as long as the process.
        unsafe {
            ffi::sqlite3_initialize();
            let real = ffi::sqlite3_vfs_find(std::ptr::null());
            assert!(!real.is_null(), "SQLite has a file system");
            let mut own = *real;
            own.iVersion = 1;
            own.szOsFile = c_int::try_from(size_of::<File>()).unwrap() + (*real).szOsFile;
            own.pNext = std::ptr::null_mut();
            own.zName = c"simulated".as_ptr();
            own.xOpen = Some(open);
            own.xDelete = Some(delete);
            let own = Box::leak(Box::new(own));
            assert_eq!(ffi::sqlite3_vfs_register(own, 1), ffi::SQLITE_OK);
            Unix(real)
        }
    });
}

/// # Safety
/// `file` is one that [`open`] has filled.
unsafe fn real(file: *mut ffi::sqlite3_file) -> *mut ffi::sqlite3_file {
    // SAFETY: SQLite gave us `szOsFile` bytes: ours, then the real file's.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// # Safety
/// As [`real`].
unsafe fn methods(file: *mut ffi::sqlite3_file) -> &'static ffi::sqlite3_io_methods {
    // SAFETY: an open real file points to SQLite's constant table.
    unsafe { &*(*real(file)).pMethods }
}

/// # Safety
/// As [`real`].
unsafe fn name<'a>(file: *mut ffi::sqlite3_file) -> Option<&'a String> {
    // SAFETY: null, or the box that `open` made and `close` frees.
    unsafe { (*file.cast::<File>()).name.as_ref() }
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    told: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's contract of xOpen: `file` has `szOsFile` bytes, `path` is a C text or null and outlives the file.
    unsafe {
        (*file).pMethods = std::ptr::null();
        if disk().dead {
            return ffi::SQLITE_CANTOPEN;
        }
        let Some(real_open) = (*unix()).xOpen else { return ffi::SQLITE_MISUSE };
        let code = real_open(unix(), path, real(file), flags, told);
        let own = file.cast::<File>();
        (*own).name = std::ptr::null_mut();
        if !(*real(file)).pMethods.is_null() {
            if !path.is_null() {
                (*own).name = Box::into_raw(Box::new(CStr::from_ptr(path).to_string_lossy().into_owned()));
            }
            (*file).pMethods = &raw const METHODS;
        }
        code
    }
}

unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, path: *const c_char, sync: c_int) -> c_int {
    let mut disk = disk();
    if matches!(disk.change(), Met::Dead) {
        return ffi::SQLITE_IOERR_DELETE;
    }
    // SAFETY: SQLite's contract of xDelete: a C text.
    let (name, real_delete) = unsafe { (CStr::from_ptr(path).to_string_lossy(), (*unix()).xDelete) };
    disk.pending.retain(|change| change.file != name);
    // SAFETY: handed on as it came.
    real_delete.map_or(ffi::SQLITE_MISUSE, |call| unsafe { call(unix(), path, sync) })
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once; the box is the one that `open` made.
    unsafe {
        let own = file.cast::<File>();
        if !(*own).name.is_null() {
            drop(Box::from_raw((*own).name));
            (*own).name = std::ptr::null_mut();
        }
        methods(file).xClose.map_or(ffi::SQLITE_MISUSE, |call| call(real(file)))
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, amount: c_int, offset: i64) -> c_int {
    if disk().dead {
        return ffi::SQLITE_IOERR_READ;
    }
    // SAFETY: handed on as it came.
    unsafe { methods(file).xRead.map_or(ffi::SQLITE_MISUSE, |call| call(real(file), to, amount, offset)) }
}

/// What is in the file from an offset on, and how long the file is.
///
/// # Safety
/// As [`real`].
unsafe fn there(file: *mut ffi::sqlite3_file, offset: i64, amount: usize) -> (usize, Vec<u8>) {
    let mut length = 0_i64;
    // SAFETY: an open file; the buffer has the bytes that are asked for.
    unsafe {
        if let Some(size) = methods(file).xFileSize {
            size(real(file), &raw mut length);
        }
        let left = usize::try_from((length - offset).max(0)).unwrap().min(amount);
        let mut bytes = vec![0_u8; left];
        if let (Some(read), true) = (methods(file).xRead, left > 0) {
            read(real(file), bytes.as_mut_ptr().cast(), c_int::try_from(left).unwrap(), offset);
        }
        (usize::try_from(length).unwrap(), bytes)
    }
}

unsafe extern "C" fn write(file: *mut ffi::sqlite3_file, from: *const c_void, amount: c_int, offset: i64) -> c_int {
    let mut disk = disk();
    match disk.change() {
        Met::Dead => return ffi::SQLITE_IOERR_WRITE,
        Met::Full => return ffi::SQLITE_FULL,
        Met::Fine => {}
    }
    // SAFETY: SQLite's contract of xWrite: `amount` bytes at `from`.
    unsafe {
        let length = usize::try_from(amount).unwrap();
        if let Some(name) = name(file) {
            let (before_length, before) = there(file, offset, length);
            let wrote = std::slice::from_raw_parts(from.cast::<u8>(), length).to_vec();
            let offset = usize::try_from(offset).unwrap();
            disk.pending.push(Pending {
                file: name.clone(),
                offset,
                length: before_length,
                before,
                wrote: Some(wrote),
            });
        }
        methods(file).xWrite.map_or(ffi::SQLITE_MISUSE, |call| call(real(file), from, amount, offset))
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let mut disk = disk();
    if matches!(disk.change(), Met::Dead) {
        return ffi::SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: an open file, handed on as it came.
    unsafe {
        if let Some(name) = name(file) {
            let (length, before) = there(file, size, usize::MAX);
            let offset = usize::try_from(size).unwrap();
            disk.pending.push(Pending { file: name.clone(), offset, length, before, wrote: None });
        }
        methods(file).xTruncate.map_or(ffi::SQLITE_MISUSE, |call| call(real(file), size))
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    let mut disk = disk();
    if matches!(disk.change(), Met::Dead) {
        return ffi::SQLITE_IOERR_FSYNC;
    }
    if disk.faults.no_sync_at.is_some_and(|at| disk.changes >= at) {
        disk.faults.no_sync_at = None;
        return ffi::SQLITE_IOERR_FSYNC;
    }
    // SAFETY: an open file. The real fsync is left out: durable is what this disk says.
    if let Some(name) = unsafe { name(file) } {
        disk.pending.retain(|change| change.file != *name);
    }
    ffi::SQLITE_OK
}

/// A call that goes to the real file as it came.
macro_rules! handed_on {
    ($name:ident, $method:ident, ($($argument:ident: $kind:ty),*)) => {
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file, $($argument: $kind),*) -> c_int {
            // SAFETY: an open file; the arguments are SQLite's own.
            unsafe { methods(file).$method.map_or(ffi::SQLITE_MISUSE, |call| call(real(file), $($argument),*)) }
        }
    };
}

handed_on!(file_size, xFileSize, (size: *mut i64));
handed_on!(lock, xLock, (level: c_int));
handed_on!(unlock, xUnlock, (level: c_int));
handed_on!(check_lock, xCheckReservedLock, (held: *mut c_int));
handed_on!(control, xFileControl, (what: c_int, argument: *mut c_void));
handed_on!(sector, xSectorSize, ());
handed_on!(traits, xDeviceCharacteristics, ());
handed_on!(shm_map, xShmMap, (page: c_int, size: c_int, extend: c_int, to: *mut *mut c_void));
handed_on!(shm_lock, xShmLock, (offset: c_int, count: c_int, flags: c_int));
handed_on!(shm_unmap, xShmUnmap, (delete: c_int));

unsafe extern "C" fn shm_barrier(file: *mut ffi::sqlite3_file) {
    // SAFETY: an open file.
    unsafe {
        if let Some(call) = methods(file).xShmBarrier {
            call(real(file));
        }
    }
}

/// Version 2: with shared memory for the WAL, without mapped reads.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_lock),
    xFileControl: Some(control),
    xSectorSize: Some(sector),
    xDeviceCharacteristics: Some(traits),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

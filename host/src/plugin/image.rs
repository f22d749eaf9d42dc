//! Claims as they will lie in a guest's memory, made before the call.
//!
//! wasmtime writes a parameter field by field, looks for the memory again for each, and asks the guest to allocate even for what is
//! empty; a claim has 300 fields, and half of its strings are empty. So the records are laid out here, in one buffer of the
//! host; at the call the guest allocates each part that has bytes, as the Canonical ABI wants it, and the parts are
//! copied. What the guest sees is the same, byte for byte but for padding.
//!
//! Layout: <https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md> (alignment, size, storing).

use std::mem::MaybeUninit;

use wasmtime::ValRaw;
use wasmtime::component::__internal::wasmtime_environ::component::StringEncoding;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext};
use wasmtime::component::{ComponentType, Lower};

/// A type of the contract, as the Canonical ABI lays it out in a 32-bit memory.
pub(crate) trait Placed {
    /// Bytes, trailing padding included.
    const SIZE: usize;
    /// Alignment in bytes.
    const ALIGN: usize;
    /// Writes the value at a place of the image that holds zeros.
    fn place(&self, image: &mut Image, at: usize);
}

/// One list or string that is not empty: an allocation of the guest.
struct Part {
    start: usize,
    len: usize,
    align: u32,
    /// The part that its pointer is in, and where in it. The outermost is pointed to by the parameter itself.
    parent: usize,
    pointer: usize,
}

/// What an image keeps for the next call: a hundred typical claims have 0.7 MB.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// Parts, one after another; pointers between them are not known yet. Used again for the next call: memory that is new at each is
/// cleared by the kernel, and copied as it grows.
#[derive(Default)]
pub(crate) struct Image {
    bytes: Vec<u8>,
    parts: Vec<Part>,
    /// The part that is being written.
    current: usize,
}

impl Image {
    /// Lets go of what one unusually large call has taken.
    pub(crate) fn shrink(&mut self) {
        if self.kept_bytes() > KEPT_BYTES_MAX {
            *self = Self::default();
        }
    }

    /// Bytes that it holds.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.bytes.capacity() + self.parts.capacity() * size_of::<Part>()
    }

    /// Writes a number's bytes. Beyond the end of the image is a defect of the layout and stops.
    #[inline]
    #[allow(clippy::indexing_slicing, reason = "a wrong layout must not pass")]
    pub(crate) fn put<const N: usize>(&mut self, at: usize, bytes: [u8; N]) {
        self.bytes[at..at + N].copy_from_slice(&bytes);
    }

    /// The number of a new part, pointed to from `at`; its bytes are zeros.
    fn part(&mut self, at: usize, len: usize, align: usize) -> (usize, usize) {
        let start = self.bytes.len();
        self.bytes.resize(start + len, 0);
        self.point(at, start, len, align);
        (self.parts.len() - 1, start)
    }

    fn point(&mut self, at: usize, start: usize, len: usize, align: usize) {
        let base = self.parts.get(self.current).map_or(0, |parent| parent.start);
        self.parts.push(Part { start, len, align: align as u32, parent: self.current, pointer: at - base });
    }
}

/// The offset of a field of a record, or with `field` beyond the last its size. Of each field: size, alignment.
pub(crate) const fn record(fields: &[(usize, usize)], field: usize) -> usize {
    let (mut at, mut number, mut rest) = (0, 0, fields);
    while let [(size, align), others @ ..] = rest {
        at = at_multiple(at, *align);
        if number == field {
            return at;
        }
        (at, number, rest) = (at + *size, number + 1, others);
    }
    at_multiple(at, alignment(fields))
}

/// The widest alignment of any; that of a byte where there is none.
pub(crate) const fn alignment(parts: &[(usize, usize)]) -> usize {
    let (mut widest, mut rest) = (1, parts);
    while let [(_, align), others @ ..] = rest {
        widest = if *align > widest { *align } else { widest };
        rest = others;
    }
    widest
}

/// The size of a variant of at most 256 cases, with these payloads.
pub(crate) const fn variant(payloads: &[(usize, usize)]) -> usize {
    let (mut largest, mut rest) = (0, payloads);
    while let [(size, _), others @ ..] = rest {
        largest = if *size > largest { *size } else { largest };
        rest = others;
    }
    at_multiple(alignment(payloads) + largest, alignment(payloads))
}

const fn at_multiple(at: usize, align: usize) -> usize {
    at.div_ceil(align) * align
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Placed for $number {
            const SIZE: usize = size_of::<$number>();
            const ALIGN: usize = size_of::<$number>();
            #[inline]
            fn place(&self, image: &mut Image, at: usize) {
                image.put(at, self.to_le_bytes());
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, i8, i16, i32, i64);

impl Placed for bool {
    const SIZE: usize = 1;
    const ALIGN: usize = 1;
    #[inline]
    fn place(&self, image: &mut Image, at: usize) {
        image.put(at, [u8::from(*self)]);
    }
}

impl Placed for String {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;
    #[inline]
    fn place(&self, image: &mut Image, at: usize) {
        if self.is_empty() {
            // Not null: what a guest makes an empty string of may have to be a pointer.
            return image.put(at, 1_u32.to_le_bytes());
        }
        let start = image.bytes.len();
        image.bytes.extend_from_slice(self.as_bytes());
        image.point(at, start, self.len(), 1);
        image.put(at + 4, (self.len() as u32).to_le_bytes());
    }
}

impl<T: Placed> Placed for Vec<T> {
    const SIZE: usize = 8;
    const ALIGN: usize = 4;
    fn place(&self, image: &mut Image, at: usize) {
        if self.is_empty() {
            return image.put(at, (T::ALIGN as u32).to_le_bytes());
        }
        image.put(at + 4, (self.len() as u32).to_le_bytes());
        let (part, start) = image.part(at, self.len() * T::SIZE, T::ALIGN);
        elements(self, image, part, start);
    }
}

fn elements<T: Placed>(items: &[T], image: &mut Image, part: usize, start: usize) {
    let before = std::mem::replace(&mut image.current, part);
    for (number, item) in items.iter().enumerate() {
        item.place(image, start + number * T::SIZE);
    }
    image.current = before;
}

impl<T: Placed> Placed for Option<T> {
    const SIZE: usize = variant(&[(T::SIZE, T::ALIGN)]);
    const ALIGN: usize = T::ALIGN;
    #[inline]
    fn place(&self, image: &mut Image, at: usize) {
        if let Some(value) = self {
            image.put(at, [1]);
            value.place(image, at + T::ALIGN);
        }
    }
}

impl<A: Placed, B: Placed> Placed for (A, B) {
    const SIZE: usize = record(&[(A::SIZE, A::ALIGN), (B::SIZE, B::ALIGN)], usize::MAX);
    const ALIGN: usize = alignment(&[(A::SIZE, A::ALIGN), (B::SIZE, B::ALIGN)]);
    fn place(&self, image: &mut Image, at: usize) {
        self.0.place(image, at);
        self.1.place(image, at + record(&[(A::SIZE, A::ALIGN), (B::SIZE, B::ALIGN)], 1));
    }
}

/// A list parameter, laid out.
pub(crate) struct Laid<'a, T> {
    items: &'a [T],
    image: &'a Image,
}

impl<'a, T: Placed> Laid<'a, T> {
    /// Lays a list out, over whatever the image was of.
    pub(crate) fn out(items: &'a [T], image: &'a mut Image) -> Self {
        image.bytes.clear();
        image.parts.clear();
        if !items.is_empty() {
            let (part, start) = image.part(0, items.len() * T::SIZE, T::ALIGN);
            elements(items, image, part, start);
        }
        Self { items, image }
    }
}

impl<T> Laid<'_, T> {
    /// Has the guest allocate every part, copies them, and writes where they are into each other. Where the outermost is.
    fn copy<U>(&self, cx: &mut LowerContext<'_, U>) -> wasmtime::Result<usize> {
        let parts = &self.image.parts;
        let mut at = Vec::with_capacity(parts.len());
        for part in parts {
            // The guest may grow its memory: it is looked at when all are there. That they are in it is checked here already.
            at.push(cx.realloc(0, 0, part.align, part.len)?);
        }
        let memory = cx.as_slice_mut();
        for (part, &to) in parts.iter().zip(&at) {
            let bytes = self.image.bytes.get(part.start..part.start + part.len);
            let target = memory.get_mut(to..to + part.len);
            let (Some(bytes), Some(target)) = (bytes, target) else { return Err(outside()) };
            target.copy_from_slice(bytes);
        }
        for (part, &to) in parts.iter().zip(&at).skip(1) {
            let pointer = at.get(part.parent).map(|parent| parent + part.pointer);
            let target = pointer.and_then(|pointer| memory.get_mut(pointer..pointer + 4));
            target.ok_or_else(outside)?.copy_from_slice(&(to as u32).to_le_bytes());
        }
        at.first().copied().ok_or_else(outside)
    }
}

fn outside() -> wasmtime::Error {
    wasmtime::Error::msg("a part of the parameter is outside of the guest's memory")
}

// SAFETY: a list is two numbers, and `[T]` says for which lists of a component these are right.
#[allow(unsafe_code, reason = "wasmtime has no safe way to write a parameter")]
unsafe impl<T: ComponentType + Placed> ComponentType for Laid<'_, T> {
    type Lower = [ValRaw; 2];
    const ABI: CanonicalAbiInfo = CanonicalAbiInfo::POINTER_PAIR;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        const {
            assert!(T::SIZE == T::SIZE32 && T::ALIGN == T::ALIGN32 as usize, "wasmtime lays it out otherwise");
        }
        <[T]>::typecheck(ty, types)
    }
}

// SAFETY: `target` is written whole wherever this returns `Ok`.
#[allow(unsafe_code, reason = "wasmtime has no safe way to write a parameter")]
unsafe impl<T: Lower + Placed> Lower for Laid<'_, T> {
    fn linear_lower_to_flat<U>(
        &self,
        cx: &mut LowerContext<'_, U>,
        ty: InterfaceType,
        target: &mut MaybeUninit<[ValRaw; 2]>,
    ) -> wasmtime::Result<()> {
        // A guest that wants its strings in UTF-16, or one without claims.
        if self.items.is_empty() || !matches!(cx.options().string_encoding, StringEncoding::Utf8) {
            return self.items.linear_lower_to_flat(cx, ty, target);
        }
        let at = self.copy(cx)?;
        target.write([ValRaw::i64(at as i64), ValRaw::i64(self.items.len() as i64)]);
        Ok(())
    }

    fn linear_lower_to_memory<U>(
        &self,
        cx: &mut LowerContext<'_, U>,
        ty: InterfaceType,
        offset: usize,
    ) -> wasmtime::Result<()> {
        self.items.linear_lower_to_memory(cx, ty, offset)
    }
}

//! A record as JSON text without what says nothing: a claim has some hundred fields for each line, and fills twenty.
//!
//! [`kept`] is what the store keeps: fields of a record that are empty (none, false, an empty text or list) are left out, and read back
//! as such; an option that says `false` or an empty text stays (`#[derive(Read)]` of `claimhost_derive`). [`canonical`] is what a digest is taken over: names are in order too, and a group
//! without anything in it is left out. So a contract that gains an option, a text, a list or a flag, or moves a field, changes neither
//! what was stored before nor its digest.

mod says;
#[cfg(test)]
mod tests;

use serde::ser::{self, Serialize, Serializer};

use says::Says;

/// The text of a record as it is kept. Entries of a map stay, whatever they hold.
///
/// # Errors
/// [`Error`], as [`canonical`].
pub fn kept<T: Serialize + ?Sized>(record: &T) -> Result<Vec<u8>, Error> {
    write(record, Form::Kept)
}

/// The canonical text of a record.
///
/// # Errors
/// [`Error`]: a number that is no integer, a name that is no text. No contract record has either.
pub fn canonical<T: Serialize + ?Sized>(record: &T) -> Result<Vec<u8>, Error> {
    write(record, Form::Canonical)
}

fn write<T: Serialize + ?Sized>(record: &T, form: Form) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(2048);
    record.serialize(Writer { out: &mut out, form })?;
    Ok(out)
}

/// Why a record has no text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

impl ser::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Kept,
    Canonical,
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    form: Form,
}

/// A list, or a group of fields, while it is written.
struct Compound<'a> {
    out: &'a mut Vec<u8>,
    form: Form,
    /// Where its bracket is.
    start: usize,
    /// Of a canonical group: each field. Fields come in any order.
    fields: Vec<Field>,
    /// It is within the bracket of a variant.
    variant: bool,
}

/// A field's `"name":value`, and where the name ends.
struct Field {
    start: usize,
    name_end: usize,
    end: usize,
}

impl<'a> Compound<'a> {
    fn open(writer: Writer<'a>, bracket: u8, variant: Option<&str>) -> Self {
        let Writer { out, form } = writer;
        if let Some(name) = variant {
            out.push(b'{');
            text(out, name);
            out.push(b':');
        }
        let start = out.len();
        out.push(bracket);
        Self { out, form, start, fields: Vec::new(), variant: variant.is_some() }
    }

    fn writer(&mut self) -> Writer<'_> {
        Writer { out: self.out, form: self.form }
    }

    /// Between this one and the one before it.
    fn comma(&mut self) {
        if self.out.len() > self.start + 1 {
            self.out.push(b',');
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.comma();
        value.serialize(self.writer())
    }

    /// A field, unless it says nothing.
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Error> {
        if !value.serialize(Says)? {
            return Ok(());
        }
        let before = self.out.len();
        self.comma();
        let start = self.out.len();
        text(self.out, name);
        let name_end = self.out.len();
        self.out.push(b':');
        value.serialize(self.writer())?;
        if self.form == Form::Canonical {
            // A group whose fields all say nothing.
            if self.out.get(name_end + 1..).is_some_and(|value| value == b"{}") {
                self.out.truncate(before);
            } else {
                self.fields.push(Field { start, name_end, end: self.out.len() });
            }
        }
        Ok(())
    }

    fn close(mut self, bracket: u8) {
        self.put_in_order();
        self.out.push(bracket);
        if self.variant {
            self.out.push(b'}');
        }
    }

    fn put_in_order(&mut self) {
        let text = &*self.out;
        let name = |field: &Field| text.get(field.start..field.name_end).unwrap_or_default();
        if self.fields.is_sorted_by_key(name) {
            return;
        }
        self.fields.sort_unstable_by(|left, right| name(left).cmp(name(right)));
        let mut ordered = Vec::with_capacity(text.len() - self.start);
        for field in &self.fields {
            if !ordered.is_empty() {
                ordered.push(b',');
            }
            ordered.extend_from_slice(text.get(field.start..field.end).unwrap_or_default());
        }
        self.out.truncate(self.start + 1);
        self.out.extend_from_slice(&ordered);
    }
}

/// A text as JSON, quoted and escaped: no text can imitate structure.
fn text(out: &mut Vec<u8>, text: &str) {
    if text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
        // Into memory: nothing can fail.
        let _ = serde_json::to_writer(out, text);
    } else {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }
}

impl<'a> Writer<'a> {
    fn number(self, number: impl Serialize) -> Result<(), Error> {
        serde_json::to_writer(self.out, &number).map_err(ser::Error::custom)
    }
}

macro_rules! numbers {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.number(value)
        }
    )*};
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }
    numbers!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8, serialize_u16 u16,
             serialize_u32 u32, serialize_u64 u64);

    fn serialize_f32(self, _: f32) -> Result<(), Error> {
        Err(ser::Error::custom("a float has no canonical text"))
    }
    fn serialize_f64(self, _: f64) -> Result<(), Error> {
        Err(ser::Error::custom("a float has no canonical text"))
    }
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Result<(), Error> {
        text(self.out, value);
        Ok(())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.out.push(b'{');
        text(self.out, variant);
        self.out.push(b':');
        value.serialize(Writer { out: self.out, form: self.form })?;
        self.out.push(b'}');
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self, b'[', None))
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self, b'[', None))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self, b'[', None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self, b'[', Some(variant)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self, b'{', None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self, b'{', None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self, b'{', Some(variant)))
    }
}

/// The list traits differ by the name of their one method.
macro_rules! list {
    ($($name:ident $method:ident),*) => {$(
        impl ser::$name for Compound<'_> {
            type Ok = ();
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }
            fn end(self) -> Result<(), Error> {
                self.close(b']');
                Ok(())
            }
        }
    )*};
}
list!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
      SerializeTupleVariant serialize_field);

/// So do those of named fields.
macro_rules! group {
    ($($name:ident),*) => {$(
        impl ser::$name for Compound<'_> {
            type Ok = ();
            type Error = Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.field(name, value)
            }
            fn end(self) -> Result<(), Error> {
                self.close(b'}');
                Ok(())
            }
        }
    )*};
}
group!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Error> {
        Err(ser::Error::custom("a name without its value"))
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Error> {
        Err(ser::Error::custom("a value without its name"))
    }
    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Error> {
        let Ok(serde_json::Value::String(name)) = serde_json::to_value(key) else {
            return Err(ser::Error::custom("a name that is no text has no place"));
        };
        if self.form == Form::Canonical {
            return self.field(&name, value);
        }
        self.comma();
        text(self.out, &name);
        self.out.push(b':');
        value.serialize(self.writer())
    }
    fn end(self) -> Result<(), Error> {
        self.close(b'}');
        Ok(())
    }
}

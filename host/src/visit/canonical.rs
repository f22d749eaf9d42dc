//! Canonical JSON of a record, written in one pass: what a digest is taken over.
//!
//! Names are in order, fields that are empty are left out, every item ends with a comma. So a contract that gains a field, or
//! moves one, does not change the digest of what was stored before. Not for reading back.

use serde::ser::{self, Serialize, Serializer};

/// The canonical text of a record.
///
/// # Errors
/// A number that is no integer, a name that is no text: no contract record has either.
pub(super) fn canonical<T: Serialize + ?Sized>(record: &T) -> Result<Vec<u8>, Error> {
    let mut out = Vec::with_capacity(2048);
    record.serialize(Writer(&mut out))?;
    Ok(out)
}

/// Why a record has no canonical text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Error(String);

impl ser::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// What a field that says nothing is written as.
const EMPTY: [&[u8]; 5] = [b"null", b"false", b"\"\"", b"[]", b"{}"];

struct Writer<'a>(&'a mut Vec<u8>);

/// A list, or a group of fields, while it is written.
struct Compound<'a> {
    out: &'a mut Vec<u8>,
    /// Where its bracket is.
    start: usize,
    /// Of a group: each kept field's `name:value,` and where the name ends. Fields come in any order.
    fields: Vec<Field>,
    /// Where the bracket of the variant around it is.
    variant: Option<usize>,
}

struct Field {
    start: usize,
    name_end: usize,
    end: usize,
}

impl<'a> Compound<'a> {
    fn open(out: &'a mut Vec<u8>, bracket: u8, variant: Option<&str>) -> Self {
        let outer = variant.map(|name| {
            let outer = out.len();
            out.push(b'{');
            out.extend_from_slice(name.as_bytes());
            out.push(b':');
            outer
        });
        let start = out.len();
        out.push(bracket);
        Self { out, start, fields: Vec::new(), variant: outer }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Writer(self.out))?;
        self.out.push(b',');
        Ok(())
    }

    fn name(&mut self, name: &str) {
        let start = self.out.len();
        self.out.extend_from_slice(name.as_bytes());
        self.fields.push(Field { start, name_end: self.out.len(), end: 0 });
        self.out.push(b':');
    }

    /// The value of the field named last; takes the field back where it is empty.
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let from = self.out.len();
        value.serialize(Writer(self.out))?;
        let empty = self.out.get(from..).is_some_and(|text| EMPTY.contains(&text));
        match self.fields.last_mut() {
            Some(field) if empty => {
                self.out.truncate(field.start);
                self.fields.pop();
            }
            Some(field) => {
                self.out.push(b',');
                field.end = self.out.len();
            }
            None => {}
        }
        Ok(())
    }

    fn close(mut self, bracket: u8) {
        self.put_in_order();
        self.out.push(bracket);
        let Some(outer) = self.variant else { return };
        if self.out.get(self.start..).is_some_and(|text| EMPTY.contains(&text)) {
            self.out.truncate(outer + 1);
        } else {
            self.out.push(b',');
        }
        self.out.push(b'}');
    }

    fn put_in_order(&mut self) {
        let text = &*self.out;
        let name = |field: &Field| text.get(field.start..field.name_end).unwrap_or_default();
        if self.fields.is_sorted_by_key(name) {
            return;
        }
        self.fields.sort_by(|left, right| name(left).cmp(name(right)));
        let whole = |field: &Field| text.get(field.start..field.end).unwrap_or_default();
        let ordered: Vec<u8> = self.fields.iter().flat_map(whole).copied().collect();
        self.out.truncate(self.start + 1);
        self.out.extend_from_slice(&ordered);
    }
}

impl<'a> Writer<'a> {
    fn number(self, text: impl std::fmt::Display) -> Result<(), Error> {
        use std::io::Write;
        write!(self.0, "{text}").map_err(ser::Error::custom)
    }
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
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }
    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.number(value)
    }
    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.number(value)
    }
    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.number(value)
    }
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.number(value)
    }
    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.number(value)
    }
    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.number(value)
    }
    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.number(value)
    }
    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.number(value)
    }
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
        // Quoted and escaped, so that no text can imitate structure.
        serde_json::to_writer(self.0, value).map_err(ser::Error::custom)
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
        self.0.extend_from_slice(b"null");
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
        let mut group = Compound::open(self.0, b'{', None);
        group.name(variant);
        group.value(value)?;
        group.close(b'}');
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self.0, b'[', None))
    }
    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self.0, b'[', None))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self.0, b'[', None))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self.0, b'[', Some(variant)))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self.0, b'{', None))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self.0, b'{', None))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(Compound::open(self.0, b'{', Some(variant)))
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
                self.name(name);
                self.value(value)
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
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        match serde_json::to_value(key) {
            Ok(serde_json::Value::String(name)) => {
                self.name(&name);
                Ok(())
            }
            _ => Err(ser::Error::custom("a name that is no text has no canonical place")),
        }
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }
    fn end(self) -> Result<(), Error> {
        self.close(b'}');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::Value;

    use super::canonical;

    /// The same, said slowly over a tree.
    fn slowly(value: &Value) -> String {
        match value {
            Value::Object(fields) => {
                let mut kept: Vec<_> =
                    fields.iter().map(|(name, value)| (name, slowly(value))).filter(|(_, text)| !empty(text)).collect();
                kept.sort();
                kept.iter().fold("{".to_owned(), |text, (name, value)| format!("{text}{name}:{value},")) + "}"
            }
            Value::Array(items) => {
                items.iter().map(slowly).fold("[".to_owned(), |text, item| format!("{text}{item},")) + "]"
            }
            other => other.to_string(),
        }
    }

    fn empty(text: &str) -> bool {
        ["null", "false", "\"\"", "[]", "{}"].contains(&text)
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a\",:{}\\[\\]é]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-d]{1,2}", inner, 0..5)
                    .prop_map(|map| Value::from_iter(map.into_iter().rev())),
            ]
        })
    }

    #[derive(Serialize)]
    enum Shape {
        Bare,
        Wrapped(String),
        Pair(u8, u8),
        Named { second: Option<u8>, first: Vec<u8> },
    }

    #[derive(Serialize)]
    struct Record {
        zulu: Shape,
        alpha: Shape,
        empty: Shape,
        none: Shape,
        hotel: Shape,
    }

    proptest! {
        #[test]
        fn one_pass_writes_what_the_tree_says(value in tree()) {
            prop_assert_eq!(String::from_utf8(canonical(&value).unwrap()).unwrap(), slowly(&value));
        }
    }

    #[test]
    fn fields_are_in_order_and_variants_are_groups() {
        let record = Record {
            zulu: Shape::Bare,
            alpha: Shape::Pair(1, 2),
            empty: Shape::Wrapped(String::new()),
            none: Shape::Named { second: None, first: vec![] },
            hotel: Shape::Named { second: Some(2), first: vec![1] },
        };
        let text = String::from_utf8(canonical(&record).unwrap()).unwrap();
        assert_eq!(text, r#"{alpha:{Pair:[1,2,],},hotel:{Named:{first:[1,],second:2,},},zulu:"Bare",}"#);
        assert_eq!(text, slowly(&serde_json::to_value(&record).unwrap()));
    }

    #[test]
    fn a_float_has_no_canonical_text() {
        assert!(canonical(&1.5).is_err());
    }
}

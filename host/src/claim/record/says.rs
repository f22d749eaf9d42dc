//! Whether a value says anything, asked before its name is written.

use serde::ser::{self, Serialize, Serializer};

use super::Error;

/// Tells whether a value says something: it is not none, not false, and no empty text, list or map. A group does, whatever is in it.
pub(super) struct Says;

/// A list or group of which only that is asked.
pub(super) struct Asked(bool);

macro_rules! says {
    ($($method:ident $type:ty),*) => {$(
        fn $method(self, _: $type) -> Result<bool, Error> {
            Ok(true)
        }
    )*};
}

impl Serializer for Says {
    type Ok = bool;
    type Error = Error;
    type SerializeSeq = Asked;
    type SerializeTuple = Asked;
    type SerializeTupleStruct = Asked;
    type SerializeTupleVariant = Asked;
    type SerializeMap = Asked;
    type SerializeStruct = Asked;
    type SerializeStructVariant = Asked;

    says!(serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8, serialize_u16 u16,
          serialize_u32 u32, serialize_u64 u64, serialize_f32 f32, serialize_f64 f64, serialize_char char);

    fn serialize_bool(self, value: bool) -> Result<bool, Error> {
        Ok(value)
    }
    fn serialize_str(self, value: &str) -> Result<bool, Error> {
        Ok(!value.is_empty())
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<bool, Error> {
        Ok(!value.is_empty())
    }
    fn serialize_none(self) -> Result<bool, Error> {
        Ok(false)
    }
    /// That something was said, were it `false` or an empty text.
    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<bool, Error> {
        Ok(true)
    }
    fn serialize_unit(self) -> Result<bool, Error> {
        Ok(false)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<bool, Error> {
        Ok(false)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<bool, Error> {
        Ok(true)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<bool, Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<bool, Error> {
        Ok(true)
    }
    fn collect_seq<I: IntoIterator<Item: Serialize>>(self, items: I) -> Result<bool, Error> {
        Ok(items.into_iter().next().is_some())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Asked, Error> {
        Ok(Asked(false))
    }
    fn serialize_tuple(self, _: usize) -> Result<Asked, Error> {
        Ok(Asked(false))
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Asked, Error> {
        Ok(Asked(true))
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Asked, Error> {
        Ok(Asked(true))
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Asked, Error> {
        Ok(Asked(false))
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Asked, Error> {
        Ok(Asked(true))
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Asked, Error> {
        Ok(Asked(true))
    }
}

macro_rules! asked {
    ($($name:ident $method:ident $($field:ident)?),*) => {$(
        impl ser::$name for Asked {
            type Ok = bool;
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, $($field: &'static str,)? _: &T) -> Result<(), Error> {
                $(let _ = $field;)?
                self.0 = true;
                Ok(())
            }
            fn end(self) -> Result<bool, Error> {
                Ok(self.0)
            }
        }
    )*};
}
asked!(SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
       SerializeTupleVariant serialize_field, SerializeStruct serialize_field name, SerializeStructVariant serialize_field name);

impl ser::SerializeMap for Asked {
    type Ok = bool;
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Error> {
        self.0 = true;
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Error> {
        Ok(())
    }
    fn end(self) -> Result<bool, Error> {
        Ok(self.0)
    }
}

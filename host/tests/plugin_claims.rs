//! What a rule set is handed, and what the store reads back, is what the host holds: every field, filled or not, of any claim.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;

use claimhost::claim::record::kept;
use claimhost::claim::{ClaimInContext, ExpectedVisit, Setup, VisitUpdate};
use claimhost::plugin::build::build_guest;
use claimhost::plugin::{Checked, PluginHost, PluginHostConfig};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// A value of any type, drawn from numbers: which cases, how many items, how long a text.
struct Drawn<'a> {
    draws: &'a [u8],
    at: &'a mut usize,
}

impl Drawn<'_> {
    /// Less than a bound.
    fn draw(&mut self, bound: usize) -> usize {
        *self.at += 1;
        usize::from(self.draws[*self.at % self.draws.len()]).wrapping_mul(*self.at | 1) % bound
    }

    fn again(&mut self) -> Drawn<'_> {
        Drawn { draws: self.draws, at: self.at }
    }

    fn text(&mut self) -> String {
        let length = self.draw(20);
        (0..length).map(|_| ['A', 'é', '9', '"', '漢', '\0', '\n', '🜚'][self.draw(8)]).collect()
    }
}

macro_rules! drawn_numbers {
    ($($method:ident $visit:ident $number:ty),*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
            let number = (0..8).fold(0_u64, |number, _| number << 8 | self.draw(256) as u64);
            visitor.$visit(number as $number)
        }
    )*};
}

impl<'de> Deserializer<'de> for Drawn<'_> {
    type Error = Error;

    drawn_numbers!(
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64
    );

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        panic!("a type that this test does not draw");
    }
    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.draw(2) == 1)
    }
    fn deserialize_string<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.text())
    }
    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        if self.draw(3) == 0 { visitor.visit_none() } else { visitor.visit_some(self) }
    }
    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let left = self.draw(4);
        visitor.visit_seq(Items { drawn: self, left, names: &[] })
    }
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Items { drawn: self, left: names.len(), names })
    }
    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        cases: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let case = cases[self.draw(cases.len())];
        visitor.visit_enum(Case { drawn: self, case })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map identifier ignored_any
    }
}

/// Items of a list, or fields of a record.
struct Items<'a> {
    drawn: Drawn<'a>,
    left: usize,
    names: &'static [&'static str],
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.drawn.again()).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_> {
    type Error = Error;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.names.len().checked_sub(self.left).and_then(|at| self.names.get(at)) else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        self.left -= 1;
        seed.deserialize(self.drawn.again())
    }
}

/// A case of an enum or a variant.
struct Case<'a> {
    drawn: Drawn<'a>,
    case: &'static str,
}

impl<'de, 'a> EnumAccess<'de> for Case<'a> {
    type Error = Error;
    type Variant = Payload<'a>;
    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Payload<'a>), Error> {
        let case: StrDeserializer<'_, Error> = self.case.into_deserializer();
        Ok((seed.deserialize(case)?, Payload(self.drawn)))
    }
}

struct Payload<'a>(Drawn<'a>);

impl<'de> VariantAccess<'de> for Payload<'_> {
    type Error = Error;
    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.0)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        panic!("the contract has no such variant");
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        panic!("the contract has no such variant");
    }
}

fn drawn<T: DeserializeOwned>(draws: &[u8]) -> T {
    T::deserialize(Drawn { draws, at: &mut 0 }).unwrap()
}

/// Fails where what is read back differs, or where a field that says nothing was kept.
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(draws: &[u8]) {
    let record: T = drawn(draws);
    let text = kept(&record).unwrap();
    assert_eq!(serde_json::from_slice::<T>(&text).unwrap(), record);
    assert!(!String::from_utf8(text).unwrap().contains("null"), "a field that says nothing was kept");
}

proptest! {
    #[test]
    fn what_the_store_keeps_of_a_record_is_read_back_as_it_was(draws in prop::collection::vec(any::<u8>(), 1..400)) {
        comes_back::<VisitUpdate>(&draws);
        comes_back::<ExpectedVisit>(&draws);
        comes_back::<ClaimInContext>(&draws);
    }
}

/// A host with the rule set that says what it was handed.
fn echo(root: &Path) -> PluginHost {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = root.join("plugins/echo");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(build_guest(workspace, "guest-echo").unwrap(), folder.join("plugin.wasm")).unwrap();
    let manifest = "id = \"echo\"\nversion = \"1.0.0\"\nkind = \"rules\"\ncontract = \"0.1.0-draft\"\n\
        evidence = \"standard-only\"\n";
    fs::write(folder.join("plugin.toml"), manifest).unwrap();
    PluginHost::open(PluginHostConfig::new(vec![root.join("plugins")], root.join("cache"))).unwrap()
}

#[test]
fn a_rule_set_sees_each_field_as_the_host_holds_it() {
    let root = tempfile::tempdir().unwrap();
    let host = echo(root.path());
    let rules = host.rules("echo").unwrap_or_else(|| panic!("{:?}", host.list()));
    let setup = Setup { settings: Vec::new(), mapping: String::new() };
    let mut cases = proptest::test_runner::TestRunner::default();
    let batches = prop::collection::vec(prop::collection::vec(any::<u8>(), 1..400), 0..8);
    cases
        .run(&batches, |batch| {
            let claims: Vec<ClaimInContext> = batch.iter().map(|draws| drawn(draws)).collect();
            let answers = rules.check("practice", &setup, &claims);
            prop_assert_eq!(answers.len(), claims.len());
            for (claim, answer) in claims.iter().zip(answers) {
                let Checked::Findings(findings) = answer else { panic!("{answer:?}") };
                prop_assert_eq!(&findings[0].words, &format!("{claim:?}"));
            }
            Ok(())
        })
        .unwrap();
}

//! The records of the contract as names and types: what a condition may say of a claim.
//!
//! Here is what a row of it is; the rows are in `schema/choices.rs` and `schema/records.rs`.

/// What a field holds. Records and word lists are the same where they are one.
#[derive(Debug, Clone, Copy)]
pub enum Type {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// US cents.
    Money,
    /// Thousandths.
    Decimal,
    /// A text.
    Text,
    /// A day.
    Date,
    /// One of the words of a list.
    Choice(&'static Choice),
    /// A record.
    Record(&'static RecordType),
    /// A list of these.
    List(&'static Type),
    /// `null`.
    Null,
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Choice(left), Self::Choice(right)) => std::ptr::eq(*left, *right),
            (Self::Record(left), Self::Record(right)) => std::ptr::eq(*left, *right),
            (Self::List(left), Self::List(right)) => left == right,
            (left, right) => std::mem::discriminant(left) == std::mem::discriminant(right),
        }
    }
}

/// An enum of the contract.
#[derive(Debug, PartialEq)]
pub struct Choice {
    /// Name in the contract.
    pub name: &'static str,
    /// Its words, in the contract's order.
    pub words: &'static [&'static str],
    /// The same as the SDK's records are written down.
    pub variants: &'static [&'static str],
}

/// A record of the contract.
#[derive(Debug, PartialEq)]
pub struct RecordType {
    /// Name in the contract.
    pub name: &'static str,
    /// Its fields, in the contract's order.
    pub fields: &'static [Field],
}

/// A field of a record.
#[derive(Debug, PartialEq)]
pub struct Field {
    /// Name in conditions.
    pub name: &'static str,
    /// Name in the SDK's record.
    pub member: &'static str,
    /// What it holds.
    pub of: Type,
    /// May be missing.
    pub optional: bool,
    /// May tell who the patient is: never in the words of a finding.
    pub private: bool,
}

impl RecordType {
    /// The field of this name and its position.
    pub fn field(&self, name: &str) -> Option<(u16, &'static Field)> {
        let at = self.fields.iter().position(|field| field.name == name)?;
        Some((u16::try_from(at).ok()?, self.fields.get(at)?))
    }
}

macro_rules! of {
    (text) => { Type::Text };
    (bool) => { Type::Bool };
    (int) => { Type::Int };
    (money) => { Type::Money };
    (decimal) => { Type::Decimal };
    (date) => { Type::Date };
    (choice($choice:ident)) => { Type::Choice(&$choice) };
    (record($record:ident)) => { Type::Record(&$record) };
    (list($($inner:tt)*)) => { Type::List(&of!($($inner)*)) };
}

macro_rules! choices {
    ($($constant:ident $rust:ident $name:literal { $($variant:ident $word:literal),* })*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $constant: Choice =
                Choice { name: $name, words: &[$($word),*], variants: &[$(stringify!($variant)),*] };

            impl Reflect for $rust {
                fn value(&self) -> Value<'_> {
                    Value::Int(i64::from(*self as u8))
                }
            }
        )*
    };
}

macro_rules! records {
    ($($constant:ident $rust:ident $name:literal {
        $($mark:ident $member:ident $label:literal: ($($of:tt)*)),* $(,)?
    })*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub static $constant: RecordType = RecordType {
                name: $name,
                fields: &[$(Field {
                    name: $label,
                    member: stringify!($member),
                    of: of!($($of)*),
                    optional: marks!(optional $mark),
                    private: marks!(private $mark),
                }),*],
            };

            impl Reflect for $rust {
                fn value(&self) -> Value<'_> {
                    Value::Record(self)
                }
            }

            impl Record for $rust {
                fn field(&self, at: u16) -> Value<'_> {
                    const READ: &[fn(&$rust) -> Value<'_>] = &[$(|record| record.$member.value()),*];
                    READ.get(usize::from(at)).map_or(Value::Missing, |read| read(self))
                }
            }
        )*
    };
}

/// `one`: always there; `may`: may be missing; `hid`: may tell who the patient is; `mayhid`: both.
macro_rules! marks {
    (optional may) => {
        true
    };
    (optional mayhid) => {
        true
    };
    (optional $other:ident) => {
        false
    };
    (private hid) => {
        true
    };
    (private mayhid) => {
        true
    };
    (private $other:ident) => {
        false
    };
}

mod choices;
mod records;

pub use choices::*;
pub use records::*;

/// An item of `coverages`.
pub static COVERAGE_TYPE: Type = Type::Record(&COVERAGE);
/// An item of `lines`.
pub static LINE_TYPE: Type = Type::Record(&SERVICE_LINE);
/// An item of `earlier`.
pub static EARLIER_TYPE: Type = Type::Record(&EARLIER_LINE);

/// A record without fields: what is inside of a plain value.
pub static NOTHING: RecordType = RecordType { name: "a plain value", fields: &[] };

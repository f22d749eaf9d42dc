//! What every resource and every part of one is declared with: read from JSON by FHIR's own names, every element optional.

/// A part of a resource: its elements.
macro_rules! element {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, serde::Deserialize)]
        #[serde(default, rename_all = "camelCase", bound(deserialize = "'de: 'a"))]
        pub struct $name<'a> {
            $($(#[$about])* pub $field: $type,)*
        }
    };
}

/// A resource: the elements that all of them have, then its own.
macro_rules! resource {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* }) => {
        element! {
            $(#[$doc])*
            $name {
                /// Logical id.
                id: Option<$crate::primitives::Text<'a>>,
                /// Business identifiers.
                identifier: Vec<$crate::datatypes::Identifier<'a>>,
                /// Resources that exist only inside this one.
                contained: Vec<$crate::parse::Raw<'a>>,
                /// Extensions of the source.
                extension: Vec<$crate::datatypes::Extension<'a>>,
                $($(#[$about])* $field: $type,)*
            }
        }
    };
}

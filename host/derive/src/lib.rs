//! `#[derive(Placed)]` and `#[derive(Read)]` for the records, variants and enums that the contract's bindings generate.

use proc_macro::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Field, Fields, Type, Visibility, parse_macro_input, parse_quote};

/// Implements `crate::plugin::image::Placed`: fields in their order, cases by their number, as the Canonical ABI lays them out.
#[proc_macro_derive(Placed)]
pub fn placed(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let name = &input.ident;
    let body = match &input.data {
        Data::Struct(data) => record(&data.fields),
        Data::Enum(data) => {
            let cases: Vec<_> = data.variants.iter().map(|case| (&case.ident, case.fields.iter().next())).collect();
            variant(&cases)
        }
        Data::Union(_) => quote! { compile_error!("a union is no type of the Component Model"); },
    };
    quote! {
        #[automatically_derived]
        impl crate::plugin::image::Placed for #name { #body }
    }
    .into()
}

/// Implements `serde::Deserialize`: a field that is not there is empty where its type is an option, a text, a list or a flag, as
/// `crate::claim::record::kept` leaves it out.
#[proc_macro_derive(Read)]
pub fn read(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let (name, mut shadow) = (&input.ident, input.clone());
    if let Some(attribute) = foreign(&input) {
        let words = format!("`{attribute}` is not read by Read, and what it writes would not be read back");
        return quote! { compile_error!(#words); }.into();
    }
    // Generated types take no attributes of serde on their fields: a twin has them.
    shadow.ident = format_ident!("Shadow");
    shadow.vis = Visibility::Inherited;
    shadow.attrs.clear();
    match &mut shadow.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(default),
        Data::Enum(data) => {
            for case in &mut data.variants {
                case.attrs.clear();
                case.fields.iter_mut().for_each(|field| field.attrs.clear());
            }
        }
        Data::Union(_) => {}
    }
    let remote = name.to_string();
    quote! {
        const _: () = {
            #[derive(serde::Deserialize)]
            #[serde(remote = #remote)]
            #[allow(dead_code, reason = "only its shape is used")]
            #shadow
            #[automatically_derived]
            impl<'de> serde::Deserialize<'de> for #name {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> ::core::result::Result<Self, D::Error> {
                    Shadow::deserialize(from)
                }
            }
        };
    }
    .into()
}

/// An attribute of serde that changes how a record is written, beside one that leaves out what is empty.
fn foreign(input: &DeriveInput) -> Option<String> {
    let mut attributes: Vec<(&Attribute, bool)> = input.attrs.iter().map(|one| (one, false)).collect();
    match &input.data {
        Data::Struct(data) => {
            let fields = data.fields.iter();
            attributes
                .extend(fields.flat_map(|field| field.attrs.iter().map(move |one| (one, is_empty_by_default(field)))));
        }
        Data::Enum(data) => {
            let of_fields = data.variants.iter().flat_map(|case| &case.fields).flat_map(|field| &field.attrs);
            attributes
                .extend(data.variants.iter().flat_map(|case| &case.attrs).chain(of_fields).map(|one| (one, false)));
        }
        Data::Union(_) => {}
    }
    attributes.retain(|(one, _)| one.path().is_ident("serde"));
    let words = |one: &Attribute| one.meta.to_token_stream().to_string().replace(' ', "");
    let leaves_out = |words: &str| words.starts_with("serde(skip_serializing_if=") && !words.contains(',');
    let mut words = attributes.into_iter().map(|(one, may_be_left_out)| (words(one), may_be_left_out));
    words.find(|(words, may_be_left_out)| !(*may_be_left_out && leaves_out(words))).map(|(words, _)| words)
}

fn is_empty_by_default(field: &Field) -> bool {
    match &field.ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| ["Option", "String", "Vec", "bool"].iter().any(|name| last.ident == name)),
        _ => false,
    }
}

fn default(field: &mut Field) {
    let is_empty = is_empty_by_default(field);
    field.attrs.clear();
    if is_empty {
        field.attrs.push(parse_quote!(#[serde(default)]));
    }
}

/// Each field after the one before it, at its own alignment.
fn record(fields: &Fields) -> proc_macro2::TokenStream {
    let types: Vec<&Type> = fields.iter().map(|field| &field.ty).collect();
    let names: Vec<_> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    let offsets: Vec<_> = names.iter().map(|name| format_ident!("AT_{}", name.to_string().to_uppercase())).collect();
    let sizes = quote! { [#((<#types as crate::plugin::image::Placed>::SIZE, <#types as crate::plugin::image::Placed>::ALIGN)),*] };
    let numbers = 0..names.len();
    quote! {
        const SIZE: usize = crate::plugin::image::record(&#sizes, usize::MAX);
        const ALIGN: usize = crate::plugin::image::alignment(&#sizes);
        #[inline(never)] // or each record of a claim has its own copy of every address, name and provider
        fn place(&self, image: &mut crate::plugin::image::Image, at: usize) {
            #(
                const #offsets: usize = crate::plugin::image::record(&#sizes, #numbers);
                crate::plugin::image::Placed::place(&self.#names, image, at + #offsets);
            )*
        }
    }
}

/// The number of the case, then its payload where the widest alignment of any allows it.
fn variant(cases: &[(&syn::Ident, Option<&syn::Field>)]) -> proc_macro2::TokenStream {
    let payloads = cases.iter().filter_map(|(_, payload)| payload.map(|field| &field.ty));
    let sizes: Vec<_> = payloads
        .map(
            |ty| quote! { (<#ty as crate::plugin::image::Placed>::SIZE, <#ty as crate::plugin::image::Placed>::ALIGN) },
        )
        .collect();
    let arms = cases.iter().enumerate().map(|(number, (name, payload))| {
        let Ok(number) = u8::try_from(number) else {
            return quote! { _ => compile_error!("more than 256 cases have another discriminant"), };
        };
        match payload {
            None => quote! { Self::#name => image.put(at, [#number]), },
            Some(_) => quote! {
                Self::#name(payload) => {
                    image.put(at, [#number]);
                    crate::plugin::image::Placed::place(payload, image, at + PAYLOAD);
                }
            },
        }
    });
    quote! {
        const SIZE: usize = crate::plugin::image::variant(&[#(#sizes),*]);
        const ALIGN: usize = crate::plugin::image::alignment(&[#(#sizes),*]);
        #[inline(never)] // or each record of a claim has its own copy of every address, name and provider
        fn place(&self, image: &mut crate::plugin::image::Image, at: usize) {
            #[allow(unused, reason = "an enum has no payload")]
            const PAYLOAD: usize = crate::plugin::image::alignment(&[#(#sizes),*]);
            match self { #(#arms)* }
        }
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        foreign(&syn::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}")))
    }

    #[test]
    fn what_is_left_out_where_it_is_empty_is_read_back_and_every_other_attribute_of_serde_is_refused() {
        for known in [
            "struct A { a: u8 }",
            "struct A { #[serde(skip_serializing_if = \"Option::is_none\")] a: Option<u8> }",
            "struct A { #[serde(skip_serializing_if = \"String::is_empty\")] a: std::string::String, b: i64 }",
            "struct A { #[serde(skip_serializing_if = \"Vec::is_empty\")] a: Vec<u8> }",
            "#[derive(Clone)] #[doc = \"serde\"] enum A { #[doc = \"one\"] B, C(u8) }",
        ] {
            assert_eq!(told(known), None, "{known}");
        }
        for (other, words) in [
            ("#[serde(rename_all = \"kebab-case\")] struct A { a: u8 }", "serde(rename_all=\"kebab-case\")"),
            ("struct A { #[serde(rename = \"b\")] a: u8 }", "serde(rename=\"b\")"),
            ("struct A { #[serde(skip)] a: Option<u8> }", "serde(skip)"),
            // Left out, and of no type that is empty where it is not there.
            (
                "struct A { #[serde(skip_serializing_if = \"is_zero\")] a: u32 }",
                "serde(skip_serializing_if=\"is_zero\")",
            ),
            (
                "struct A { #[serde(skip_serializing_if = \"Option::is_none\", rename = \"b\")] a: Option<u8> }",
                "serde(skip_serializing_if=\"Option::is_none\",rename=\"b\")",
            ),
            ("struct A { a: u8, #[serde(with = \"other\")] b: Vec<u8> }", "serde(with=\"other\")"),
            ("enum A { #[serde(rename = \"c\")] B, C }", "serde(rename=\"c\")"),
            (
                "enum A { B(#[serde(skip_serializing_if = \"Option::is_none\")] Option<u8>) }",
                "serde(skip_serializing_if=\"Option::is_none\")",
            ),
        ] {
            assert_eq!(told(other).as_deref(), Some(words), "{other}");
        }
    }
}

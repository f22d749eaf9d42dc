//! The contract as pages: one for each interface of its WIT text, with the comments that stand there, and the pages on mappings, rule tables
//! and `plugin.toml` with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wit_parser::{
    Docs, Function, FunctionKind, Handle, Interface, InterfaceId, Resolve, SourceMap, Type, TypeDef, TypeDefKind,
    TypeId, TypeOwner, WorldItem, WorldKey,
};

use super::{CONTRACT, carried};

/// Why there are no pages: the contract's text is not WIT.
#[derive(Debug, thiserror::Error)]
#[error("the contract {CONTRACT} cannot be read: {0}")]
pub struct DocsError(String);

/// Every page: name of the file, Markdown.
///
/// # Errors
/// [`DocsError`].
pub fn pages() -> Result<BTreeMap<String, String>, DocsError> {
    let contract = Contract::read()?;
    let mut pages = BTreeMap::new();
    for (id, interface) in contract.resolve.interfaces.iter() {
        let name = interface.name.as_deref().unwrap_or_default();
        pages.insert(format!("{name}.md"), contract.interface(id, interface));
    }
    pages.insert("worlds.md".to_owned(), contract.worlds());
    pages.insert("README.md".to_owned(), contract.index());
    let rules = carried::text("docs/rules.md").replace(&format!("../wit/{CONTRACT}/claim.wit"), "claim.md");
    let of_project = [
        ("mapping.md", carried::text("docs/mapping.md").to_owned()),
        ("rules.md", rules),
        ("plugin-toml.md", manifest()),
    ];
    let names: Vec<String> =
        pages.keys().cloned().chain(of_project.iter().map(|(name, _)| (*name).to_owned())).collect();
    pages.extend(of_project.map(|(name, text)| (name.to_owned(), without_far_links(&text, &names))));
    Ok(pages)
}

struct Contract {
    resolve: Resolve,
}

impl Contract {
    fn read() -> Result<Self, DocsError> {
        let mut map = SourceMap::default();
        for (path, content) in carried::wit() {
            map.push_str(&path, String::from_utf8_lossy(&content));
        }
        let mut resolve = Resolve::new();
        let group = map.parse().map_err(|(_, error)| DocsError(error.to_string()))?;
        resolve.push_group(group).map_err(|error| DocsError(error.to_string()))?;
        Ok(Self { resolve })
    }

    fn index(&self) -> String {
        let mut page = format!(
            "# Contract {CONTRACT}\n\nWhat host and plugins say to each other. A plugin is a component of one of the worlds.\n\n\
             | page | what |\n|---|---|\n| [worlds](worlds.md) | what a component of each kind imports and exports |\n"
        );
        for (_, interface) in self.resolve.interfaces.iter() {
            let name = interface.name.as_deref().unwrap_or_default();
            let _ = writeln!(page, "| [{name}]({name}.md) | {} |", first_sentence(&interface.docs));
        }
        page += "| [plugin.toml](plugin-toml.md) | keys of the manifest |\n| [mapping](mapping.md) | the mappings of the stock adapters |\n\
                 | [rules](rules.md) | rule tables |\n";
        page
    }

    fn worlds(&self) -> String {
        let mut page = String::from("# Worlds\n");
        for (_, world) in self.resolve.worlds.iter() {
            let _ = write!(page, "\n## {}\n\n{}", world.name, prose(&world.docs));
            for (verb, items) in [("imports", &world.imports), ("exports", &world.exports)] {
                for name in self.named(items) {
                    let _ = writeln!(page, "- {verb} [{name}]({name}.md)");
                }
            }
        }
        page
    }

    /// Interfaces of a world, by name. Those that only carry types are imported by every world and are not named.
    fn named<'a>(&'a self, items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>) -> Vec<&'a str> {
        let interface = |(_, item): (&WorldKey, &WorldItem)| match item {
            WorldItem::Interface { id, .. } => self.resolve.interfaces.get(*id),
            _ => None,
        };
        let found = items.into_iter().filter_map(interface);
        found.filter(|interface| !interface.functions.is_empty()).filter_map(|found| found.name.as_deref()).collect()
    }

    fn interface(&self, id: InterfaceId, interface: &Interface) -> String {
        let name = interface.name.as_deref().unwrap_or_default();
        let mut page = format!("# {name}\n\n{}", prose(&interface.docs));
        let free = interface.functions.values().filter(|function| resource_of(function).is_none());
        for function in free {
            let _ =
                write!(page, "\n## {}\n\n`{}`\n\n{}", function.name, self.signature(function), prose(&function.docs));
        }
        for (name, ty) in &interface.types {
            let Some(def) = self.resolve.types.get(*ty) else { continue };
            let body = self.definition(id, interface, *ty, def);
            // What another interface defines is told there.
            if let Some(body) = body {
                let _ = write!(page, "\n## {name}\n\n{}{body}", prose(&def.docs));
            }
        }
        page
    }

    fn definition(&self, id: InterfaceId, interface: &Interface, ty: TypeId, def: &TypeDef) -> Option<String> {
        let table = |head: &str, rows: Vec<(String, String, &Docs)>| {
            let mut text = format!("| {head} | | |\n|---|---|---|\n");
            for (name, kind, docs) in rows {
                let _ = writeln!(text, "| `{name}` | {kind} | {} |", cell(docs));
            }
            text
        };
        Some(match &def.kind {
            TypeDefKind::Record(record) => {
                let rows = record.fields.iter();
                table("field", rows.map(|field| (field.name.clone(), self.kind(&field.ty), &field.docs)).collect())
            }
            TypeDefKind::Enum(one) => {
                table("word", one.cases.iter().map(|case| (case.name.clone(), String::new(), &case.docs)).collect())
            }
            TypeDefKind::Variant(variant) => {
                let kind = |ty: &Option<Type>| ty.as_ref().map(|ty| self.kind(ty)).unwrap_or_default();
                table(
                    "one of",
                    variant.cases.iter().map(|case| (case.name.clone(), kind(&case.ty), &case.docs)).collect(),
                )
            }
            TypeDefKind::Resource => {
                let methods = interface.functions.values().filter(|function| resource_of(function) == Some(ty));
                let rows = methods.map(|method| (method.item_name().to_owned(), self.signature(method), &method.docs));
                table("function", rows.collect())
            }
            TypeDefKind::Type(Type::Id(other)) if self.owner(*other) != Some(id) => return None,
            TypeDefKind::Type(ty) => format!("Is {}.\n", self.kind(ty)),
            other => format!("Is a {}.\n", other.as_str()),
        })
    }

    fn signature(&self, function: &Function) -> String {
        let is_self = |name: &str| name == "self";
        let given = function.params.iter().filter(|param| !is_self(&param.name));
        let given: Vec<String> = given.map(|param| format!("{}: {}", param.name, self.kind(&param.ty))).collect();
        let answer = function.result.as_ref().map(|ty| format!(" -> {}", self.kind(ty))).unwrap_or_default();
        format!("({}){answer}", given.join(", "))
    }

    /// A type, with a link to where it is told.
    fn kind(&self, ty: &Type) -> String {
        let Type::Id(id) = ty else { return plain(ty).to_owned() };
        let Some(def) = self.resolve.types.get(*id) else { return String::new() };
        let optional = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".to_owned(), |ty| self.kind(ty));
        match (&def.kind, &def.name) {
            // An alias by `use` is told where it comes from.
            (TypeDefKind::Type(Type::Id(other)), Some(_)) if self.owner(*other) != self.owner(*id) => {
                self.kind(&Type::Id(*other))
            }
            (_, Some(name)) => {
                match self.owner(*id).and_then(|owner| self.resolve.interfaces.get(owner)?.name.as_deref()) {
                    Some(page) => format!("[{name}]({page}.md#{name})"),
                    None => name.clone(),
                }
            }
            (TypeDefKind::Option(inner), None) => format!("optional {}", self.kind(inner)),
            (TypeDefKind::List(inner), None) => format!("list of {}", self.kind(inner)),
            (TypeDefKind::Tuple(tuple), None) => {
                tuple.types.iter().map(|ty| self.kind(ty)).collect::<Vec<_>>().join(" and ")
            }
            (TypeDefKind::Result(result), None) => {
                format!("{}, or as an error {}", optional(&result.ok), optional(&result.err))
            }
            (TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)), None) => self.kind(&Type::Id(*id)),
            (other, None) => other.as_str().to_owned(),
        }
    }

    fn owner(&self, ty: TypeId) -> Option<InterfaceId> {
        match self.resolve.types.get(ty)?.owner {
            TypeOwner::Interface(id) => Some(id),
            _ => None,
        }
    }
}

/// The resource that a function belongs to.
fn resource_of(function: &Function) -> Option<TypeId> {
    match function.kind {
        FunctionKind::Method(id) | FunctionKind::Static(id) | FunctionKind::Constructor(id) => Some(id),
        _ => None,
    }
}

fn plain(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "yes or no",
        Type::String => "text",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S64 => "s64",
        _ => "number",
    }
}

fn prose(docs: &Docs) -> String {
    docs.contents.as_deref().map(|text| format!("{}\n\n", text.trim_end())).unwrap_or_default()
}

/// A comment in one line of a table.
fn cell(docs: &Docs) -> String {
    let text = docs.contents.as_deref().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn first_sentence(docs: &Docs) -> String {
    let text = cell(docs);
    text.split_once(". ").map_or(text.clone(), |(first, _)| format!("{first}."))
}

/// A page of the documentation on its own: a link to a page that is not here is its words.
fn without_far_links(page: &str, names: &[String]) -> String {
    let mut text = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, link)) = rest.split_once("](") {
        let (target, after) = link.split_once(')').unwrap_or((link, ""));
        let file = target.split('#').next().unwrap_or_default();
        let is_here = target.starts_with("http") || names.iter().any(|name| name == file);
        match before.rsplit_once('[') {
            Some((outside, words)) if !is_here => {
                text.push_str(outside);
                text.push_str(words);
            }
            _ => {
                text.push_str(before);
                text.push_str("](");
                text.push_str(target);
                text.push(')');
            }
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The keys of `plugin.toml`: that part of the authors' page.
fn manifest() -> String {
    let page = carried::text("docs/plugin-authors.md");
    let part = page.split("\n## ").find(|part| part.starts_with("plugin.toml\n"));
    part.map(|part| format!("# {}\n", part.trim_end())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_and_comment_of_the_contract_is_on_a_page_and_every_link_leads_somewhere() {
        let pages = pages().unwrap();
        let contract = Contract::read().unwrap();
        for (_, interface) in contract.resolve.interfaces.iter() {
            let page = &pages[&format!("{}.md", interface.name.as_deref().unwrap())];
            for (name, id) in &interface.types {
                let def = &contract.resolve.types[*id];
                let is_used = matches!(&def.kind, TypeDefKind::Type(Type::Id(other)) if contract.owner(*other) != contract.owner(*id));
                assert_eq!(page.contains(&format!("\n## {name}\n")), !is_used, "{name}");
                if let TypeDefKind::Record(record) = &def.kind {
                    for field in &record.fields {
                        let row =
                            format!("| `{}` | {} | {} |", field.name, contract.kind(&field.ty), cell(&field.docs));
                        assert!(page.contains(&row), "{name}: {row}");
                    }
                }
            }
        }
        let mut links = 0;
        for (name, page) in &pages {
            for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                if link.starts_with("http") {
                    continue;
                }
                let target = pages.get(file).unwrap_or_else(|| panic!("{name}: {link}"));
                assert!(anchor.is_empty() || target.contains(&format!("\n## {anchor}\n")), "{name}: {link}");
                links += 1;
            }
        }
        assert!(links > 200, "{links}");
        assert!(
            pages["plugin-toml.md"].starts_with("# plugin.toml\n") && pages["plugin-toml.md"].contains("| `framing` |")
        );
        assert!(
            pages["mapping.md"].contains("## csv-superbill")
                && pages["worlds.md"].contains("- exports [translate](translate.md)")
        );
        assert!(pages["claim.md"].contains("2300 REF F8: the payer's number of the claim"), "comments are there");
    }
}

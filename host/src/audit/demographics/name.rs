//! Two ways to write a person's name: the same, a variant that payers live with, or a difference that denies.

use super::nicknames::{of_one_name, of_one_spelling};
use crate::claim::PersonName;

/// What two names are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameIs {
    /// The same but for case, accents, hyphens, apostrophes, blanks and a suffix that one side leaves out.
    Same,
    /// May be one person's: a nickname, a middle name, a part of a double name, a cut name. With words for it.
    Variant(&'static str),
    /// First and last name change places.
    Swapped,
    /// A slip of the keyboard in the first (true: last) name.
    Typo(bool),
    /// Another last name, the first name agrees.
    OtherLast,
    /// Another first name, the last name agrees.
    OtherFirst,
    /// Both are others.
    Other,
}

impl NameIs {
    /// One person could be called both.
    pub const fn may_be_one(self) -> bool {
        matches!(self, Self::Same | Self::Variant(_) | Self::Swapped | Self::Typo(_))
    }
}

/// One part, compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartIs {
    Same,
    Variant(&'static str),
    Typo,
    Other,
}

const SUFFIXES: [&str; 10] = ["JR", "SR", "II", "III", "IV", "ESQ", "MD", "PHD", "RN", "DDS"];

/// Compares two names.
pub fn compare_names(a: &PersonName, b: &PersonName) -> NameIs {
    let (one, other) = (Plain::of(a), Plain::of(b));
    if one.is_empty() || other.is_empty() {
        return NameIs::Variant("one side has no name");
    }
    let last = part(&one.last, &other.last, false);
    let first = one.first_is(&other);
    let suffixes = !one.suffix.is_empty() && !other.suffix.is_empty() && one.suffix != other.suffix;
    match (last, first) {
        (PartIs::Same, PartIs::Same) if suffixes => NameIs::Variant("another suffix"),
        (PartIs::Same, PartIs::Same) => NameIs::Same,
        (PartIs::Same, PartIs::Variant(how)) | (PartIs::Variant(how), PartIs::Same | PartIs::Variant(_)) => {
            NameIs::Variant(how)
        }
        _ if joined(&one.last) == joined(&other.first) && joined(&one.first) == joined(&other.last) => NameIs::Swapped,
        (PartIs::Typo, PartIs::Same | PartIs::Variant(_)) => NameIs::Typo(true),
        (PartIs::Same | PartIs::Variant(_), PartIs::Typo) => NameIs::Typo(false),
        (PartIs::Other, PartIs::Same | PartIs::Variant(_)) => NameIs::OtherLast,
        (PartIs::Same | PartIs::Variant(_), PartIs::Other) => NameIs::OtherFirst,
        _ => NameIs::Other,
    }
}

/// The last name as a key: letters only.
pub(super) fn last_key(name: &PersonName) -> String {
    joined(&Plain::of(name).last)
}

/// A name in plain capital letters, cut into its words.
struct Plain {
    last: Vec<String>,
    first: Vec<String>,
    middle: Vec<String>,
    suffix: String,
}

impl Plain {
    fn of(name: &PersonName) -> Self {
        let mut suffix = words(&name.suffix).concat();
        let (mut last, mut first) = (words(&name.last), words(&name.first));
        for part in [&mut last, &mut first] {
            // "Smith Jr" in the field of the last name.
            while part.len() > 1 && part.last().is_some_and(|word| SUFFIXES.contains(&word.as_str())) {
                suffix = part.pop().unwrap_or_default();
            }
        }
        Self { last, first, middle: words(&name.middle), suffix }
    }

    fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// First names, with the middle name as one that people go by.
    fn first_is(&self, other: &Self) -> PartIs {
        if self.first.is_empty() || other.first.is_empty() {
            return PartIs::Variant("one side has no first name");
        }
        // "Mary J" where the other side has "Mary" and the middle name apart.
        let whole = |one: &Self| joined(&one.first) + &joined(&one.middle);
        if whole(self) == whole(other) {
            return PartIs::Same;
        }
        let plain = part(&self.first, &other.first, true);
        if plain == PartIs::Same || matches!(plain, PartIs::Variant(_)) {
            return plain;
        }
        let by_middle = |one: &Self, other: &Self| {
            let middle = joined(&other.middle);
            middle.len() > 1 && joined(&one.first) == middle
        };
        if by_middle(self, other) || by_middle(other, self) {
            return PartIs::Variant("goes by the middle name");
        }
        plain
    }
}

/// Words of capital letters: accents off, hyphens and blanks cut, apostrophes and full stops dropped.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in text.trim().chars() {
        match letter {
            '\'' | '\u{2019}' | '\u{2018}' | '`' | '.' | '\u{b4}' => {}
            '-' | '\u{2010}'..='\u{2015}' | ' ' | '\u{a0}' | ',' | '/' | '_' => words.push(String::new()),
            letter => {
                if let Some(word) = words.last_mut() {
                    plain(letter, word);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// One letter without its accent. `ä`, `ö`, `ü` become one letter, as most card printers write them.
fn plain(letter: char, out: &mut String) {
    let base = match letter {
        // Vietnamese, U+1EA0 to U+1EF9.
        '\u{1ea0}'..='\u{1eb7}' => "A",
        '\u{1eb8}'..='\u{1ec7}' => "E",
        '\u{1ec8}'..='\u{1ecb}' | 'ĩ' | 'Ĩ' => "I",
        '\u{1ecc}'..='\u{1ee3}' | 'ơ' | 'Ơ' => "O",
        '\u{1ee4}'..='\u{1ef1}' | 'ư' | 'Ư' | 'ũ' | 'Ũ' => "U",
        '\u{1ef2}'..='\u{1ef9}' => "Y",
        'à'..='å' | 'À'..='Å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'ą' | 'Ą' => "A",
        'æ' | 'Æ' => "AE",
        'ç' | 'Ç' | 'ć' | 'Ć' | 'č' | 'Č' => "C",
        'ď' | 'Ď' | 'đ' | 'Đ' | 'ð' | 'Ð' => "D",
        'è'..='ë' | 'È'..='Ë' | 'ē' | 'Ē' | 'ę' | 'Ę' | 'ě' | 'Ě' | 'ė' | 'Ė' => "E",
        'ğ' | 'Ğ' => "G",
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'Ī' | 'ı' | 'İ' => "I",
        'ł' | 'Ł' => "L",
        'ñ' | 'Ñ' | 'ń' | 'Ń' | 'ň' | 'Ň' => "N",
        'ò'..='ö' | 'ø' | 'Ò'..='Ö' | 'Ø' | 'ō' | 'Ō' | 'ő' | 'Ő' => "O",
        'œ' | 'Œ' => "OE",
        'ř' | 'Ř' => "R",
        'ś' | 'Ś' | 'š' | 'Š' | 'ş' | 'Ş' | 'ș' | 'Ș' => "S",
        'ß' => "SS",
        'ť' | 'Ť' | 'ţ' | 'Ţ' | 'ț' | 'Ț' => "T",
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'Ū' | 'ů' | 'Ů' | 'ű' | 'Ű' => "U",
        'ý' | 'ÿ' | 'Ý' => "Y",
        'ź' | 'Ź' | 'ż' | 'Ż' | 'ž' | 'Ž' => "Z",
        // A combining accent of a letter written in two characters.
        '\u{300}'..='\u{36f}' => "",
        other => {
            out.extend(other.to_uppercase().filter(|letter| letter.is_alphanumeric()));
            return;
        }
    };
    out.push_str(base);
}

fn joined(words: &[String]) -> String {
    words.concat()
}

/// `MUELLER` and `MULLER`, `OEZDEMIR` and `OZDEMIR`: an umlaut written out on one side.
fn umlauts(text: &str) -> String {
    text.replace("AE", "A").replace("OE", "O").replace("UE", "U")
}

fn part(a: &[String], b: &[String], first: bool) -> PartIs {
    let (one, other) = (joined(a), joined(b));
    if one == other || umlauts(&one) == umlauts(&other) {
        return PartIs::Same;
    }
    if a.len() != b.len() && (contains(a, b) || contains(b, a)) {
        return PartIs::Variant(if first { "one of several first names" } else { "one part of a double name" });
    }
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    if first && short.len() == 1 && long.starts_with(short.as_str()) {
        return PartIs::Variant("an initial");
    }
    // NM103 takes 60 and NM104 35 letters; cards and older systems cut at 10 to 15, some first names at 3 or more.
    if long.starts_with(short.as_str()) && short.len() >= if first { 3 } else { 10 } {
        return PartIs::Variant("cut short");
    }
    if first && is_unnamed_newborn(a) != is_unnamed_newborn(b) {
        return PartIs::Variant("a newborn that had no name yet");
    }
    if of_one_spelling(&one, &other) {
        return PartIs::Variant("another spelling of one name");
    }
    let one_name = |a: &Vec<String>, b: &Vec<String>| a.iter().any(|a| b.iter().any(|b| of_one_name(a, b)));
    if first && one_name(&a.to_vec(), &b.to_vec()) {
        return PartIs::Variant("a nickname");
    }
    let distance = strsim::damerau_levenshtein(&one, &other);
    let slips = if short.len() >= 8 { 2 } else { usize::from(short.len() >= 4) };
    if distance <= slips { PartIs::Typo } else { PartIs::Other }
}

/// What a hospital writes until the parents have chosen: Baby Girl, Baby Boy A, Newborn, Infant.
fn is_unnamed_newborn(first: &[String]) -> bool {
    let name = joined(first);
    let rest = ["NEWBORN", "INFANT", "BABY"].iter().find_map(|word| name.strip_prefix(word));
    let of_twins = |rest: &str| matches!(rest, "" | "A" | "B" | "C" | "1" | "2" | "3");
    rest.is_some_and(|rest| {
        let sex = ["GIRL", "BOY", "FEMALE", "MALE"].iter().find_map(|sex| rest.strip_prefix(sex));
        of_twins(sex.unwrap_or(rest))
    })
}

/// All words of the shorter name are words of the longer one.
fn contains(long: &[String], short: &[String]) -> bool {
    long.len() > short.len() && short.iter().all(|word| word.len() > 1 && long.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PersonName {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        let part = |at: usize| parts.get(at).map(|part| (*part).to_owned()).unwrap_or_default();
        PersonName { last: part(0), first: part(1), middle: part(2), suffix: part(3) }
    }

    /// Last, first, middle, suffix on both sides. What payers take as the same is the same, what denies is not.
    #[test]
    fn names_by_table() {
        use NameIs::{Other, OtherFirst, OtherLast, Same, Swapped, Typo, Variant};
        let variant = Variant("");
        for (a, b, expected) in [
            ("Vance, Orla", "VANCE, ORLA", Same),
            ("O'Dell-Vance, Sofía", "ODELL VANCE, SOFIA", Same),
            ("O\u{2019}Dell, Ana", "Odell, Ana", Same),
            ("García, José", "GARCIA, JOSE", Same),
            ("Müller, Jörg", "Mueller, Joerg", Same),
            ("Nu\u{301}n\u{303}ez, Ines", "Nunez, Ines", Same),
            ("Smith Jr, Alan", "Smith, Alan, , Jr.", Same),
            ("Smith, Alan, , III", "Smith, Alan", Same),
            ("St. James, Ada", "St James, Ada", Same),
            ("De La Cruz, Eva", "Delacruz, Eva", Same),
            ("Roe, Mary J", "Roe, Mary, J", Same),
            ("Roe, Anna, Lee", "Roe, Anna", Same),
            ("Smith, Alan, , Jr", "Smith, Alan, , Sr", variant),
            ("Vance, Bob", "Vance, Robert", variant),
            ("Vance, Peggy", "Vance, Margaret", variant),
            ("Vance, Alex", "Vance, Alexandra", variant),
            ("Vance, O", "Vance, Orla", variant),
            ("Vance, Christop", "Vance, Christopher", variant),
            ("Garcia, Ana", "Garcia Lopez, Ana", variant),
            ("Lopez, Ana", "Garcia-Lopez, Ana", variant),
            ("Roe, Grace", "Roe, Mary, Grace", variant),
            ("Roe, Grace", "Roe, Mary Grace", variant),
            ("Wolfeschlegelst, Hubert", "Wolfeschlegelsteinhausen, Hubert", variant),
            ("Nguy\u{1ec5}n, An", "Nguyen, An", Same),
            ("Tr\u{1ea7}n, H\u{1ed3}ng", "TRAN, HONG", Same),
            ("Vance, Mohammed", "Vance, Muhammad", variant),
            ("Mohamed, Ali", "Muhammad, Ali", variant),
            ("Vance, Chip", "Vance, Charles", variant),
            ("Vance, Gus", "Vance, August", variant),
            ("Vance, Baby Girl", "Vance, Emma", variant),
            ("Vance, BABYBOY A", "Vance, Otis", variant),
            ("Vance, Newborn", "Vance, Otis", variant),
            ("Vance, Baby Girl A", "Vance, Baby Girl B", Typo(false)),
            ("Vance, Babette", "Vance, Emma", OtherFirst),
            ("Orla, Vance", "Vance, Orla", Swapped),
            ("Vanec, Orla", "Vance, Orla", Typo(true)),
            ("Vance, Olra", "Vance, Orla", Typo(false)),
            ("Brandt, Orla", "Vance, Orla", OtherLast),
            ("Vance, Miles", "Vance, Orla", OtherFirst),
            ("Brandt, Miles", "Vance, Orla", Other),
            // Near misses: short names one letter apart are other names, not slips.
            ("Lee, Ann", "Lee, Amy", OtherFirst),
            ("Roe, Ada", "Poe, Ada", OtherLast),
            ("Roe, Ian", "Roe, Jan", OtherFirst),
        ] {
            let same_kind = |found: NameIs| match expected {
                Variant(_) => matches!(found, Variant(_)),
                other => found == other,
            };
            let (found, back) = (compare_names(&name(a), &name(b)), compare_names(&name(b), &name(a)));
            assert!(same_kind(found), "{a} / {b}: {found:?}");
            assert!(same_kind(back), "{b} / {a}: {back:?}");
        }
    }
}

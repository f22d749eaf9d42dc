//! Writes messages, for acknowledgements and tests. Text is escaped; what is not set is not written.

use crate::delimiters::Delimiters;
use crate::escape::escape;
use crate::path::{PathError, Place};
use crate::segment::SegmentId;

/// Subcomponents of components of repetitions of a field.
type Field = Vec<Vec<Vec<String>>>;

/// Builds one message, segment after segment, in the order in which they are added.
#[derive(Clone)]
pub struct MessageBuilder {
    delimiters: Delimiters,
    segments: Vec<(SegmentId, Vec<Field>)>,
}

impl Default for MessageBuilder {
    /// With the recommended delimiters.
    fn default() -> Self {
        Self::new(Delimiters::default())
    }
}

impl MessageBuilder {
    /// Begins a message with an MSH of which only MSH-1 and MSH-2 are set.
    pub fn new(delimiters: Delimiters) -> Self {
        Self { delimiters, segments: vec![(SegmentId::MSH, Vec::new())] }
    }

    /// Adds a segment after those already there.
    ///
    /// # Errors
    /// When the name is no segment name, or MSH again.
    pub fn segment(&mut self, name: &str) -> Result<&mut Self, PathError> {
        match SegmentId::new(name).filter(|id| *id != SegmentId::MSH) {
            Some(id) => {
                self.segments.push((id, Vec::new()));
                Ok(self)
            }
            None => Err(PathError { path: name.to_owned(), fault: "expected the name of a segment to add" }),
        }
    }

    /// Sets the text at a path such as `PID-3[2].1`, in the last segment of that name (`PID[1]`: the
    /// first). Text that is exactly
    /// two double quotes is escaped, so that it stays text; the null is [`set_raw`](Self::set_raw).
    ///
    /// # Errors
    /// When the path is wrong, names a segment not added, or is MSH-1 or MSH-2.
    pub fn set(&mut self, path: &str, text: &str) -> Result<&mut Self, PathError> {
        let text = escape(text, &self.delimiters).into_owned();
        self.set_raw(path, &text)
    }

    /// Sets text as it is, delimiters and all: a whole field `99213^^C4`, or the null `""`.
    ///
    /// # Errors
    /// As for [`set`](Self::set); also when the text holds a line end.
    pub fn set_raw(&mut self, path: &str, raw: &str) -> Result<&mut Self, PathError> {
        let place = Place::parse(path)?;
        let fail = |fault| PathError { path: path.to_owned(), fault };
        if place.segment == SegmentId::MSH && place.field < 3 {
            return Err(fail("MSH-1 and MSH-2 are set by the delimiters"));
        }
        if raw.contains(['\r', '\n']) {
            return Err(fail("a line end cannot stand in a segment"));
        }
        let repeats = place.repetition > 1 && self.delimiters.repetition.is_none();
        if repeats || (place.subcomponent > 1 && self.delimiters.subcomponent.is_none()) {
            return Err(fail("the delimiters have no character for that"));
        }
        let mut named = self.segments.iter_mut().filter(|(id, _)| *id == place.segment);
        let segment = if place.ordinal == 0 { named.last() } else { named.nth(usize::from(place.ordinal) - 1) };
        let (_, fields) = segment.ok_or_else(|| fail("no such segment was added"))?;
        let text = slot(fields, place.field)
            .and_then(|field| slot(field, place.repetition))
            .and_then(|repetition| slot(repetition, place.component.max(1)))
            .and_then(|component| slot(component, place.subcomponent.max(1)));
        if let Some(text) = text {
            raw.clone_into(text);
        }
        Ok(self)
    }

    /// Returns the message, each segment ended by CR.
    pub fn build(&self) -> Vec<u8> {
        let Delimiters { field, component, repetition, subcomponent, .. } = self.delimiters;
        let mut result = String::new();
        for (id, fields) in &self.segments {
            result.push_str(id.as_str());
            let mut rest = fields.as_slice();
            if *id == SegmentId::MSH {
                result.push(char::from(field));
                result.push_str(&self.delimiters.encoding_characters());
                rest = fields.get(2..).unwrap_or_default();
            }
            for repetitions in rest {
                result.push(char::from(field));
                join(&mut result, repetitions, repetition, |result, components| {
                    join(result, components, Some(component), |result, parts| {
                        join(result, parts, subcomponent, |result, text| result.push_str(text));
                    });
                });
            }
            result.push('\r');
        }
        result.into_bytes()
    }
}

/// Returns element `number` (1 is the first), growing the list up to it.
fn slot<T: Default + Clone>(list: &mut Vec<T>, number: u16) -> Option<&mut T> {
    let index = usize::from(number).saturating_sub(1);
    if list.len() <= index {
        list.resize(index + 1, T::default());
    }
    list.get_mut(index)
}

fn join<T>(result: &mut String, items: &[T], separator: Option<u8>, mut write: impl FnMut(&mut String, &T)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            result.extend(separator.map(char::from));
        }
        write(result, item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Message, Path, Presence};
    use proptest::prelude::*;

    #[test]
    fn writes_what_was_set_where_it_was_set() {
        let mut builder = MessageBuilder::default();
        builder.set("MSH-9.2", "P03").unwrap().segment("PID").unwrap();
        builder.set("PID-3[2].4.2", "a|b").unwrap().set_raw("PID-5", "Doe^Jo").unwrap();
        builder.segment("FT1").unwrap().set("FT1-1", "1").unwrap();
        builder.segment("FT1").unwrap().set("FT1-1", "2").unwrap().set("FT1[1]-2", "x").unwrap();
        let text = String::from_utf8(builder.build()).unwrap();
        assert_eq!(text, "MSH|^~\\&|||||||^P03\rPID|||~^^^&a\\F\\b||Doe^Jo\rFT1|1|x\rFT1|2\r");
    }

    #[test]
    fn refuses_places_that_are_not_there() {
        let mut builder = MessageBuilder::default();
        for path in ["MSH-1", "MSH-2", "PID-3", "MSH[2]-3", "nonsense"] {
            assert!(builder.set(path, "x").is_err(), "{path}");
        }
        assert!(builder.set_raw("MSH-3", "a\rb").is_err());
        assert!(builder.segment("MSH").is_err() && builder.segment("id").is_err());
        let mut short = MessageBuilder::new(Delimiters::from_header(b"MSH|^|").unwrap());
        assert!(short.set("MSH-3[2]", "x").is_err() && short.set("MSH-3.1.2", "x").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(text in "[ -~\r\n\"|^~&\\\\\u{e9}\u{4e00}]{1,30}", field in 3u16..12, repetition in 1u16..4, component in 1u16..5, subcomponent in 1u16..4) {
            let mut builder = MessageBuilder::default();
            let path = format!("ZXX-{field}[{repetition}].{component}.{subcomponent}");
            builder.segment("ZXX").unwrap().set(&path, &text).unwrap();
            let bytes = builder.build();
            let message = Message::parse(&bytes).unwrap();
            let value = message.get(&Path::parse(&path).unwrap());
            let blank = text.bytes().all(|byte| byte == b' ');
            prop_assert_eq!(value.presence(), if blank { Presence::Empty } else { Presence::Present });
            prop_assert!(blank || value.text() == text);
            prop_assert_eq!(&bytes[value.location().offset as usize..][..value.raw().len()], value.raw());
        }
    }
}

//! A 270 (005010X279A1): its structure and elements, which a 999 reports, and the questions in it.
//!
//! The tree is short, so it is walked here and not by the table of `grammar`: BHT, then payers (20) over providers (21) over
//! subscribers (22) over dependents (23).

use crate::reader::{Segment, TransactionSet, npi_is_valid};
use crate::validate::date_is_valid;
use crate::walk::SegmentError;

/// One person of a question.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// NM103.
    pub last: String,
    /// NM104.
    pub first: String,
    /// NM105.
    pub middle: String,
    /// NM107.
    pub suffix: String,
    /// DMG02.
    pub birth_date: String,
    /// DMG03.
    pub gender: String,
}

/// One question.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// 2100A NM109.
    pub payer: String,
    /// 2100A NM103.
    pub payer_name: String,
    /// 2100B NM103.
    pub provider_name: String,
    /// 2100B NM109.
    pub npi: String,
    /// TRN02.
    pub trace: String,
    /// TRN03.
    pub originator: String,
    /// 2100C NM109.
    pub member: String,
    /// 2100C.
    pub subscriber: Person,
    /// 2100D, and INS02.
    pub dependent: Option<(Person, String)>,
    /// DTP 291.
    pub day: String,
}

impl Question {
    /// What it is about, whoever asks it how often.
    pub fn subject(&self) -> String {
        let person = self.dependent.as_ref().map_or(&self.subscriber, |(person, _)| person);
        [&self.payer, &self.member, &person.last, &person.first, &self.day].map(String::as_str).join("|")
    }
}

/// Where the walk stands.
struct Walk {
    errors: Vec<SegmentError>,
    questions: Vec<Question>,
    above: Question,
    level: char,
    hl: usize,
    /// Of the person in hand: TRN, NM1, DTP and EQ were seen.
    seen: [bool; 4],
}

/// Reads one ST..SE: what a 999 reports, BHT03, and the questions.
pub fn read(set: &TransactionSet) -> (Vec<SegmentError>, String, Vec<Question>) {
    let bht = set.segments.iter().find(|segment| segment.id() == "BHT");
    let reference = bht.map_or("", |bht| bht.element(3)).to_owned();
    let (errors, questions, above) = (Vec::new(), Vec::new(), Question::default());
    let mut walk = Walk { errors, questions, above, level: ' ', hl: 0, seen: [false; 4] };
    let end = set.segments.len().saturating_sub(1).max(1);
    for (at, segment) in set.segments.iter().enumerate().take(end).skip(1) {
        walk.segment(at + 1, segment);
    }
    walk.close(end);
    if bht.is_none_or(|bht| bht.element(1) != "0022" || bht.element(2) != "13") {
        walk.wrong(2, "BHT", "", "8", vec![(1, 0, "7")]);
    }
    if walk.questions.is_empty() && walk.errors.is_empty() {
        walk.wrong(end, "HL", "2000C", "I7", Vec::new());
    }
    (walk.errors, reference, walk.questions)
}

impl Walk {
    fn wrong(
        &mut self,
        position: usize,
        id: &str,
        in_loop: &str,
        code: &'static str,
        elements: Vec<(usize, usize, &'static str)>,
    ) {
        self.errors.push(SegmentError { position, id: id.to_owned(), in_loop: in_loop.to_owned(), code, elements });
    }

    fn person(&mut self) -> Option<&mut Person> {
        let question = self.questions.last_mut()?;
        match self.level {
            '2' => Some(&mut question.subscriber),
            '3' => question.dependent.as_mut().map(|(person, _)| person),
            _ => None,
        }
    }

    fn segment(&mut self, position: usize, segment: &Segment) {
        match (segment.id(), self.level) {
            ("BHT", ' ') => {}
            ("HL", _) => self.hierarchy(position, segment),
            ("NM1", '0') => {
                self.above.payer_name = segment.element(3).to_owned();
                self.above.payer = segment.element(9).to_owned();
                self.known(position, segment, "2100A", &[(1, "PR"), (8, "PI")]);
            }
            ("NM1", '1') => {
                self.above.provider_name = segment.element(3).to_owned();
                self.above.npi = segment.element(9).to_owned();
                self.known(position, segment, "2100B", &[(1, "1P"), (8, "XX")]);
                if !npi_is_valid(segment.element(9)) {
                    self.wrong(position, "NM1", "2100B", "8", vec![(9, 0, "7")]);
                }
            }
            ("NM1", '2' | '3') => self.name(position, segment),
            ("TRN", '2' | '3') => {
                self.seen[0] = true;
                if segment.element(3).len() != 10 || segment.element(2).is_empty() {
                    self.wrong(position, "TRN", "2000C", "8", vec![(3, 0, "7")]);
                }
                if let Some(question) = self.questions.last_mut() {
                    question.trace = segment.element(2).to_owned();
                    question.originator = segment.element(3).to_owned();
                }
            }
            ("DMG", '2' | '3') => {
                let (born, gender) = (segment.element(2).to_owned(), segment.element(3).to_owned());
                if !born.is_empty() && !date_is_valid(&born) {
                    self.wrong(position, "DMG", "2100C", "8", vec![(2, 0, "8")]);
                }
                if let Some(person) = self.person() {
                    (person.birth_date, person.gender) = (born, gender);
                }
            }
            ("INS", '3') => {
                if let Some((_, relationship)) = self.questions.last_mut().and_then(|one| one.dependent.as_mut()) {
                    *relationship = segment.element(2).to_owned();
                }
            }
            ("DTP", '2' | '3') => {
                self.seen[2] = true;
                if segment.element(1) != "291" || segment.element(2) != "D8" || !date_is_valid(segment.element(3)) {
                    self.wrong(position, "DTP", "2100C", "8", vec![(3, 0, "8")]);
                }
                if let Some(question) = self.questions.last_mut() {
                    question.day = segment.element(3).to_owned();
                }
            }
            ("EQ", '2' | '3') => {
                self.seen[3] = true;
                self.known(position, segment, "2110C", &[(1, "30")]);
            }
            _ => self.wrong(position, segment.id(), "", "2", Vec::new()),
        }
    }

    fn known(&mut self, position: usize, segment: &Segment, in_loop: &str, wanted: &[(usize, &str)]) {
        for (at, value) in wanted {
            if segment.element(*at) != *value {
                self.wrong(position, segment.id(), in_loop, "8", vec![(*at, 0, "7")]);
            }
        }
    }

    fn name(&mut self, position: usize, segment: &Segment) {
        self.seen[1] = true;
        let entity = if self.level == '2' { "IL" } else { "03" };
        self.known(position, segment, "2100C", &[(1, entity), (2, "1")]);
        if segment.element(3).is_empty() || (self.level == '2' && segment.element(9).is_empty()) {
            self.wrong(position, "NM1", "2100C", "8", vec![(3, 0, "1")]);
        }
        if self.level == '2'
            && let Some(question) = self.questions.last_mut()
        {
            question.member = segment.element(9).to_owned();
        }
        let text = |at: usize| segment.element(at).to_owned();
        let (last, first, middle, suffix) = (text(3), text(4), text(5), text(7));
        if let Some(person) = self.person() {
            *person = Person { last, first, middle, suffix, ..Person::default() };
        }
    }

    /// The person before is complete; a subscriber with a dependent says nothing of what is asked.
    fn close(&mut self, position: usize) {
        if matches!(self.level, '2' | '3') && self.seen != [true; 4] {
            self.wrong(position, "EQ", "2110C", "3", Vec::new());
        }
        self.seen = [false; 4];
    }

    fn hierarchy(&mut self, position: usize, segment: &Segment) {
        let code = segment.element(3);
        if segment.element(1) != (self.hl + 1).to_string() {
            self.wrong(position, "HL", "", "8", vec![(1, 0, "7")]);
        }
        self.hl += 1;
        // The subscriber of a dependent is asked nothing about.
        let passes_on = self.level == '2' && code == "23" && self.seen == [false, true, false, false];
        if !passes_on {
            self.close(position);
        }
        self.seen = [false; 4];
        self.level = match (code, self.level) {
            ("20", _) => '0',
            ("21", '0') => '1',
            ("22", '1' | '2' | '3') => {
                self.questions.push(self.above.clone());
                '2'
            }
            ("23", '2') => {
                if let Some(question) = self.questions.last_mut() {
                    question.dependent = Some((Person::default(), String::new()));
                }
                '3'
            }
            _ => {
                self.wrong(position, "HL", "", "8", vec![(3, 0, "7")]);
                ' '
            }
        };
    }
}

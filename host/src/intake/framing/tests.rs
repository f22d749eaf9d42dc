//! Every byte is accounted for, whatever the file and however it is read.

use super::*;
use crate::config::LastLine;
use proptest::prelude::*;

pub(super) fn items(framing: Framing, mapping: &str, joins: Joins, file: &[u8]) -> Vec<Item> {
    let framer = Framer::open(framing, "f", mapping, joins, io::Cursor::new(file)).unwrap();
    framer.map(Result::unwrap).collect()
}

pub(super) fn cut(framing: Framing, file: &[u8]) -> Vec<Item> {
    items(framing, "", Joins::default(), file)
}

pub(super) fn frames(items: &[Item]) -> Vec<&Frame> {
    items.iter().filter_map(|item| if let Item::Frame(frame) = item { Some(frame) } else { None }).collect()
}

pub(super) fn problems(items: &[Item]) -> Vec<&FramingProblem> {
    items.iter().filter_map(|item| if let Item::Problem(problem) = item { Some(problem) } else { None }).collect()
}

pub(super) fn texts(items: &[Item]) -> Vec<&str> {
    frames(items).iter().map(|frame| std::str::from_utf8(&frame.content).unwrap()).collect()
}

/// Each byte is in a frame, a gap or a problem, and in one kind of them only: parents of claims and shared entries are in
/// several frames. A frame's content is what its ranges hold, and a gap holds nothing that could be a document.
pub(super) fn assert_covered(file: &[u8], items: &[Item]) {
    let of = |(from, to): &ByteRange| *from as usize..*to as usize;
    let (mut framed, mut left) = (vec![false; file.len()], vec![0_u8; file.len()]);
    // A file of blank lines is told as a whole, and its lines are fillers.
    let blank = problems(items).iter().any(|problem| problem.id == "framing.no-documents");
    for item in items {
        match item {
            Item::Frame(frame) => {
                let held: Vec<u8> = frame.ranges.iter().flat_map(|range| &file[of(range)]).copied().collect();
                assert_eq!(held, frame.content);
                frame.ranges.iter().for_each(|range| framed[of(range)].fill(true));
            }
            Item::Gap(gap) => {
                let bytes = &file[of(&gap.range)];
                let filler =
                    |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0x0b | 0x1a | 0x1c | 0xef | 0xbb | 0xbf);
                assert!(gap.kind != GapKind::Filler || bytes.iter().all(filler), "a filler with more than blanks");
                left[of(&gap.range)].iter_mut().for_each(|times| *times += u8::from(!blank));
            }
            Item::Problem(problem) => left[of(&problem.range)].iter_mut().for_each(|times| *times += 1),
        }
    }
    for (at, (framed, left)) in framed.iter().zip(&left).enumerate() {
        assert_eq!(u8::from(*framed) + left, 1, "byte {at} of {}: {items:?}", file.len());
    }
}

/// Gives a file in pieces of one size.
pub(super) struct Pieces<'f>(pub(super) io::Cursor<&'f [u8]>, pub(super) usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len());
        self.0.read(&mut buffer[..count])
    }
}

impl Seek for Pieces<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

const LINE: &str = r#"(MSH\|\^~\\&\|A\|B|PID\|1|FHS\||BTS\|1|FTS\|1|BHS\|1|ISA\*00|"|""|a,"b|c",d|,|\{"a":1\}|\{"a"|\{"claims":\[|\]\}|,7,|<a>|</a>|<a b="|<!--|x{0,40}| {0,3})"#;

proptest! {
    #[test]
    fn frames_gaps_and_problems_cover_any_file(
        lines in prop::collection::vec((LINE, prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n"])), 0..40),
        size in 1_usize..7000,
    ) {
        let file: String = lines.into_iter().map(|(line, end)| line + end).collect();
        for framing in [Framing::Hl7v2, Framing::Delimited, Framing::Ndjson, Framing::X12Claim, Framing::FhirBundle, Framing::Records, Framing::Whole] {
            let whole = cut(framing, file.as_bytes());
            assert_covered(file.as_bytes(), &whole);
            let pieces = Framer::open(framing, "f", "", Joins::default(), Pieces(io::Cursor::new(file.as_bytes()), size)).unwrap();
            prop_assert_eq!(pieces.map(Result::unwrap).collect::<Vec<_>>(), whole, "{:?}", framing);
        }
    }

    #[test]
    fn any_bytes_are_accounted_for(file in prop::collection::vec(any::<u8>(), 0..600)) {
        for framing in [Framing::Hl7v2, Framing::Delimited, Framing::Ndjson, Framing::X12Claim, Framing::Records, Framing::Whole] {
            assert_covered(&file, &cut(framing, &file));
        }
    }
}

#[test]
fn hl7_messages_envelopes_and_stray_lines() {
    let file = b"FHS|^~\\&|A\rBHS|^~\\&|A\rMSH|^~\\&|A\rPID|1\rMSH|^~\\&|B\rBTS|3\rlost line\r";
    let items = cut(Framing::Hl7v2, file);
    assert_covered(file, &items);
    assert_eq!(texts(&items), ["MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|B\r"]);
    assert_eq!(frames(&items).iter().map(|frame| frame.ordinal).collect::<Vec<_>>(), [0, 1]);
    let ids: Vec<&str> = problems(&items).iter().map(|problem| problem.id.as_str()).collect();
    assert_eq!(ids, ["hl7.count", "hl7.stray-lines", "hl7.truncated"]);
}

#[test]
fn rows_with_quotes_breaks_marks_and_joined_rows() {
    let mapping =
        "[framing]\n[[framing.join]]\nname = \"patients\"\nfile = \"p*.csv\"\nkey = \"ID\"\non = \"Patient\"\n";
    let settings = Settings::from_mapping(mapping).unwrap();
    let mut joins = Joins::default();
    joins.add(&settings, &settings.join[0], b"ID,Last\r\n\"P,1\",Vance\r\nP2,\"Two\nlines\"\r\n").unwrap();
    let file = b"\xef\xbb\xbfVisit,patient,Note\r\nV1,\"P,1\",\"a \"\"b\"\"\nc\"\r\n\r\nV2,P2,5\" tube\rV3,P9,x";
    let items = items(Framing::Delimited, mapping, joins, file);
    assert_covered(file, &items);
    assert_eq!(texts(&items), ["V1,\"P,1\",\"a \"\"b\"\"\nc\"\r\n", "V2,P2,5\" tube\r", "V3,P9,x"]);
    let related = |at: usize| -> Vec<(&str, usize)> {
        frames(&items)[at].related.iter().map(|part| (part.name.as_str(), part.content.len())).collect()
    };
    assert_eq!(related(0), [("header", 23), ("patients.header", 9), ("patients", 13)]);
    assert_eq!(related(1)[2], ("patients", 16));
    assert_eq!(related(2).len(), 2);
    assert!(problems(&items).is_empty());
    assert!(settings.is_join("p-1.csv") && !settings.is_join("charges.csv"));
}

#[test]
fn an_unclosed_quote_costs_its_line_only() {
    let file = b"Visit,Note\nV1,\"open\nV2,ok\nV3,ok\n";
    let items = cut(Framing::Delimited, file);
    assert_covered(file, &items);
    assert_eq!(texts(&items), ["V2,ok\n", "V3,ok\n"]);
    assert_eq!((problems(&items)[0].id.as_str(), problems(&items)[0].range), ("csv.truncated", (11, 20)));
    assert_eq!(frames(&items)[0].ordinal, 1); // V2 is still the second row
}

#[test]
fn joins_are_read_from_folders_and_the_later_row_counts() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        Settings::from_mapping("[[framing.join]]\nname = \"p\"\nfile = \"p-*.csv\"\nkey = \"ID\"\non = \"P\"\n")
            .unwrap();
    for (name, text) in [("p-1.csv", "ID,Name\n1,old\n2,two\n"), ("p-2.csv", "ID,Name\n1,new\n"), ("q-1.csv", "x\n")] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let joins = Joins::load(&settings, &[&folder.path().join("archive"), folder.path()], LastLine::Compare).unwrap();
    assert_eq!((joins.row("p", b"1"), joins.row("p", b"2")), (Some(&b"1,new\n"[..]), Some(&b"2,two\n"[..])));
    // A file that is none of these, one that was cut inside its header, and a second one of a name in the archive.
    for (name, text) in [
        ("p-0.csv", "\u{0}\u{1}\n"),
        ("p-4.csv", "ID,Na"),
        ("p-2.csv.9", "ID,Name\n1,new\n"),
        ("p-2.csv.10", "ID,Name\n1,newer\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let joins = Joins::load(&settings, &[folder.path()], LastLine::Compare).unwrap();
    assert_eq!((joins.row("p", b"1"), joins.row("p", b"2")), (Some(&b"1,newer\n"[..]), Some(&b"2,two\n"[..])));
    assert_eq!(joins.broken(), 2);
    // The newest has no key: its heading is another one now.
    std::fs::write(folder.path().join("p-5.csv"), "Number,Name\n1,newest\n").unwrap();
    assert!(matches!(Joins::load(&settings, &[folder.path()], LastLine::Compare), Err(FramingError::JoinKey { .. })));
    // Not one of them has the key: the mapping is wrong.
    let wrong =
        Settings::from_mapping("[[framing.join]]\nname = \"p\"\nfile = \"p-*.csv\"\nkey = \"Key\"\non = \"P\"\n")
            .unwrap();
    assert!(matches!(Joins::load(&wrong, &[folder.path()], LastLine::Compare), Err(FramingError::JoinKey { .. })));
}

#[test]
fn a_last_row_of_a_joined_file_that_may_be_cut_short_joins_nothing() {
    let settings =
        Settings::from_mapping("[[framing.join]]\nname = \"p\"\nfile = \"p*.csv\"\nkey = \"ID\"\non = \"P\"\n")
            .unwrap();
    let joined = |last_line, files: &[&str]| {
        let mut joins = Joins::with(last_line);
        files.iter().for_each(|file| joins.add(&settings, &settings.join[0], file.as_bytes()).unwrap());
        (joins.row("p", b"2").map(|row| String::from_utf8_lossy(row).into_owned()), joins.broken())
    };
    let (whole, cut) = ("ID,Member\n1,W1\n2,W2345\n", "ID,Member\n1,W1\n2,W23");
    let taken = (Some("2,W23".to_owned()), 0);
    assert_eq!(joined(LastLine::Compare, &[cut]), taken, "nothing says how this source ends its files");
    assert_eq!(joined(LastLine::Compare, &["ID,Member\n2,23"]), (None, 1), "a number that may go on");
    assert_eq!(joined(LastLine::Open, &[whole, whole, whole, cut]), taken);
    assert_eq!(joined(LastLine::Closed, &[cut]), (None, 1));
    // The row of an earlier file counts, and one that was cut is no sign of how files end.
    let kept = |broken| (Some("2,W2345\n".to_owned()), broken);
    assert_eq!(joined(LastLine::Compare, &[whole, whole, whole, cut, cut, cut, cut]), kept(4));
    assert_eq!(joined(LastLine::Closed, &[whole, "ID,Member\n2,\"W9\""]), (Some("2,\"W9\"".to_owned()), 0));
    assert_eq!(joined(LastLine::Closed, &[whole, "ID,Member\n2"]), kept(1), "without its last cells");
}

#[test]
fn json_lines() {
    let file = b"{\"a\":1}\n\n[1]\n{\"b\":2}\r\n{\"c\":";
    let items = cut(Framing::Ndjson, file);
    assert_covered(file, &items);
    assert_eq!(texts(&items), ["{\"a\":1}\n", "{\"b\":2}\r\n"]);
    let ids: Vec<&str> = problems(&items).iter().map(|problem| problem.id.as_str()).collect();
    assert_eq!(ids, ["ndjson.not-an-object", "ndjson.truncated"]);
}

#[test]
fn records_of_json() {
    let cut = |path: &str, file: &[u8]| {
        let items = items(Framing::Records, &format!("[framing]\nrecords = \"{path}\"\n"), Joins::default(), file);
        assert_covered(file, &items);
        let ids: Vec<String> = problems(&items).iter().map(|problem| problem.id.clone()).collect();
        (texts(&items).into_iter().map(str::to_owned).collect::<Vec<_>>(), ids)
    };
    let some = |texts: &[&str], ids: &[&str]| {
        let own = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        (own(texts), own(ids))
    };
    let page =
        br#"{"claims":[{"a":[{"claims":[{"x":1}]}],"b":"]}\"{"}, {"c":2} ],"total":2,"other":{"claims":[{"d":1}]}}"#;
    assert_eq!(cut("claims", page), some(&[r#"{"a":[{"claims":[{"x":1}]}],"b":"]}\"{"}"#, r#"{"c":2}"#], &[]));
    assert_eq!(cut("other.claims", page), some(&[r#"{"d":1}"#], &[]));
    assert_eq!(cut("", b"[{\"a\":1},\n{\"b\":2}]\n"), some(&["{\"a\":1}", "{\"b\":2}"], &[]));
    assert_eq!(cut("", b"{\"a\":1}\n{\"b\":2}"), some(&["{\"a\":1}", "{\"b\":2}"], &[]), "one after another");
    assert_eq!(cut("data", b"{\"data\":{\"a\":1}}"), some(&["{\"a\":1}"], &[]), "one where several may be");
    assert_eq!(cut("data", b"{\"data\":[]}"), some(&[], &[]), "nothing new");
    assert_eq!(cut("data", b"{\"dat\":[{\"a\":1}]}"), some(&[], &["json.no-records"]));
    assert_eq!(cut("", b"[{\"a\":1},7,\"x\",{\"b\":}]"), some(&["{\"a\":1}"], &["json.malformed"; 3]));
    assert_eq!(cut("", b"[{\"a\":1},{\"b\":"), some(&["{\"a\":1}"], &["json.truncated"]));
    assert_eq!(cut("", b"[{\"a\":1}"), some(&["{\"a\":1}"], &["json.truncated"]));
    assert_eq!(cut("", b"[{\"a\":1}}]"), some(&["{\"a\":1}"], &["json.malformed"]));
}

#[test]
fn records_come_with_those_of_joined_files() {
    let mapping = "[framing]\nrecords = \"rows\"\n[[framing.join]]\nname = \"patients\"\nfile = \"p*.json\"\nrecords = \"data\"\nkey = \"ids.own\"\non = \"who.id\"\n";
    let settings = Settings::from_mapping(mapping).unwrap();
    let mut joins = Joins::default();
    let patients = br#"{"data":[{"ids":{"own":7},"v":1},{"ids":{"own":"8"}},{"ids":{}},9]}"#;
    joins.add(&settings, &settings.join[0], patients).unwrap();
    joins.add(&settings, &settings.join[0], br#"{"data":[{"ids":{"own":7},"v":2}]}"#).unwrap();
    assert_eq!(joins.broken(), 2, "no key, and no object");
    let file = br#"{"rows":[{"who":{"id":"7"}},{"who":{"id":8}},{"who":{"id":9}}]}"#;
    let items = items(Framing::Records, mapping, joins, file);
    let related: Vec<Vec<&[u8]>> =
        frames(&items).iter().map(|frame| frame.related.iter().map(|part| part.content.as_slice()).collect()).collect();
    assert_eq!(
        related,
        [vec![&br#"{"ids":{"own":7},"v":2}"#[..]], vec![br#"{"ids":{"own":"8"}}"#], vec![]],
        "the later file counts"
    );
    let keyless = Joins::default().add(&settings, &settings.join[0], br#"{"data":[{"id":7}]}"#);
    assert!(matches!(keyless, Err(FramingError::JoinKey { .. })));
}

#[test]
fn records_of_xml() {
    let cut = |name: &str, file: &str| {
        let mapping = format!("[framing]\nrecords = \"{name}\"\n");
        let items = items(Framing::Records, &mapping, Joins::default(), file.as_bytes());
        assert_covered(file.as_bytes(), &items);
        let ids: Vec<String> = problems(&items).iter().map(|problem| problem.id.clone()).collect();
        (texts(&items).into_iter().map(str::to_owned).collect::<Vec<_>>(), ids)
    };
    let file = "<?xml version=\"1.0\"?><!-- <Charge> --><r xmlns:a=\"u\"><a:Charge n=\"1>2\"><x/><![CDATA[</a:Charge>]]></a:Charge>\n<Charge/><Charges><Charge>2</Charge></Charges></r>";
    let (texts, ids) = cut("Charge", file);
    assert_eq!(
        texts,
        ["<a:Charge n=\"1>2\"><x/><![CDATA[</a:Charge>]]></a:Charge>", "<Charge/>", "<Charge>2</Charge>"]
    );
    assert!(ids.is_empty());
    let (texts, _) = cut("", "<a><a>1</a></a>");
    assert_eq!(texts, ["<a><a>1</a></a>"], "the root element");
    for (file, id) in [
        ("<r><Charge>1</Char", "xml.truncated"),
        ("<r><Charge>1</Charge>", "xml.truncated"),
        ("<r/>", "xml.no-records"),
        ("<r></r></r>", "xml.malformed"),
    ] {
        assert_eq!(cut("Charge", file).1, [id], "{file}");
    }
}

#[test]
fn what_is_no_document_is_named() {
    for (framing, file, id) in [
        (Framing::Hl7v2, &b""[..], "framing.empty"),
        (Framing::Delimited, b"PK\x03\x04abc", "framing.binary"),
        (Framing::Hl7v2, b"\xff\xfeM\0S\0H\0", "framing.binary"),
        (Framing::Hl7v2, b"ISA*00*   *", "framing.wrong-kind"),
        (Framing::Delimited, b"\nMSH|^~\\&|A", "framing.wrong-kind"),
        (Framing::X12Claim, b"{\"a\":1}", "framing.wrong-kind"),
        (Framing::Ndjson, b"<?xml version", "framing.wrong-kind"),
        (Framing::Delimited, b"   \r\n\r\n", "framing.no-documents"),
        // Of a file without a header line the first row would be taken for one, and vanish.
        (Framing::Delimited, b"V1,99213,90.00\r\n", "csv.no-rows"),
    ] {
        let items = cut(framing, file);
        assert_covered(file, &items);
        let found = problems(&items);
        assert_eq!((found.len(), found[0].id.as_str()), (1, id), "{file:?}");
    }
}

#[test]
fn a_whole_file_has_a_ceiling() {
    let items = cut(Framing::Whole, &vec![b'x'; WHOLE_BYTES_MAX]);
    assert_eq!(frames(&items).len(), 1);
    let items = cut(Framing::Whole, &vec![b'x'; WHOLE_BYTES_MAX + 1]);
    assert_eq!((frames(&items).len(), problems(&items)[0].id.as_str()), (0, "framing.too-large"));
}

#[test]
fn five_megabytes_without_a_line_end_are_one_problem_in_bounded_memory() {
    let mut file = b"Visit,Note\n".to_vec();
    file.extend(std::iter::repeat_n(b'x', 5_000_000));
    file.extend_from_slice(b"\nV1,ok\n");
    let mut cutter = delimited::Delimited::new("f", Settings::default(), Joins::default());
    let mut out = VecDeque::new();
    for chunk in file.chunks(CHUNK_BYTES) {
        cutter.push(chunk, &mut out);
        assert!(cutter.held() <= ROW_BYTES_MAX + 2 * CHUNK_BYTES);
    }
    cutter.finish(&mut out);
    let items: Vec<Item> = out.into();
    assert_covered(&file, &items);
    assert_eq!((texts(&items), problems(&items)[0].id.as_str()), (vec!["V1,ok\n"], "csv.too-long"));
}

#[test]
fn claims_of_an_837_and_its_trailers() {
    let isa =
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260302*1200*^*00501*000000001*0*T*:~";
    let claim = |id: &str| format!("CLM*{id}*100***11:B:1*Y*A*Y*Y~HI*ABK:I10~LX*1~SV1*HC:99213*100*UN*1***1~");
    let file = format!(
        "{isa}GS*HC*A*B*20260302*1200*1*X*005010X222A1~ST*837*0001*005010X222A1~BHT*0019*00*1*20260302*1200*CH~NM1*41*2*A*****46*A~\
         NM1*40*2*B*****46*B~HL*1**20*1~NM1*85*2*P*****XX*1234567893~HL*2*1*22*0~SBR*P*18*******CI~NM1*IL*1*L*F****MI*1~{}{}SE*20*0001~GE*1*1~IEA*1*000000001~",
        claim("A1"),
        claim("A2"),
    );
    let items = cut(Framing::X12Claim, file.as_bytes());
    assert_covered(file.as_bytes(), &items);
    let frames = frames(&items);
    assert_eq!(frames.len(), 2, "{items:?}");
    assert!(frames.iter().all(|frame| frame.content.starts_with(b"ISA*") && frame.ranges.len() <= 2));
    assert_eq!((frames[0].ordinal, frames[1].ordinal), (0, 1));
}

const BUNDLE: &str = r#"{"resourceType":"Bundle","entry":[
  {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"1"}},
  {"fullUrl":"urn:uuid:2","resource":{"resourceType":"ChargeItem","id":"2","subject":{"reference":"urn:uuid:1"},"context":{"reference":"Encounter/3"}}},
  {"fullUrl":"urn:uuid:4","resource":{"resourceType":"Observation","id":"4","subject":{"reference":"urn:uuid:1"}}}
]}"#;

#[test]
fn a_bundle_is_cut_by_visit_with_what_it_refers_to() {
    let items = cut(Framing::FhirBundle, BUNDLE.as_bytes());
    assert_covered(BUNDLE.as_bytes(), &items);
    let told: Vec<(&str, usize)> = frames(&items)
        .iter()
        .map(|frame| (std::str::from_utf8(&frame.related[0].content).unwrap(), frame.ranges.len()))
        .collect();
    assert_eq!(told, [("0 1", 2), ("2", 1)]);
    assert_eq!(frames(&items).iter().map(|frame| frame.ordinal).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn a_broken_entry_is_named_by_byte_and_path_and_the_others_go_on() {
    let file = BUNDLE.replace(r#""context":{"#, r#""context":{,"#);
    let items = cut(Framing::FhirBundle, file.as_bytes());
    assert_covered(file.as_bytes(), &items);
    let wrong = problems(&items);
    assert_eq!((wrong.len(), wrong[0].id.as_str(), frames(&items).len()), (1, "fhir.malformed", 1));
    let at = file.find("{,").unwrap() + 1;
    assert_eq!(wrong[0].expected, format!("a name in quotes at byte {at}, in Bundle.entry[1]"));
    let cut_off = cut(Framing::FhirBundle, &BUNDLE.as_bytes()[..BUNDLE.len() - 60]);
    assert_eq!(problems(&cut_off)[0].id, "fhir.truncated");
    assert_eq!(frames(&cut_off).len(), 1);
    let html = cut(Framing::FhirBundle, b"<html>");
    assert_eq!(problems(&html)[0].id, "framing.wrong-kind");
}

#[test]
fn a_resource_alone_and_lines_of_a_bulk_export() {
    let lines = "{\"resourceType\":\"ChargeItem\",\"id\":\"1\",\"context\":{\"reference\":\"Encounter/9\"}}\n\
                 {\"resourceType\":\"Encounter\",\"id\":\"9\"}\n\n{\"resourceType\":\"ChargeItem\",\"id\":\"2\"}\n";
    let items = cut(Framing::FhirBundle, lines.as_bytes());
    assert_covered(lines.as_bytes(), &items);
    assert_eq!(frames(&items).iter().map(|frame| frame.ranges.len()).collect::<Vec<_>>(), [2, 1]);
    let alone = cut(Framing::FhirBundle, b"{\"resourceType\":\"Claim\",\"id\":\"1\"}");
    assert_eq!(texts(&alone), ["{\"resourceType\":\"Claim\",\"id\":\"1\"}"]);
}

/// What the problems say of the bytes they leave out.
pub(super) fn told(file: &[u8], items: &[Item]) -> Vec<(String, String)> {
    let bytes = |problem: &FramingProblem| &file[problem.range.0 as usize..problem.range.1 as usize];
    let text = |problem: &FramingProblem| String::from_utf8_lossy(bytes(problem)).into_owned();
    problems(items).iter().map(|problem| (problem.id.clone(), text(problem))).collect()
}

#[test]
fn lines_behind_the_last_segment_of_a_message_are_told() {
    let file =
        b"junk\rMSH|^~\\&|A\rPID|1\rmore junk\rMSH|^~\\&|B\rNTE|1||a note\rof two lines\rMSH|^~\\&|C\rPID|1\rtail";
    let items = cut(Framing::Hl7v2, file);
    assert_covered(file, &items);
    let expected = ["MSH|^~\\&|A\rPID|1\r", "MSH|^~\\&|B\rNTE|1||a note\rof two lines\r", "MSH|^~\\&|C\rPID|1\r"];
    assert_eq!(texts(&items), expected);
    let stray = |text: &str| ("hl7.stray-lines".to_owned(), text.to_owned());
    assert_eq!(told(file, &items), [stray("junk\r"), stray("more junk\r"), stray("tail")]);
}

/// A charge of so many fields, the last of them a provider.
fn charge(fields: usize) -> String {
    format!("FT1{}|DR01", "|x".repeat(fields - 1))
}

#[test]
fn a_last_segment_without_its_end_is_whole_unless_something_says_that_it_is_cut() {
    let head = "MSH|^~\\&|A|B|C|D|1||DFT^P03|1\rPID|1\r";
    let (whole, half) = (charge(20), charge(9));
    for (file, id, why) in [
        (format!("{head}{whole}"), "", "a single message"),
        (format!("{head}{half}"), "", "nothing to compare with: the adapter sees what is missing"),
        (format!("{head}{whole}\r{whole}"), "", "as whole as the others"),
        (format!("{head}{half}\r{whole}"), "", "more than the others"),
        (format!("{head}{whole}\rFT"), "hl7.cut-off", "part of a name"),
        (format!("{head}{whole}\r{half}"), "hl7.cut-off", "less than the others"),
        (format!("{head}{whole}\r{head}{half}"), "hl7.cut-off", "less than those of the message before"),
        (format!("{head}{whole}\r{head}{half}\r"), "", "with its end it is what was sent"),
        (format!("BHS|^~\\&\r{head}{whole}"), "hl7.cut-off", "in a batch that does not end"),
        (format!("\x0b{head}{whole}"), "hl7.cut-off", "in a block that does not end"),
        (format!("\x0b{head}{whole}\x1c\r"), "", "in a block"),
        (format!("\x0b{head}{whole}\r"), "hl7.truncated", "the block does not end"),
        (format!("{head}{whole}\r\x0b\r\n"), "", "a start block with nothing in it"),
    ] {
        let items = cut(Framing::Hl7v2, file.as_bytes());
        assert_covered(file.as_bytes(), &items);
        let first = problems(&items).first().map_or("", |problem| problem.id.as_str());
        assert_eq!(first, id, "{why}: {file:?}");
        let taken = file.matches("MSH|").count() - usize::from(id == "hl7.cut-off");
        assert_eq!(frames(&items).len(), taken, "{why}: {file:?}");
        assert!(problems(&items).iter().all(|problem| !problem.to_string().contains("DR01")), "{items:?}");
    }
}

/// An 837 of two claims, a segment each.
const CLAIMS: [&str; 16] = [
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260505*1200*^*00501*000000001*0*T*:~",
    "GS*HC*SENDER*RECEIVER*20260505*1200*1*X*005010X222A1~",
    "ST*837*0001*005010X222A1~",
    "BHT*0019*00*1*20260505*1200*CH~",
    "HL*1**20*1~",
    "NM1*85*2*GROUP*****XX*1234567893~",
    "HL*2*1*22*0~",
    "SBR*P*18*******CI~",
    "CLM*1*90***11:B:1*Y*A*Y*Y~",
    "SV1*HC:99213*90*UN*1***1~",
    "CLM*2*90***11:B:1*Y*A*Y*Y~",
    "SV1*HC:99213*90*UN*1***1~",
    "SE*11*0001~",
    "GE*1*1~",
    "IEA*1*000000001~",
    "\n",
];

proptest! {
    #[test]
    fn what_is_no_part_of_an_interchange_is_told_or_in_a_claim(
        at in 0..=CLAIMS.len(),
        junk in prop::sample::select(vec!["LOST DATA", "LOST DATA~", "LOST*DATA~", "\nLOST\n", "LOST\0"]),
        cut_at in 0..900_usize,
        whole in any::<bool>(),
    ) {
        let mut segments = CLAIMS.to_vec();
        segments.insert(at, junk);
        let mut file = segments.concat().into_bytes();
        if !whole {
            file.truncate(cut_at);
        }
        let items = cut(Framing::X12Claim, &file);
        assert_covered(&file, &items);
        for item in &items {
            let Item::Gap(gap) = item else { continue };
            let text = String::from_utf8_lossy(&file[gap.range.0 as usize..gap.range.1 as usize]).into_owned();
            prop_assert!(!text.contains("LOST"), "passed over: {:?} in {:?}", text, items);
            prop_assert!(!text.contains("CLM*"), "a claim passed over: {:?} in {:?}", text, items);
        }
    }
}

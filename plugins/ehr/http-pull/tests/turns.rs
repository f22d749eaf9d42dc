//! Turns as the host drives them: each step, and what the next begins with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use claimhost_sdk::Puller;
use claimhost_sdk::claim::{Date, DateTime};
use claimhost_sdk::http::{Method, Request, Response};
use claimhost_sdk::intake::Setup;
use claimhost_sdk::pull::{Batch, Step, Turn};
use plugin_http_pull::HttpPull;

fn day(day: u8) -> Date {
    Date { year: 2026, month: 3, day }
}

fn turn(cursor: &str) -> Turn {
    Turn { cursor: cursor.to_owned(), now: DateTime { day: day(10), hour: 9, minute: 30 }, since: Some(day(1)) }
}

fn open(mapping: &str, turn: Turn) -> HttpPull {
    let setup = Setup { settings: Vec::new(), mapping: mapping.to_owned() };
    HttpPull::open(setup, turn).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn answer(status: u16, body: &str) -> Option<Response> {
    Some(Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
}

fn sent(step: Step) -> Request {
    match step {
        Step::Send(request) => request,
        other => panic!("expected a request: {other:?}"),
    }
}

fn stored(step: Step) -> (Vec<String>, String) {
    match step {
        Step::Store(Batch { documents, cursor }) => {
            (documents.into_iter().map(|document| String::from_utf8(document).unwrap()).collect(), cursor)
        }
        other => panic!("expected documents: {other:?}"),
    }
}

fn failed(step: Step) -> String {
    match step {
        Step::Failed(problems) => problems[0].id.clone(),
        other => panic!("expected a problem: {other:?}"),
    }
}

fn done(step: Step) -> String {
    match step {
        Step::Done(cursor) => cursor,
        other => panic!("expected the end: {other:?}"),
    }
}

const TOKEN: &str = "[pull]\npath = \"/rows\"\nitems = \"rows\"\n[pull.query]\nsince = \"{since}\"\ntoken = \"{token}\"\n\
                     [pull.paging]\nby = \"token\"\nnext = \"next\"\n[pull.since]\noverlap = \"1h\"\nformat = \"YYYY-MM-DDThh:mm:ssZ\"\n";

#[test]
fn pages_by_token_and_the_next_turn_goes_back_by_the_overlap() {
    let mut pull = open(TOKEN, turn(""));
    assert_eq!(sent(pull.next(None)).url, "/rows?since=2026-02-28T23%3A00%3A00Z");
    let (documents, first) = stored(pull.next(answer(200, "{\"rows\":[1,2],\"next\":\"a b\"}")));
    assert_eq!(documents, ["{\"rows\":[1,2],\"next\":\"a b\"}"]);
    assert_eq!(sent(pull.next(None)).url, "/rows?since=2026-02-28T23%3A00%3A00Z&token=a%20b");
    // A page without items is no document.
    let (documents, last) = stored(pull.next(answer(200, "{\"rows\":[],\"next\":null}")));
    assert!(documents.is_empty());
    assert_eq!(done(pull.next(None)), last);
    // Broken off after the first page: the second is asked for.
    let mut again = open(TOKEN, turn(&first));
    assert_eq!(sent(again.next(None)).url, "/rows?since=2026-02-28T23%3A00%3A00Z&token=a%20b");
    // The next turn: what changed since an hour before the last began, whatever `since` says.
    let mut next = open(TOKEN, turn(&last));
    assert_eq!(sent(next.next(None)).url, "/rows?since=2026-03-10T08%3A30%3A00Z");
}

#[test]
fn an_address_that_has_grown_old_begins_the_listing_anew_and_a_circle_is_told() {
    let link = "[pull]\npath = \"/rows\"\nitems = \"rows\"\n[pull.paging]\nby = \"link\"\nnext = \"next\"\n";
    let mut pull = open(link, turn(""));
    sent(pull.next(None));
    let (_, cursor) = stored(pull.next(answer(200, "{\"rows\":[1],\"next\":\"https://x/rows?p=2\"}")));
    let mut later = open(link, turn(&cursor));
    let request = sent(later.next(None));
    assert_eq!((request.url.as_str(), request.method), ("https://x/rows?p=2", Method::Get));
    assert_eq!(sent(later.next(answer(410, ""))).url, "/rows");
    assert_eq!(failed(later.next(answer(410, ""))), "pull.status", "only once, and only what another turn began");
    let mut pull = open(link, turn(&cursor));
    sent(pull.next(None));
    assert_eq!(failed(pull.next(answer(200, "{\"rows\":[1],\"next\":\"https://x/rows?p=2\"}"))), "pull.circle");
}

#[test]
fn pages_by_count_end_with_one_that_is_not_full() {
    let count = "[pull]\npath = \"/rows?offset={offset}&limit={limit}&page={page}\"\nitems = \"rows\"\n[pull.paging]\nby = \"count\"\n\
                 size = \"2\"\nfirst = \"1\"\n";
    let mut pull = open(count, turn(""));
    assert_eq!(sent(pull.next(None)).url, "/rows?offset=0&limit=2&page=1");
    stored(pull.next(answer(200, "{\"rows\":[1,2]}")));
    assert_eq!(sent(pull.next(None)).url, "/rows?offset=2&limit=2&page=2");
    stored(pull.next(answer(200, "{\"rows\":[3]}")));
    done(pull.next(None));
}

#[test]
fn windows_follow_each_other_until_now() {
    let window = "[pull]\nformat = \"xml\"\nmethod = \"post\"\npath = \"/soap\"\nbody = \"<F>{since}</F><T>{until}</T>\"\nitems = \"Row\"\n\
                  [pull.since]\nwindow = \"4d\"\nformat = \"MM/DD/YYYY\"\n[pull.errors]\nis_false = [\"IsError\"]\n";
    let mut pull = open(window, turn(""));
    for (body, last) in [
        ("<F>02/28/2026</F><T>03/04/2026</T>", false),
        ("<F>03/04/2026</F><T>03/08/2026</T>", false),
        ("<F>03/08/2026</F><T>03/10/2026</T>", true),
    ] {
        let request = sent(pull.next(None));
        assert_eq!((request.method, String::from_utf8(request.body).unwrap().as_str()), (Method::Post, body));
        let (documents, _) = stored(pull.next(answer(200, "<R><IsError>false</IsError><Row/><Row/></R>")));
        assert_eq!(documents.len(), 1, "{last}");
    }
    done(pull.next(None));
    let mut pull = open(window, turn(""));
    sent(pull.next(None));
    assert_eq!(failed(pull.next(answer(200, "<R><IsError>true</IsError></R>"))), "pull.error-in-answer");
    let mut pull = open(window, Turn { since: None, ..turn("") });
    assert_eq!(failed(pull.next(None)), "pull.since");
}

#[test]
fn an_item_is_completed_and_what_was_asked_once_is_not_asked_again() {
    let mapping = "[pull]\npath = \"/rows\"\nitems = \"rows\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"person\"\n\
                   path = \"/people/{item.person}\"\n[[pull.with]]\nname = \"notes\"\npath = \"/notes/{item.id}\"\nitems = \"all\"\nnext = \"more\"\n\
                   optional = \"yes\"\n";
    let mut pull = open(mapping, turn(""));
    sent(pull.next(None));
    let rows = "{\"rows\":[{\"id\":1,\"person\":7},{\"id\":2,\"person\":7},{\"id\":3}]}";
    assert_eq!(sent(pull.next(answer(200, rows))).url, "/people/7");
    assert_eq!(sent(pull.next(answer(200, "{\"n\":\"A\"}"))).url, "/notes/1");
    assert_eq!(sent(pull.next(answer(200, "{\"all\":[1],\"more\":\"/notes/1?p=2\"}"))).url, "/notes/1?p=2");
    assert_eq!(sent(pull.next(answer(200, "{\"all\":[2]}"))).url, "/notes/2", "the person is known");
    assert_eq!(sent(pull.next(answer(404, ""))).url, "/notes/3", "an item without a person");
    let (documents, _) = stored(pull.next(answer(200, "{\"all\":[]}")));
    assert_eq!(
        documents,
        [
            "{\"item\":{\"id\":1,\"person\":7},\"person\":{\"n\":\"A\"},\"notes\":[1,2]}",
            "{\"item\":{\"id\":2,\"person\":7},\"person\":{\"n\":\"A\"}}",
            "{\"item\":{\"id\":3},\"notes\":[]}",
        ]
    );
    done(pull.next(None));
}

#[test]
fn what_cannot_go_on_says_so_and_repeats_nothing_of_the_answer() {
    for (status, body, id) in [
        (403, "VANCE", "pull.status"),
        (200, "VANCE", "pull.malformed"),
        (200, "{\"rows\":[1],", "pull.malformed"),
        (200, "{\"error\":\"VANCE\"}", "pull.error-in-answer"),
        (200, "{\"detail\":\"VANCE\"}", "pull.malformed"),
        (200, "{\"rows\":null}", "pull.malformed"),
    ] {
        let mapping = "[pull]\npath = \"/rows\"\nitems = \"rows\"\n[pull.errors]\nempty = [\"error\"]\n";
        let mut pull = open(mapping, turn(""));
        sent(pull.next(None));
        let step = pull.next(answer(status, body));
        assert!(!format!("{step:?}").contains("VANCE"), "{step:?}");
        assert_eq!(failed(step), id, "{body}");
    }
    let setup = |name: &str| Setup {
        settings: vec![(name.to_owned(), "1".to_owned())],
        mapping: "[pull]\npath = \"/{setting.office}\"\n".to_owned(),
    };
    assert!(HttpPull::open(setup("ofice"), turn("")).is_err_and(|problems| problems[0].id == "setting.unknown"));
    assert_eq!(sent(HttpPull::open(setup("office"), turn("")).ok().unwrap().next(None)).url, "/1");
    let mut lacks = open("[pull]\npath = \"/{setting.office}\"\n", turn(""));
    assert_eq!(failed(lacks.next(None)), "setting.missing");
    let setup = Setup { settings: Vec::new(), mapping: TOKEN.to_owned() };
    assert!(HttpPull::open(setup, turn("of another puller")).is_err_and(|problems| problems[0].id == "pull.cursor"));
}

/// What a FHIR server says beside a bundle, or in it.
fn outcome(severity: &str) -> String {
    format!(
        "{{\"resourceType\":\"OperationOutcome\",\"issue\":[{{\"severity\":\"{severity}\",\"diagnostics\":\"VANCE\"}}]}}"
    )
}

#[test]
fn a_fhir_answer_without_a_bundle_is_not_the_end_of_the_list() {
    let fhir = "[pull]\nformat = \"fhir\"\npath = \"/Encounter\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"charges\"\n\
                path = \"/ChargeItem\"\n";
    let bundle = |resource: &str| format!("{{\"resourceType\":\"Bundle\",\"entry\":[{{\"resource\":{resource}}}]}}");
    let encounter = bundle("{\"resourceType\":\"Encounter\",\"id\":\"1\"}");
    for (body, id) in [
        (outcome("error"), "pull.error-in-answer"),
        (outcome("fatal"), "pull.error-in-answer"),
        (bundle(&outcome("error")), "pull.error-in-answer"),
        (outcome("warning"), "pull.malformed"),
        ("{\"message\":\"VANCE\"}".to_owned(), "pull.malformed"),
        ("{\"resourceType\":\"Encounter\"}".to_owned(), "pull.malformed"),
    ] {
        let mut pull = open(fhir, turn(""));
        sent(pull.next(None));
        let step = pull.next(answer(200, &body));
        assert!(!format!("{step:?}").contains("VANCE"), "{step:?}");
        assert_eq!(failed(step), id, "{body}");
    }
    // The same of what belongs to an item; a resource alone is an answer there.
    for (body, id) in [
        (outcome("error"), Some("pull.error-in-answer")),
        (bundle(&outcome("fatal")), Some("pull.error-in-answer")),
        ("{\"message\":\"VANCE\"}".to_owned(), Some("pull.malformed")),
        (bundle(&outcome("warning")), None),
        ("{\"resourceType\":\"ChargeItem\",\"id\":\"2\"}".to_owned(), None),
    ] {
        let mut pull = open(fhir, turn(""));
        sent(pull.next(None));
        sent(pull.next(answer(200, &encounter)));
        let step = pull.next(answer(200, &body));
        match id {
            Some(id) => assert_eq!(failed(step), id, "{body}"),
            None => assert_eq!(stored(step).0.len(), 1, "{body}"),
        }
    }
    // A bundle without entries says that there is nothing.
    let mut pull = open(fhir, turn(""));
    sent(pull.next(None));
    stored(pull.next(answer(200, "{\"resourceType\":\"Bundle\",\"total\":0}")));
    done(pull.next(None));
}

#[test]
fn an_answer_for_an_item_without_its_list_is_not_an_empty_one() {
    let mapping = "[pull]\npath = \"/rows\"\nitems = \"rows\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"notes\"\n\
                   path = \"/notes/{item.id}\"\nitems = \"all|notes\"\n";
    for (body, wanted) in [("{\"detail\":\"VANCE\"}", false), ("{\"notes\":[]}", true)] {
        let mut pull = open(mapping, turn(""));
        sent(pull.next(None));
        sent(pull.next(answer(200, "{\"rows\":[{\"id\":1}]}")));
        let step = pull.next(answer(200, body));
        if wanted {
            stored(step);
        } else {
            assert_eq!(failed(step), "pull.malformed");
        }
    }
}

#[test]
fn one_record_that_is_closed_to_us_stops_no_other() {
    let mapping = "[pull]\npath = \"/rows\"\nitems = \"rows\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"person\"\n\
                   path = \"/people/{item.person}\"\n[[pull.with]]\nname = \"notes\"\npath = \"/notes/{item.id}\"\nitems = \"all\"\nnext = \"more\"\n\
                   optional = \"yes\"\n";
    for status in [403, 404, 410] {
        let mut pull = open(mapping, turn(""));
        sent(pull.next(None));
        let rows = "{\"rows\":[{\"id\":1,\"person\":7},{\"id\":2,\"person\":8}]}";
        assert_eq!(sent(pull.next(answer(200, rows))).url, "/people/7");
        assert_eq!(sent(pull.next(answer(status, "VANCE"))).url, "/notes/1", "{status}");
        // What is optional and not there is none; a further page of it that is missing is not.
        assert_eq!(sent(pull.next(answer(status, "VANCE"))).url, "/people/8", "{status}");
        assert_eq!(sent(pull.next(answer(200, "{\"n\":\"A\"}"))).url, "/notes/2");
        assert_eq!(sent(pull.next(answer(200, "{\"all\":[1],\"more\":\"/notes/2?p=2\"}"))).url, "/notes/2?p=2");
        let (documents, _) = stored(pull.next(answer(status, "VANCE")));
        let lacks = |name: &str| format!("\"pull.unreadable\":{{\"{name}\":\"status {status}\"}}}}");
        // A right that is missing is not nothing.
        let first = if status == 403 { "person\":\"status 403\",\"notes" } else { "person" };
        assert_eq!(
            documents,
            [
                format!("{{\"item\":{{\"id\":1,\"person\":7}},{}", lacks(first)),
                format!(
                    "{{\"item\":{{\"id\":2,\"person\":8}},\"person\":{{\"n\":\"A\"}},\"notes\":[1],{}",
                    lacks("notes")
                ),
            ]
        );
        done(pull.next(None));
    }
}

#[test]
fn a_listing_whose_one_record_is_closed_is_read_again_from_where_it_began() {
    let mapping = "[pull]\npath = \"/rows\"\nitems = \"rows\"\ndocuments = \"item\"\n[pull.query]\nsince = \"{since}\"\n\
                   [pull.since]\noverlap = \"1h\"\nformat = \"YYYY-MM-DDThh:mm:ssZ\"\n[[pull.with]]\nname = \"person\"\npath = \"/people/{item.person}\"\n";
    let (mut cursor, mut asked) = (String::new(), Vec::new());
    // A right that is missing looks like one record that is closed. Once it is there again, the listing moves on.
    for status in [403, 403, 200, 200] {
        let mut pull = open(mapping, turn(&cursor));
        asked.push(sent(pull.next(None)).url);
        sent(pull.next(answer(200, "{\"rows\":[{\"person\":7}]}")));
        stored(pull.next(answer(status, "{}")));
        cursor = done(pull.next(None));
    }
    let (first, later) = ("/rows?since=2026-02-28T23%3A00%3A00Z", "/rows?since=2026-03-10T08%3A30%3A00Z");
    assert_eq!(asked, [first, first, first, later]);
}

#[test]
fn a_page_of_which_nothing_can_be_read_stops_and_one_item_that_is_broken_is_named_by_its_place() {
    let mapping = "[pull]\npath = \"/rows\"\nitems = \"rows\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"person\"\n\
                   path = \"/people/{item.person}\"\n";
    let rows = "{\"rows\":[{\"person\":7},{\"person\":8},{\"person\":8},{\"person\":9}]}";
    // Four requests for three people: the right to read is missing, and nothing is stored as what cannot be billed.
    let mut pull = open(mapping, turn(""));
    sent(pull.next(None));
    sent(pull.next(answer(200, rows)));
    for _ in 0..3 {
        sent(pull.next(answer(403, "")));
    }
    assert_eq!(failed(pull.next(answer(403, ""))), "pull.status");
    // One of them is answered: the others are closed.
    let mut pull = open(mapping, turn(""));
    sent(pull.next(None));
    sent(pull.next(answer(200, rows)));
    sent(pull.next(answer(403, "")));
    sent(pull.next(answer(403, "")));
    sent(pull.next(answer(403, "")));
    let (documents, _) = stored(pull.next(answer(200, "{}")));
    assert_eq!(documents.iter().filter(|document| document.contains("pull.unreadable")).count(), 3, "{documents:?}");
    for (status, body, id) in [(400, "VANCE", "pull.status"), (200, "VANCE", "pull.malformed")] {
        let mut pull = open(mapping, turn(""));
        sent(pull.next(None));
        sent(pull.next(answer(200, rows)));
        sent(pull.next(answer(200, "{}")));
        let Step::Failed(problems) = pull.next(answer(status, body)) else { panic!("a problem") };
        let problem = &problems[0];
        assert_eq!((problem.id.as_str(), problem.found.contains("VANCE")), (id, false));
        assert!(problem.at.path.starts_with("item 2 of page 1: [[pull.with]] person"), "{problem:?}");
        assert!(problem.remedy.contains("waits at this item"), "{problem:?}");
    }
}

const FEED: &str = "[pull]\npath = \"/feed\"\nitems = \"rows\"\n[pull.query]\nmode = \"new\"\n[pull.paging]\nby = \"drain\"\n\
                    [pull.reread.query]\nmode = \"\"\nfrom = \"{since}\"\noffset = \"{offset}\"\n[pull.reread.paging]\nby = \"rows\"\n";

#[test]
fn a_feed_that_reading_consumes_is_drained_and_then_read_again() {
    let mut pull = open(FEED, turn(""));
    assert_eq!(sent(pull.next(None)).url, "/feed?mode=new");
    stored(pull.next(answer(200, "{\"rows\":[1,2]}")));
    assert_eq!(sent(pull.next(None)).url, "/feed?mode=new", "no offset into a list that shrinks");
    let (_, cursor) = stored(pull.next(answer(200, "{\"rows\":[3]}")));
    sent(pull.next(None));
    // Broken off here, another turn goes on; what the lost answer had comes with the second pass.
    let mut later = open(FEED, turn(&cursor));
    assert_eq!(sent(later.next(None)).url, "/feed?mode=new");
    stored(later.next(answer(200, "{\"rows\":[]}")));
    assert_eq!(sent(later.next(None)).url, "/feed?from=2026-02-28&offset=0");
    let (_, cursor) = stored(later.next(answer(200, "{\"rows\":[1,2,3]}")));
    sent(later.next(None));
    let mut last = open(FEED, turn(&cursor));
    assert_eq!(sent(last.next(None)).url, "/feed?from=2026-02-28&offset=3", "the pass and its place are kept");
    stored(last.next(answer(200, "{\"rows\":[]}")));
    done(last.next(None));
    // A server that gives the same again consumes nothing.
    let mut pull = open(FEED, turn(""));
    sent(pull.next(None));
    stored(pull.next(answer(200, "{\"rows\":[1]}")));
    sent(pull.next(None));
    assert_eq!(failed(pull.next(answer(200, "{\"rows\":[1]}"))), "pull.circle");
    // Without a first day nothing could be asked for again: nothing is consumed.
    let mut pull = open(FEED, Turn { since: None, ..turn("") });
    assert_eq!(failed(pull.next(None)), "pull.since");
}

#[test]
fn the_values_of_a_setting_are_asked_for_one_after_another() {
    let mapping = "[pull]\npath = \"/visits/{each}\"\nitems = \"rows\"\nover = \"ids\"\n";
    let with = |ids: &str, cursor: &str| {
        let setup = Setup { settings: vec![("ids".to_owned(), ids.to_owned())], mapping: mapping.to_owned() };
        HttpPull::open(setup, turn(cursor)).unwrap_or_else(|problems| panic!("{problems:?}"))
    };
    let mut pull = with("a, b  c", "");
    assert_eq!(sent(pull.next(None)).url, "/visits/a");
    let (_, cursor) = stored(pull.next(answer(200, "{\"rows\":[1]}")));
    assert_eq!(sent(pull.next(None)).url, "/visits/b");
    // Another turn goes on with the value that comes next, and begins anew where the site does not name it any longer.
    assert_eq!(sent(with("a, b  c", &cursor).next(None)).url, "/visits/b");
    assert_eq!(sent(with("c,d", &cursor).next(None)).url, "/visits/c");
    stored(pull.next(answer(200, "{\"rows\":[]}")));
    assert_eq!(sent(pull.next(None)).url, "/visits/c");
    stored(pull.next(answer(200, "{\"rows\":[]}")));
    done(pull.next(None));
    for nothing in ["", ",", " , ,"] {
        assert_eq!(failed(with(nothing, "").next(None)), "setting.missing", "{nothing:?}");
    }
}

#[test]
fn what_a_parameter_wants_of_an_item_that_does_not_have_it_is_not_asked_of_everybody() {
    let mapping = "[pull]\npath = \"/rows\"\nitems = \"rows\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"policies\"\npath = \"/p\"\n\
                   query = { patient = \"{id.who.ref}\", from = \"{since}\" }\n[[pull.with]]\nname = \"notes\"\npath = \"/n\"\n\
                   query = { of = \"{item.id}\", day = \"ge{day.at}\" }\n";
    // Without a first day the listing is asked for without one, and so is what belongs to an item.
    let mut pull = open(mapping, Turn { since: None, ..turn("") });
    assert_eq!(sent(pull.next(None)).url, "/rows");
    let rows = "{\"rows\":[{\"id\":1},{\"id\":2,\"who\":{\"ref\":\"Patient/7\"},\"at\":\"2026-03-02T16:00:00Z\"}]}";
    assert_eq!(sent(pull.next(answer(200, rows))).url, "/p?patient=7", "nothing is asked for the first");
    assert_eq!(sent(pull.next(answer(200, "{\"n\":1}"))).url, "/n?day=ge2026-03-02&of=2");
    let (documents, _) = stored(pull.next(answer(200, "{\"n\":2}")));
    assert_eq!(documents[0], "{\"id\":1}");
    done(pull.next(None));
}

#[test]
fn a_server_that_heeds_no_count_goes_round_in_no_circle() {
    let rows = "[pull]\npath = \"/rows?o={offset}\"\nitems = \"rows\"\n[pull.paging]\nby = \"rows\"\n";
    let count = "[pull]\npath = \"/rows?o={offset}\"\nitems = \"rows\"\n[pull.paging]\nby = \"count\"\nsize = \"2\"\n";
    for mapping in [rows, count] {
        let mut pull = open(mapping, turn(""));
        sent(pull.next(None));
        stored(pull.next(answer(200, "{\"rows\":[1,2]}")));
        assert_eq!(sent(pull.next(None)).url, "/rows?o=2");
        assert_eq!(failed(pull.next(answer(200, "{\"rows\":[1,2]}"))), "pull.circle", "{mapping}");
    }
    // Another pass has the page of the one before rightly: here all that was drained, in one page.
    let mut pull = open(FEED, turn(""));
    sent(pull.next(None));
    for (body, next) in [("{\"rows\":[1]}", "/feed?mode=new"), ("{\"rows\":[]}", "/feed?from=2026-02-28&offset=0")] {
        stored(pull.next(answer(200, body)));
        assert_eq!(sent(pull.next(None)).url, next);
    }
    stored(pull.next(answer(200, "{\"rows\":[1]}")));
    assert_eq!(sent(pull.next(None)).url, "/feed?from=2026-02-28&offset=1");
    stored(pull.next(answer(200, "{\"rows\":[]}")));
    done(pull.next(None));
}

#[test]
fn answers_of_a_request_are_asked_about_in_turn() {
    let mapping = "[pull]\npath = \"/rows\"\nitems = \"rows\"\ndocuments = \"item\"\n[[pull.with]]\nname = \"policies\"\npath = \"/p/{item.person}\"\n\
                   items = \"list\"\n[[pull.with]]\nname = \"payers\"\nof = \"policies\"\nreference = \"payer.ref\"\n";
    let mut pull = open(mapping, turn(""));
    sent(pull.next(None));
    assert_eq!(sent(pull.next(answer(200, "{\"rows\":[{\"person\":7},{\"person\":8}]}"))).url, "/p/7");
    let two = "{\"list\":[{\"payer\":{\"ref\":\"o/1\"}},{\"payer\":[{\"ref\":\"o/2\"},{\"ref\":\"o/1\"}]}]}";
    assert_eq!(sent(pull.next(answer(200, two))).url, "/o/1");
    assert_eq!(sent(pull.next(answer(200, "{\"n\":1}"))).url, "/o/2");
    // Of the second item nothing new is asked for but its policies: payers are known by now.
    assert_eq!(sent(pull.next(answer(200, "{\"n\":2}"))).url, "/p/8");
    let (documents, _) = stored(pull.next(answer(200, "{\"list\":[{\"payer\":{\"ref\":\"o/1\"}}]}")));
    assert!(documents[0].contains("\"payers\":[{\"n\":1},{\"n\":2}]"), "{documents:?}");
    assert!(documents[1].contains("\"payers\":{\"n\":1}"), "{documents:?}");
}

#[test]
fn items_of_xml_are_completed_by_soap() {
    let mapping = "[pull]\nformat = \"xml\"\nmethod = \"post\"\npath = \"/soap\"\nbody = \"<L/>\"\nitems = \"//Row\"\ndocuments = \"item\"\n\
                   [[pull.with]]\nname = \"person\"\nmethod = \"post\"\npath = \"/soap\"\nitems = \"//P\"\nbody = \"<G>{item.Who}</G>\"\n\
                   [pull.errors]\nnot_false = [\"//S.Ok\"]\n";
    let mut pull = open(mapping, turn(""));
    sent(pull.next(None));
    let page = "<E><S><Ok>true</Ok></S><Rows><Row><Who>7</Who></Row><Row><Who>7</Who><N>2</N></Row><Row/></Rows></E>";
    let request = sent(pull.next(answer(200, page)));
    assert_eq!((request.url.as_str(), request.body.as_slice()), ("/soap", b"<G>7</G>".as_slice()));
    let (documents, _) = stored(pull.next(answer(200, "<E><P><ID>7</ID></P></E>")));
    assert_eq!(
        documents,
        [
            "<pull><item><Row><Who>7</Who></Row></item><person><P><ID>7</ID></P></person></pull>",
            "<pull><item><Row><Who>7</Who><N>2</N></Row></item><person><P><ID>7</ID></P></person></pull>",
            // What has nothing to ask for stays as it is.
            "<Row/>",
        ]
    );
    let mut pull = open(mapping, turn(""));
    sent(pull.next(None));
    assert_eq!(failed(pull.next(answer(200, "<E><S><Ok>false</Ok></S></E>"))), "pull.error-in-answer");
    // Where an empty list has an empty item, an answer without one is another thing's.
    let never_empty = mapping.replacen("items = ", "never_empty = \"yes\"\nitems = ", 1);
    for (body, said) in [("<html><p>moved</p></html>", Some("pull.malformed")), ("<E><Row/></E>", None)] {
        let mut pull = open(&never_empty, turn(""));
        sent(pull.next(None));
        let step = pull.next(answer(200, body));
        match said {
            Some(id) => assert_eq!(failed(step), id),
            None => assert_eq!(stored(step).0, ["<Row/>"]),
        }
    }
}

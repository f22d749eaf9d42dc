-- Schema 1. `practice_id` leads every primary key; the host's own tenant is `clearing`.
-- Clear columns are listed in store/README.md: states, amounts, payers, service days, ids that claimhost minted.
-- Every BLOB named *_mac is an HMAC under the practice's key, every `body`/`name` is sealed.

CREATE TABLE practice (
    practice_id TEXT NOT NULL,
    wrapped_key BLOB NOT NULL,
    PRIMARY KEY (practice_id)
) STRICT, WITHOUT ROWID;

-- The highest id that was ever given, where rows may go again: an id is never given twice.
CREATE TABLE sequence (
    practice_id TEXT NOT NULL,
    kind TEXT NOT NULL,             -- claim
    last INTEGER NOT NULL,
    PRIMARY KEY (practice_id, kind)
) STRICT, WITHOUT ROWID;

-- A file or message exactly as it arrived.
CREATE TABLE file (
    practice_id TEXT NOT NULL,
    file_id INTEGER NOT NULL,
    channel TEXT NOT NULL,          -- folder:<ordinal> | mllp:<ordinal> | upload:<ordinal> | pull:<ordinal>, each also with :refused | clearinghouse | part
    name BLOB NOT NULL,             -- sealed: names of outside files hold patients' names
    size_bytes INTEGER NOT NULL,
    received_day INTEGER NOT NULL,
    state TEXT NOT NULL,            -- stored | framed
    content_mac BLOB NOT NULL,      -- of the SHA-256 of its bytes
    arrival_mac BLOB,               -- of the file it was read from: name, time of change, inode, bytes; none: a part
    place TEXT NOT NULL,            -- of that file: inbox | archive | gone | none
    archive_name BLOB,              -- sealed: its name in archive/
    pieces_done INTEGER NOT NULL,   -- frames and framing problems that have their document
    pieces_digest BLOB NOT NULL,    -- SHA-256 over kinds and byte ranges of those pieces
    pulled_us INTEGER,              -- microseconds since 1970: the moment of the turn that pulled it; none: it was not pulled
    PRIMARY KEY (practice_id, file_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX file_waiting ON file (practice_id, file_id) WHERE state = 'stored';
CREATE INDEX file_in_inbox ON file (practice_id, channel, file_id) WHERE place = 'inbox';
CREATE INDEX file_in_archive ON file (practice_id, channel, received_day) WHERE place = 'archive';
CREATE INDEX file_pulled ON file (practice_id, pulled_us) WHERE pulled_us IS NOT NULL;

CREATE TABLE file_chunk (
    practice_id TEXT NOT NULL,
    file_id INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, file_id, chunk)
) STRICT, WITHOUT ROWID;

-- An idempotency key of an upload, for some days.
CREATE TABLE upload_key (
    practice_id TEXT NOT NULL,
    key_mac BLOB NOT NULL,          -- of channel and key
    content_mac BLOB NOT NULL,      -- of the SHA-256 of the bytes
    file_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    PRIMARY KEY (practice_id, key_mac)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_key_by_day ON upload_key (practice_id, day);

-- Where a source that is pulled stands.
CREATE TABLE pull_cursor (
    practice_id TEXT NOT NULL,
    pull_id INTEGER NOT NULL,
    source TEXT NOT NULL,           -- its name in the configuration
    moved_day INTEGER NOT NULL,
    body BLOB NOT NULL,             -- sealed: cursor, refresh token
    PRIMARY KEY (practice_id, pull_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX pull_cursor_by_source ON pull_cursor (practice_id, source);

-- What the last listing of a source had, and what the one in hand has: listings overlap, and what is unchanged is not stored again.
CREATE TABLE pull_seen (
    practice_id TEXT NOT NULL,
    pull_id INTEGER NOT NULL,
    listing INTEGER NOT NULL,
    content_mac BLOB NOT NULL,      -- of the document
    PRIMARY KEY (practice_id, pull_id, listing, content_mac)
) STRICT, WITHOUT ROWID;

-- What is left of a rate of the configuration, of the host's own tenant: sources of every practice spend it, and so does the next process.
CREATE TABLE rate_left (
    practice_id TEXT NOT NULL,
    rate TEXT NOT NULL,             -- its name in the configuration
    tokens_millionths INTEGER NOT NULL,
    counted_us INTEGER NOT NULL,    -- microseconds since 1970: when they were counted
    PRIMARY KEY (practice_id, rate)
) STRICT, WITHOUT ROWID;

-- A framed document of a file.
CREATE TABLE document (
    practice_id TEXT NOT NULL,
    document_id INTEGER NOT NULL,
    file_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    ranges TEXT NOT NULL,           -- byte ranges in the file: "0-100,220-300"
    status TEXT NOT NULL,           -- pending | translated | ignored | rejected | parked
    reason TEXT NOT NULL,           -- id of the reason; for translated empty, line.open-end or line.told-again
    received_day INTEGER NOT NULL,
    plugin_digest TEXT NOT NULL,
    body BLOB,                      -- sealed: problems, or the fault
    PRIMARY KEY (practice_id, document_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_by_status ON document (practice_id, status);
CREATE INDEX document_by_file ON document (practice_id, file_id, ordinal);
CREATE INDEX document_open_ended ON document (practice_id, document_id) WHERE reason = 'line.open-end';

CREATE TABLE visit (
    practice_id TEXT NOT NULL,
    visit_id INTEGER NOT NULL,
    visit_mac BLOB NOT NULL,
    state TEXT NOT NULL,            -- open | assembled | billed | amended | cancelled | not-billable | missing-charges
    first_charge_day INTEGER,       -- day its first charge arrived
    first_seen_day INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    changed INTEGER NOT NULL,       -- 1: events since the last assembly
    PRIMARY KEY (practice_id, visit_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX visit_by_mac ON visit (practice_id, visit_mac);
CREATE INDEX visit_changed ON visit (practice_id, visit_id) WHERE changed = 1;
CREATE INDEX visit_open ON visit (practice_id, visit_id) WHERE state = 'open';

-- What visits are numbered by: a number is looked up under each of them.
CREATE TABLE source_system (
    practice_id TEXT NOT NULL,
    system_id INTEGER NOT NULL,
    system_mac BLOB NOT NULL,
    name BLOB NOT NULL,             -- sealed
    PRIMARY KEY (practice_id, system_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX source_system_by_mac ON source_system (practice_id, system_mac);

-- By row number, as claim_body: in a key's tree SQLite would read whole bodies to find a place.
CREATE TABLE visit_event (
    practice_id TEXT NOT NULL,
    visit_id INTEGER NOT NULL,
    event_mac BLOB NOT NULL,
    document_id INTEGER NOT NULL,
    arrived_day INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, visit_id, event_mac)
) STRICT;

CREATE TABLE claim (
    practice_id TEXT NOT NULL,
    claim_id INTEGER NOT NULL,
    visit_id INTEGER NOT NULL,
    patient_mac BLOB NOT NULL,
    payer_id TEXT NOT NULL,
    route TEXT NOT NULL,
    state TEXT NOT NULL,            -- the fold's answer, kept for queries
    live_version INTEGER NOT NULL,
    billed_cents INTEGER NOT NULL,
    service_from INTEGER NOT NULL,
    service_to INTEGER NOT NULL,
    -- What `kpi` counts of it, so that figures of a million claims open no body (`figures.rs`).
    charged_day INTEGER,            -- day the first charge of its visit arrived
    assembled_day INTEGER NOT NULL, -- day its first version was made
    sent_day INTEGER,               -- day it first left in an 837
    first_pass TEXT NOT NULL,       -- waiting | passed | failed: what became of its first sending
    held_once INTEGER NOT NULL,     -- 1: a version of it was held, if only for a day
    corrected INTEGER NOT NULL,     -- 1: a version 7 or 8 has left
    error_denied INTEGER NOT NULL,  -- 1: denied under a reason that says the claim was wrong
    closed_day INTEGER,             -- day it came to its state, where that is posted or denied
    PRIMARY KEY (practice_id, claim_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_by_visit ON claim (practice_id, visit_id);
CREATE INDEX claim_by_patient ON claim (practice_id, patient_mac, service_from);
CREATE INDEX claim_by_state ON claim (practice_id, state);

CREATE TABLE claim_version (
    practice_id TEXT NOT NULL,
    claim_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    control_number TEXT NOT NULL,   -- CLM01
    kind TEXT NOT NULL,             -- original | replacement | void | secondary | tertiary
    payer_id TEXT NOT NULL,
    state TEXT NOT NULL,
    charge_cents INTEGER NOT NULL,
    created_day INTEGER NOT NULL,
    submitted_day INTEGER,
    PRIMARY KEY (practice_id, claim_id, version)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX version_by_control ON claim_version (practice_id, control_number);
CREATE INDEX version_by_state ON claim_version (practice_id, state);

-- What a version holds, aside, so that states are read and moved without it.
CREATE TABLE claim_body (
    practice_id TEXT NOT NULL,
    claim_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, claim_id, version)
) STRICT;

-- Other names of a version, for answers that do not carry our CLM01, and for what is billed twice.
CREATE TABLE claim_key (
    practice_id TEXT NOT NULL,
    kind TEXT NOT NULL,             -- payer-control-number | member-dates-charge | birth-day-charge
    key_mac BLOB NOT NULL,
    claim_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (practice_id, kind, key_mac, claim_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
    practice_id TEXT NOT NULL,
    claim_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    plugin_digest TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, claim_id, version, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_by_rule ON finding (practice_id, rule);

-- An operator's word that what a rule holds of a visit is right as it is.
CREATE TABLE acceptance (
    practice_id TEXT NOT NULL,
    visit_id INTEGER NOT NULL,
    finding_mac BLOB NOT NULL,      -- of rule, field and words: another value is another finding
    rule TEXT NOT NULL,
    accepted_day INTEGER NOT NULL,
    body BLOB NOT NULL,             -- sealed: who, why
    PRIMARY KEY (practice_id, visit_id, finding_mac)
) STRICT, WITHOUT ROWID;

-- The outbox: bytes, control numbers and state are one transaction; sending is write, fsync, rename.
CREATE TABLE submission (
    practice_id TEXT NOT NULL,
    submission_id INTEGER NOT NULL, -- ISA13
    kind TEXT NOT NULL,             -- 837 | 270
    state TEXT NOT NULL,            -- pending | sent
    in_outbox INTEGER NOT NULL,     -- 1: sent, and its file is there as far as is known
    file_name TEXT NOT NULL,
    created_day INTEGER NOT NULL,
    claim_count INTEGER NOT NULL,   -- of a 270: questions
    charge_cents INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, submission_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_by_state ON submission (practice_id, state);
CREATE INDEX submission_in_outbox ON submission (practice_id, created_day) WHERE in_outbox = 1;

CREATE TABLE submission_claim (
    practice_id TEXT NOT NULL,
    submission_id INTEGER NOT NULL,
    claim_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    transaction_control TEXT NOT NULL, -- ST02
    ranges TEXT NOT NULL,              -- byte range of the claim in the 837
    PRIMARY KEY (practice_id, submission_id, claim_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_by_claim ON submission_claim (practice_id, claim_id, version);

-- What answers said. State is a pure fold over this set.
CREATE TABLE fact (
    practice_id TEXT NOT NULL,
    claim_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    fact_mac BLOB NOT NULL,
    kind TEXT NOT NULL,
    received_day INTEGER NOT NULL,
    document_id INTEGER NOT NULL,   -- in the clearing tenant; of an 835 the practice's own part
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, claim_id, version, fact_mac)
) STRICT, WITHOUT ROWID;

-- A question to a payer whether it covers a member on a day (270).
CREATE TABLE inquiry (
    practice_id TEXT NOT NULL,
    inquiry_id INTEGER NOT NULL,
    member_mac BLOB NOT NULL,       -- payer, member id and person
    service_day INTEGER NOT NULL,   -- the day that is asked about
    nth INTEGER NOT NULL,           -- 0; 1 and more: asked again by an operator
    trace TEXT NOT NULL,            -- TRN02
    payer_id TEXT NOT NULL,
    reason TEXT NOT NULL,           -- schedule | assembly | operator
    state TEXT NOT NULL,            -- the fold's answer, kept for queries
    asked_day INTEGER NOT NULL,
    body BLOB NOT NULL,             -- sealed: who is asked about
    PRIMARY KEY (practice_id, inquiry_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX inquiry_by_member ON inquiry (practice_id, member_mac, service_day, nth);
CREATE UNIQUE INDEX inquiry_by_trace ON inquiry (practice_id, trace);
CREATE INDEX inquiry_by_state ON inquiry (practice_id, state, inquiry_id);

CREATE TABLE submission_inquiry (
    practice_id TEXT NOT NULL,
    submission_id INTEGER NOT NULL,
    inquiry_id INTEGER NOT NULL,
    transaction_control TEXT NOT NULL, -- ST02
    ranges TEXT NOT NULL,              -- byte range of its loops in the 270
    PRIMARY KEY (practice_id, submission_id, inquiry_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX submission_by_inquiry ON submission_inquiry (practice_id, inquiry_id);

-- What answers said of a question. Its state is a pure fold over this set.
CREATE TABLE inquiry_fact (
    practice_id TEXT NOT NULL,
    inquiry_id INTEGER NOT NULL,
    fact_mac BLOB NOT NULL,
    kind TEXT NOT NULL,             -- sent | ta1 | 999 | 271 | unwritable
    received_day INTEGER NOT NULL,
    document_id INTEGER NOT NULL,   -- in the clearing tenant; 0: our own word
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, inquiry_id, fact_mac)
) STRICT, WITHOUT ROWID;

-- Visits whose claims want to know of a member: they are looked at again when an answer comes.
CREATE TABLE inquiry_visit (
    practice_id TEXT NOT NULL,
    member_mac BLOB NOT NULL,
    visit_id INTEGER NOT NULL,
    PRIMARY KEY (practice_id, member_mac, visit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inquiry_visit_of ON inquiry_visit (practice_id, visit_id);

CREATE TABLE remittance (
    practice_id TEXT NOT NULL,
    remittance_id INTEGER NOT NULL,
    remittance_mac BLOB NOT NULL,   -- payer + TRN02 + TRN03 (+ date and content where BPR02 is zero)
    content_mac BLOB NOT NULL,
    payer_id TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    paid_day INTEGER NOT NULL,
    state TEXT NOT NULL,            -- posted | parked | set-aside
    difference_cents INTEGER NOT NULL, -- sum of CLP04 - sum of PLB - BPR02
    clp_count INTEGER NOT NULL,     -- CLPs in it
    decision_count INTEGER NOT NULL, -- of these, posted, and neither a reversal (22) nor a price (25)
    document_id INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, remittance_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX remittance_by_key ON remittance (practice_id, remittance_mac);

CREATE TABLE remittance_claim (
    practice_id TEXT NOT NULL,
    remittance_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    claim_id INTEGER,               -- none: unapplied
    version INTEGER,
    matched_by TEXT NOT NULL,
    state TEXT NOT NULL,            -- posted | unapplied | parked | set-aside
    paid_cents INTEGER NOT NULL,
    difference_cents INTEGER NOT NULL,
    number_mac BLOB,                -- of payer and CLP07, as long as there is no claim
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, remittance_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX remittance_claim_sought ON remittance_claim (practice_id, number_mac) WHERE number_mac IS NOT NULL;
CREATE INDEX remittance_by_claim ON remittance_claim (practice_id, claim_id);
CREATE INDEX remittance_claim_not_posted ON remittance_claim (practice_id, remittance_id) WHERE state <> 'posted';

-- What a decision of a posted remittance denied: one row for each CLP, group and reason, as it was said then.
CREATE TABLE denial (
    practice_id TEXT NOT NULL,
    claim_id INTEGER NOT NULL,
    remittance_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,       -- of the CLP
    group_code TEXT NOT NULL,       -- CAS01
    reason TEXT NOT NULL,           -- CARC
    payer_id TEXT NOT NULL,
    paid_day INTEGER NOT NULL,      -- BPR16
    amount_cents INTEGER NOT NULL,
    PRIMARY KEY (practice_id, claim_id, remittance_id, ordinal, group_code, reason)
) STRICT, WITHOUT ROWID;

-- Append-only. A correction is one more entry, never an edit.
CREATE TABLE posting (
    practice_id TEXT NOT NULL,
    posting_id INTEGER NOT NULL,
    remittance_id INTEGER,          -- none: the charge itself
    claim_id INTEGER,
    version INTEGER,
    line INTEGER NOT NULL,          -- 0: the claim as a whole
    payer_id TEXT NOT NULL,
    account TEXT NOT NULL,
    amount_cents INTEGER NOT NULL,
    group_code TEXT NOT NULL,
    reason TEXT NOT NULL,
    posted_day INTEGER NOT NULL,
    PRIMARY KEY (practice_id, posting_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX posting_by_claim ON posting (practice_id, claim_id);
CREATE INDEX posting_by_remittance ON posting (practice_id, remittance_id);

-- What the entries of a day come to, by account: balances of any day without going over the ledger.
CREATE TABLE account_day (
    practice_id TEXT NOT NULL,
    account TEXT NOT NULL,
    day INTEGER NOT NULL,           -- posted_day
    amount_cents INTEGER NOT NULL,
    PRIMARY KEY (practice_id, account, day)
) STRICT, WITHOUT ROWID;

-- Figures of an earlier period, beside which `kpi` shows change. Counts and cents of the practice as a whole.
CREATE TABLE kpi_baseline (
    practice_id TEXT NOT NULL,
    figure TEXT NOT NULL,
    payer_id TEXT NOT NULL,         -- empty: of all payers
    group_code TEXT NOT NULL,       -- empty: of all groups
    numerator INTEGER NOT NULL,
    denominator INTEGER NOT NULL,
    median_hundredths INTEGER,      -- of a figure in days
    from_day INTEGER NOT NULL,
    to_day INTEGER NOT NULL,
    PRIMARY KEY (practice_id, figure, payer_id, group_code)
) STRICT, WITHOUT ROWID;

-- What an EHR is told of a payer's decision: one row for each CLP that is posted, or taken back, and each target.
CREATE TABLE post (
    practice_id TEXT NOT NULL,
    post_id INTEGER NOT NULL,
    target TEXT NOT NULL,           -- its name in the configuration
    kind TEXT NOT NULL,             -- payment | reversal
    remittance_id INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,       -- of the CLP
    claim_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    reverses INTEGER,               -- of a reversal: the post that it takes back, where that one is known
    state TEXT NOT NULL,            -- queued | sent | confirmed | refused | nothing-to-post
    batch_id INTEGER,               -- the file that has it; none: it never left in one
    paid_cents INTEGER NOT NULL,
    created_day INTEGER NOT NULL,
    plugin_digest TEXT NOT NULL,    -- of what answered for it last; empty: nothing did
    body BLOB NOT NULL,             -- sealed: what is told
    PRIMARY KEY (practice_id, post_id)
) STRICT;
CREATE INDEX post_by_claim ON post (practice_id, claim_id);
CREATE INDEX post_by_remittance ON post (practice_id, remittance_id, ordinal);
CREATE INDEX post_by_batch ON post (practice_id, batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX post_queued ON post (practice_id, target, post_id) WHERE state = 'queued';
CREATE INDEX post_refused ON post (practice_id, target, post_id) WHERE state = 'refused' AND batch_id IS NULL;

-- A file of them: bytes and state are one transaction; it is staged under a hidden name, renamed once.
CREATE TABLE post_batch (
    practice_id TEXT NOT NULL,
    batch_id INTEGER NOT NULL,
    target TEXT NOT NULL,
    state TEXT NOT NULL,            -- written | staged | sent
    file_name TEXT NOT NULL,
    folder TEXT NOT NULL,           -- where it is, once it is staged
    created_day INTEGER NOT NULL,
    post_count INTEGER NOT NULL,
    plugin_digest TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, batch_id)
) STRICT;
CREATE INDEX post_batch_waiting ON post_batch (practice_id, batch_id) WHERE state <> 'sent';

-- Lineages that a payment has made ready for a look at the next payer.
CREATE TABLE pending_later (
    practice_id TEXT NOT NULL,
    claim_id INTEGER NOT NULL,
    PRIMARY KEY (practice_id, claim_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE work_item (
    practice_id TEXT NOT NULL,
    work_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject_kind TEXT NOT NULL,     -- document | visit | claim | remittance | inquiry | post
    subject_id INTEGER NOT NULL,
    opened_day INTEGER NOT NULL,
    due_day INTEGER NOT NULL,
    closed_day INTEGER,
    amount_cents INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, work_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_open ON work_item (practice_id, subject_kind, subject_id) WHERE closed_day IS NULL;

-- An audit, a review or an approval of the practice as a whole: that it was done, of which days, with what result.
CREATE TABLE practice_record (
    practice_id TEXT NOT NULL,
    record_id INTEGER NOT NULL,
    kind TEXT NOT NULL,             -- charges | transfer | rejections | go-live
    day INTEGER NOT NULL,           -- day it was done
    from_day INTEGER NOT NULL,      -- first and last day it is about
    to_day INTEGER NOT NULL,
    open_count INTEGER NOT NULL,    -- what it found that is still to be done
    digest TEXT NOT NULL,           -- of what was approved; empty: nothing was
    body BLOB NOT NULL,             -- sealed: who, and the whole result
    PRIMARY KEY (practice_id, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX practice_record_by_kind ON practice_record (practice_id, kind, day);

-- One chain per practice: each row's mac covers the row and the mac before it.
CREATE TABLE history (
    practice_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,         -- wall clock, for people; no rule reads it
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    plugin_digest TEXT NOT NULL,
    mac BLOB NOT NULL,
    PRIMARY KEY (practice_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX history_by_subject ON history (practice_id, subject_kind, subject_id);

CREATE TABLE history_head (
    practice_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    mac BLOB NOT NULL,              -- of the last row
    tables BLOB NOT NULL,           -- sealed: rows and sum of every other table (`sums.rs`)
    head_mac BLOB NOT NULL,         -- of the three above: an older row's mac is no head
    PRIMARY KEY (practice_id)
) STRICT, WITHOUT ROWID;

-- What plugins said in one batch.
CREATE TABLE plugin_log (
    practice_id TEXT NOT NULL,
    log_id INTEGER NOT NULL,
    plugin TEXT NOT NULL,           -- id of its manifest
    plugin_digest TEXT NOT NULL,
    day INTEGER NOT NULL,
    body BLOB NOT NULL,             -- sealed: a guest may quote a patient
    PRIMARY KEY (practice_id, log_id)
) STRICT, WITHOUT ROWID;

-- Of the clearing tenant: who owns a control number that an answer names.
CREATE TABLE owner (
    practice_id TEXT NOT NULL,      -- always `clearing`
    kind TEXT NOT NULL,             -- interchange (ISA13) | claim (CLM01) | inquiry (TRN02)
    control_number TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    PRIMARY KEY (practice_id, kind, control_number)
) STRICT, WITHOUT ROWID;

-- A visit that a schedule or an arrival says somebody should charge for; what became of it is `audit::capture`'s answer.
CREATE TABLE expected_visit (
    practice_id TEXT NOT NULL,
    expected_id INTEGER NOT NULL,
    source_mac BLOB NOT NULL,       -- sending system and appointment, visit number, or who and when
    state TEXT NOT NULL,            -- not-yet-due | charged | cancelled | no-show | no-charge | gap | moved | same-visit
    start_day INTEGER NOT NULL,
    due_day INTEGER NOT NULL,       -- first day on which missing charges are a gap
    due_hours INTEGER NOT NULL,     -- the profile's charge_capture_hours that this day was counted with
    visit_id INTEGER,               -- the visit whose charges answer it
    charged_cents INTEGER NOT NULL,
    expected_cents INTEGER NOT NULL, -- of a gap, from the practice's own history; 0: there is none
    changed INTEGER NOT NULL,       -- 1: news since it was last settled
    type_mac BLOB,
    provider_mac BLOB,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, expected_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX expected_by_source ON expected_visit (practice_id, source_mac);
CREATE INDEX expected_by_day ON expected_visit (practice_id, start_day, state);
CREATE INDEX expected_changed ON expected_visit (practice_id, expected_id) WHERE changed = 1;
CREATE INDEX expected_waiting ON expected_visit (practice_id, due_day) WHERE state = 'not-yet-due';
CREATE INDEX expected_gap ON expected_visit (practice_id, visit_id) WHERE state = 'gap';
CREATE INDEX expected_type ON expected_visit (practice_id, type_mac, start_day) WHERE state = 'charged';
CREATE INDEX expected_provider ON expected_visit (practice_id, provider_mac, start_day) WHERE state = 'charged';

CREATE TABLE expected_event (
    practice_id TEXT NOT NULL,
    expected_id INTEGER NOT NULL,
    event_mac BLOB NOT NULL,
    document_id INTEGER NOT NULL,
    arrived_day INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, expected_id, event_mac)
) STRICT, WITHOUT ROWID;

-- What an expected visit can be found by: its visit number, its patient and day.
CREATE TABLE expected_key (
    practice_id TEXT NOT NULL,
    key_mac BLOB NOT NULL,
    expected_id INTEGER NOT NULL,
    PRIMARY KEY (practice_id, key_mac, expected_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX expected_key_of ON expected_key (practice_id, expected_id);

-- Visits with charges, by patient and service day.
CREATE TABLE charge_day (
    practice_id TEXT NOT NULL,
    key_mac BLOB NOT NULL,
    visit_id INTEGER NOT NULL,
    PRIMARY KEY (practice_id, key_mac, visit_id)
) STRICT, WITHOUT ROWID;

-- Who the practice's roster or a payer's eligibility answer knows.
CREATE TABLE known_person (
    practice_id TEXT NOT NULL,
    person_id INTEGER NOT NULL,
    origin TEXT NOT NULL,           -- roster | eligibility
    source_mac BLOB NOT NULL,       -- row of the roster; payer, member and person of an answer
    content_mac BLOB NOT NULL,
    told_day INTEGER NOT NULL,      -- the day it speaks of: of a later word the earlier does not take the place
    body BLOB NOT NULL,
    PRIMARY KEY (practice_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX known_by_source ON known_person (practice_id, origin, source_mac);

CREATE TABLE known_key (
    practice_id TEXT NOT NULL,
    key_mac BLOB NOT NULL,
    person_id INTEGER NOT NULL,
    PRIMARY KEY (practice_id, key_mac, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_key_of ON known_key (practice_id, person_id);

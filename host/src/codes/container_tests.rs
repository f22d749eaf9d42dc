//! A table comes back as it was written; whatever happens to its bytes is noticed.

use proptest::prelude::*;

use super::*;

fn label() -> Label {
    Label {
        kind: "hcpcs".into(),
        version: "2026-04".into(),
        cover: Cover { first: 20_544, last: 20_634 },
        rows: 3,
        source: "list.csv".into(),
        source_sha256: [7; 32],
    }
}

#[test]
fn a_table_comes_back_as_it_was_written_and_is_replaced_under_its_readers() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &label(), b"first").unwrap();
    assert!(path.ends_with("hcpcs.2026-04.table"));
    let old = Table::open(&path).unwrap();
    write(folder.path(), &label(), b"second payload").unwrap();
    let new = Table::open(&path).unwrap();
    assert_eq!((old.label(), old.payload()), (&label(), &b"first"[..]));
    assert_eq!((new.label(), new.payload()), (&label(), &b"second payload"[..]));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn each_kind_of_damage_has_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), &label(), &[5; 300]).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Table::open(&path).unwrap_err()
    };
    assert!(matches!(open(b""), ContainerError::Length { found: 0, .. }));
    assert!(matches!(open(&whole[..whole.len() - 1]), ContainerError::Length { .. }));
    assert!(matches!(open(&[&whole[..], b"x"].concat()), ContainerError::Length { .. }));
    let changed = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    assert!(matches!(open(&changed(0)), ContainerError::NotATable { .. }));
    assert!(matches!(open(&changed(8)), ContainerError::OtherFormat { .. }));
    assert!(matches!(open(&changed(40)), ContainerError::Damaged { part: "header", .. }));
    assert!(matches!(open(&changed(whole.len() - 1)), ContainerError::Damaged { part: "payload", .. }));
    assert!(open(&changed(0)).to_string().contains("import the published file again"));
}

#[test]
fn a_label_that_would_leave_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, version) in [("../x", "1"), ("", "1"), ("a", ""), ("a", "../1"), ("a", ".hidden"), ("A", "1")] {
        let label = Label { kind: kind.into(), version: version.into(), ..label() };
        assert!(matches!(write(folder.path(), &label, b""), Err(ContainerError::BadLabel { .. })), "{kind} {version}");
    }
    let backwards = Label { cover: Cover { first: 2, last: 1 }, ..label() };
    assert!(write(folder.path(), &backwards, b"").is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

proptest! {
    #[test]
    fn one_changed_byte_or_a_cut_is_always_an_error(
        payload in proptest::collection::vec(any::<u8>(), 0..400),
        at in any::<prop::sample::Index>(),
        flip in 1_u8..,
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = header(&label(), &payload).unwrap();
        bytes.extend_from_slice(&payload);
        let whole = bytes.clone();
        let table = Table::check(Path::new("t"), Bytes::Owned(whole.clone())).unwrap();
        prop_assert_eq!(table.payload(), &payload[..]);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        prop_assert!(Table::check(Path::new("t"), Bytes::Owned(bytes)).is_err());
        let cut = whole[..cut.index(whole.len())].to_vec();
        prop_assert!(Table::check(Path::new("t"), Bytes::Owned(cut)).is_err());
    }
}

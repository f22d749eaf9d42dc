use super::*;
use crate::store::{MasterKey, Store, StoreError};

/// So many expected visits under one key, and how many of them a change of it touches.
fn touched(count: u8) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("claimhost.db"), MasterKey::generate().unwrap()).unwrap();
    let told = ExpectedVisit {
        source_system: "SYS".into(),
        visit_number: String::new(),
        appointment_id: String::new(),
        order: crate::visit::samples::update(1).order,
        patient: crate::visit::samples::patient(),
        start: None,
        provider: None,
        location: String::new(),
        visit_type: String::new(),
        status: None,
        moved_to: String::new(),
        reason: String::new(),
    };
    let key = [9; 32];
    store
        .practice("elm")
        .unwrap()
        .write(|tx| {
            for n in 0..count {
                tx.expect(&[n; 32], 1, 20_000, &[n; 32], &told)?;
                tx.note_expected_key(&[n; 32], &key)?;
            }
            tx.execute("UPDATE expected_visit SET changed = 0 WHERE practice_id = ?1", [tx.practice_id()])?;
            tx.touch_expected(&[key], 1)?;
            let sql = "SELECT COUNT(*) FROM expected_visit WHERE practice_id = ?1 AND changed = 1";
            Ok::<_, StoreError>(tx.row(sql, [tx.practice_id()], |row| row.get(0))?.unwrap_or(0))
        })
        .unwrap()
}

#[test]
fn what_shares_a_key_is_looked_at_again_but_not_where_everybody_has_it() {
    assert_eq!(touched(64), 63, "all but the one that is left alone");
    assert_eq!(touched(65), 0, "a schedule of one stand-in patient");
}
